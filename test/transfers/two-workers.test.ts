import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { migrateToLatest } from '../../migrations/index.ts'
import { type Db, openDb } from '../../src/platform/db.ts'
import { createPostgresUrl } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

const MIB = 1024 * 1024
const LEASE_SECONDS = 2
let folder: string
let url: string
let db: Db
let source: SourceServer
let child: ChildProcess
let engine: TestEngine

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-two-'))
  url = await createPostgresUrl()
  db = openDb({ client: 'postgres', url, poolSize: 4 })
  await migrateToLatest(db)
  source = await SourceServer.start()
  engine = await TestEngine.start({
    db,
    sourceUrl: source.url,
    folder,
    workerId: 'here',
    config: { leaseSeconds: LEASE_SECONDS },
    isStarted: false,
  })
})

afterEach(async () => {
  child.kill('SIGKILL')
  await engine.close()
  await source.close()
  await db.destroy()
  await rm(folder, { recursive: true, force: true })
})

async function startOther(): Promise<void> {
  const script = fileURLToPath(new URL('./support/child-engine.ts', import.meta.url))
  const args = [script, url, source.url, folder, '/copy', String(LEASE_SECONDS)]
  child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout as NodeJS.ReadableStream, 'data')
}

it('share one job on PostgreSQL: when one is killed the other takes over by lease, and no file is fetched twice', async () => {
  const content = source.put('/big', Buffer.alloc(4 * MIB, 'big content '))
  for (let n = 0; n < 400; n++) source.put(`/d${n % 4}/${n}`, `small ${n}`)
  source.misbehave('/big', { kind: 'stall', afterBytes: 2 * MIB + 100 })
  await startOther()
  const big = () => db('transfer_files').where({ path: 'big' }).first()
  await expect.poll(async () => (await big())?.bytes_done, { timeout: 20_000 }).toBeGreaterThan(MIB)
  engine.transfers.start()
  const { id } = await db('transfer_jobs').first('id')
  const done = () => db('transfer_files').where({ state: 'DONE' }).count({ n: '*' }).first()
  await expect.poll(async () => Number((await done())?.n), { timeout: 20_000 }).toBe(400)
  expect((await big()).lease_owner).toMatch(/^child\//)
  child.kill('SIGKILL')
  expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED', files: { total: 401, done: 401 } })
  expect(await engine.content('/copy/big')).toEqual(content)
  const start = Number(/^bytes=(\d+)-$/.exec(source.gets('/big')[1]?.range ?? '')?.[1])
  expect(start).toBeGreaterThanOrEqual(MIB)
  for (let n = 0; n < 400; n++) expect(source.gets(`/d${n % 4}/${n}`)).toHaveLength(1)
  expect(await engine.partFiles()).toEqual([])
})

it('hear of a cancel that the other one was told', async () => {
  source.put('/big', Buffer.alloc(4 * MIB))
  source.misbehave('/big', { kind: 'stall', afterBytes: 2 * MIB })
  await startOther()
  const big = () => db('transfer_files').where({ path: 'big' }).first()
  await expect.poll(async () => (await big())?.bytes_done, { timeout: 20_000 }).toBeGreaterThan(MIB)
  engine.transfers.start()
  const { id } = await db('transfer_jobs').first('id')
  await engine.call('cancelTransfer', { params: { id } })
  expect(await engine.ended(id)).toMatchObject({ state: 'CANCELED', files: { canceled: 1 } })
  expect(await engine.partFiles()).toEqual([])
  await engine.call('retryTransfer', { params: { id } })
  expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
})
