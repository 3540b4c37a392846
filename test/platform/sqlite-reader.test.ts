import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Db, inTransaction, openDb } from '../../src/platform/db.ts'
import { readRows } from '../../src/platform/read-rows.ts'

const count = async (db: Db) => (await readRows<{ n: number }>(db, 'select count(*) as n from t', []))[0]?.n

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
