import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Db, inTransaction, openDb } from '../../src/platform/db.ts'
import { readRows } from '../../src/platform/read-rows.ts'

const count = async (db: Db) => (await readRows<{ n: number }>(db, 'select count(*) as n from t', []))[0]?.n

const nextTurn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

let folder: string
let db: Db
const open = async (file: string) => {
  db = openDb({ client: 'sqlite', file })
  await db.schema.createTable('t', (t) => t.text('id').primary())
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-reader-'))
  await open(join(folder, 'test.db'))
})
afterEach(async () => {
  await db.destroy()
  await rm(folder, { recursive: true, force: true })
})

describe('the reading connection of SQLite', () => {
  it('sees what was just committed', async () => {
    expect(await count(db)).toBe(0)
    await db('t').insert({ id: 'a' })
    expect(await count(db)).toBe(1)
    expect(await readRows(db, 'select id from t where id = ?', ['a'])).toEqual([{ id: 'a' }])
  })

  it('lets a transaction read its own writes, which nobody else sees before it ends', async () => {
    await inTransaction(db, async (tx) => {
      await tx('t').insert({ id: 'a' })
      expect(await count(tx)).toBe(1)
      expect(await count(db)).toBe(0)
    })
    expect(await count(db)).toBe(1)
  })

  it('sees at its next turn what another process committed', async () => {
    const other = openDb({ client: 'sqlite', file: join(folder, 'test.db') })
    try {
      expect([await count(db), await count(db)]).toEqual([0, 0])
      await other('t').insert({ id: 'a' })
      await nextTurn()
      expect([await count(db), await count(db)]).toEqual([1, 1])
      await other('t').delete()
      await nextTurn()
      expect(await count(db)).toBe(0)
    } finally {
      await other.destroy()
    }
  })

  it('sees what another process committed while this one waited for something else', async () => {
    const program = `
      const db = require('better-sqlite3')(process.argv[1])
      const insert = db.prepare('insert into t values (hex(randomblob(8)))')
      process.stdin.on('data', () => process.stdout.write(String(insert.run().changes)))`
    const other = spawn(process.execPath, ['-e', program, join(folder, 'test.db')])
    const ended = once(other, 'exit')
    // Read at the end of a turn of the loop, which goes over into the next one without a pause.
    for (let rows = 0; rows < 20; rows++) {
      await new Promise((resolve) => setImmediate(resolve))
      expect(await count(db)).toBe(rows)
      other.stdin.write('insert')
      const seen = await new Promise((resolve) => other.stdout.once('data', () => resolve(count(db))))
      expect(seen).toBe(rows + 1)
    }
    other.stdin.end()
    await ended
  })

  it('remembers answers to other values apart, texts and numbers too', async () => {
    await db('t').insert([{ id: 'a' }, { id: '1' }])
    const find = (value: string | number) =>
      readRows(db, 'select ? as v, id from t where id = ?', [value, 'a'])
    expect([await find(1), await find('1'), await find(1)]).toEqual([
      [{ v: 1, id: 'a' }],
      [{ v: '1', id: 'a' }],
      [{ v: 1, id: 'a' }],
    ])
  })

  it('cannot write', async () => {
    await expect(readRows(db, 'insert into t values (?) returning id', ['a'])).rejects.toThrow(/readonly/)
    expect(await count(db)).toBe(0)
  })

  it('closes with the database', async () => {
    await count(db)
    await db.destroy()
    // SQLite removes its log when the last connection goes.
    expect(await readdir(folder)).toEqual(['test.db'])
  })

  it('is not there for a database in memory, which only its own connection sees', async () => {
    await db.destroy()
    await open(':memory:')
    await db('t').insert({ id: 'a' })
    expect(db.client.reader).toBeUndefined()
    expect(await count(db)).toBe(1)
  })
})
