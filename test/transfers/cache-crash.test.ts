import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrateToLatest } from '../../migrations/index.ts'
import { type Db, openDb } from '../../src/platform/db.ts'
import { createPostgresUrl, engines } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { insertUser, TestEngine } from './support/test-engine.ts'

const LEASE = 2
const CACHE = { maxBytes: 1e9, minFreeBytes: 0, lifetimeDays: 1, hardLinks: true }

let folder: string
let db: Db
let source: SourceServer
let child: ChildProcess | undefined
let engine: TestEngine | undefined

afterEach(async () => {
  child?.kill('SIGKILL')
  await engine?.close()
  await source.close()
  await db.destroy()
  await rm(folder, { recursive: true, force: true })
})

describe.each(engines)('a process that is killed while it fetches for all (%s)', (name) => {
  let database: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-crash-'))
    database = name === 'sqlite' ? join(folder, 'test.db') : await createPostgresUrl()
    db = openDb(
      name === 'sqlite'
        ? { client: 'sqlite', file: database }
        : { client: 'postgres', url: database, poolSize: 4 },
    )
    await migrateToLatest(db)
    await insertUser(db)
    source = await SourceServer.start()
  })

  it('leaves no lock: who waits for it goes on, and the file is fetched once more at most', async () => {
    const content = source.put('/big', Buffer.alloc(3_000_000, 'big content '))
    source.misbehave('/big', { kind: 'stall', afterBytes: 2_000_000 })
    const script = fileURLToPath(new URL('./support/child-engine.ts', import.meta.url))
    const args = [script, database, source.url, join(folder, 'spaces'), '/one', String(LEASE), 'yes']
    child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    await expect.poll(() => source.gets('/big').length, { timeout: 20_000 }).toBe(1)

    engine = await TestEngine.start({
      ...{ db, sourceUrl: source.url, folder: join(folder, 'spaces'), workerId: 'other' },
      config: { leaseSeconds: LEASE, cache: CACHE },
    })
    const second = await engine.submit({ destination: { path: '/two' }, options: { cache: 'yes' } })
    const waiting = async () => (await db('transfer_files').where({ state: 'CACHE_WAIT' })).length
    await expect.poll(waiting, { timeout: 20_000 }).toBe(1)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended

    expect(await engine.ended(second.id)).toMatchObject({ state: 'FINISHED' })
    const first = await db('transfer_jobs').whereNot({ id: second.id }).first('id')
    expect(await engine.ended(first.id)).toMatchObject({ state: 'FINISHED' })
    for (const path of ['/one/big', '/two/big']) expect(await engine.content(path)).toEqual(content)
    expect(source.gets('/big')).toHaveLength(2)
    expect(await db('transfer_cache').whereNotNull('lock_owner')).toEqual([])
    expect(await db('transfer_cache').where({ state: 'present' })).toHaveLength(1)
  }, 60_000)
})
