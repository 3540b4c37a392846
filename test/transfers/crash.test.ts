import type { ChildProcess } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Db } from '../../src/platform/db.ts'
import { type CrashPlace, kill, openCrashPlace, startChildEngine } from './support/crash-place.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

const MIB = 1024 * 1024
let place: CrashPlace
let db: Db
let source: SourceServer
let child: ChildProcess | undefined

beforeEach(async () => {
  place = await openCrashPlace()
  db = place.db
  source = await SourceServer.start()
})

afterEach(async () => {
  child?.kill('SIGKILL')
  await source.close()
  await place.close()
})

it('goes on after SIGKILL: verified, from the bytes that stand, and no finished file is fetched again', async () => {
  const content = source.put('/big', Buffer.alloc(4 * MIB, 'big content '))
  for (let n = 0; n < 40; n++) source.put(`/small/${n}`, `small ${n}`)
  source.misbehave('/big', { kind: 'stall', afterBytes: 2 * MIB + 100 })
  child = await startChildEngine(place, source.url, '/copy')
  const done = () => db('transfer_files').where({ state: 'DONE' }).count({ n: '*' }).first()
  await expect.poll(async () => Number((await done())?.n), { timeout: 20_000 }).toBe(40)
  const part = async () => {
    const row = await db('transfer_files').where({ path: 'big' }).first()
    const name = `${row.job_id}-${row.id}.part`
    const spaces = await db('spaces').first()
    const file = join(place.spaces, spaces.folder, 'staging', 'transfers', name)
    return (await stat(file).catch(() => undefined))?.size ?? 0
  }
  await expect.poll(part, { timeout: 20_000 }).toBeGreaterThanOrEqual(MIB)
  await kill(child)

  const engine = await TestEngine.start({
    db,
    sourceUrl: source.url,
    folder: place.spaces,
    workerId: 'child',
  })
  const startedAtMs = performance.now()
  const { id } = await db('transfer_jobs').first('id')
  const job = await engine.ended(id)
  // Far less than the lease of 30 s: the former life of this worker is known to be over.
  expect(performance.now() - startedAtMs).toBeLessThan(10_000)
  expect(job).toMatchObject({ state: 'FINISHED', files: { total: 41, done: 41 } })
  expect(await engine.content('/copy/big')).toEqual(content)
  for (let n = 0; n < 40; n++) expect(source.gets(`/small/${n}`)).toHaveLength(1)
  const start = Number(/^bytes=(\d+)-$/.exec(source.gets('/big')[1]?.range ?? '')?.[1])
  expect(start).toBeGreaterThanOrEqual(MIB)
  expect((await engine.files(id)).every((file) => file.verified === 'checksum')).toBe(true)
  expect(await engine.partFiles()).toEqual([])
  await engine.close({ keepFolder: true })
})

it('recognises a file it had published but not noted when it died', async () => {
  source.put('/f', 'content')
  let engine = await TestEngine.start({ db, sourceUrl: source.url, folder: place.spaces })
  const job = await engine.run({ destination: { path: '/copy' }, overwrite: 'never' })
  await engine.close({ keepFolder: true })
  await db('transfer_files').update({ state: 'REGISTERING_REPLICA', queue: 'ready' })
  await db('transfer_jobs').update({ state: 'ACTIVE', files_done: 0, finished_at_ms: null })
  engine = await TestEngine.start({ db, sourceUrl: source.url, folder: place.spaces })
  expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHED', files: { done: 1, failed: 0 } })
  expect(source.gets('/f')).toHaveLength(1)
  await engine.close({ keepFolder: true })
})

it('fetches again, as if nothing had failed, a small file that it held in memory when it died', async () => {
  const content = source.put('/f', 'content')
  let engine = await TestEngine.start({ db, sourceUrl: source.url, folder: place.spaces })
  const job = await engine.run({ destination: { path: '/copy' }, overwrite: 'never' })
  await engine.drive.remove(['copy'])
  await engine.close({ keepFolder: true })
  await db('transfer_files').update({ state: 'REGISTERING_REPLICA', queue: 'ready' })
  await db('transfer_jobs').update({ state: 'ACTIVE', files_done: 0, finished_at_ms: null })
  engine = await TestEngine.start({ db, sourceUrl: source.url, folder: place.spaces })
  expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHED', files: { done: 1, failed: 0 } })
  expect(await engine.content('/copy/f')).toEqual(content)
  expect(source.gets('/f')).toHaveLength(2)
  expect(await db('transfer_attempts')).toEqual([])
  await engine.close({ keepFolder: true })
})

it('goes on with an expansion that was interrupted, without losing or doubling a file', async () => {
  for (let n = 0; n < 30; n++) source.put(`/d${n % 6}/f${n}`, `content ${n}`)
  let engine = await TestEngine.start({ db, sourceUrl: source.url, folder: place.spaces })
  const job = await engine.run({ destination: { path: '/copy' } })
  await engine.close({ keepFolder: true })
  // As after a crash in the middle: some folders not noted as done, some of their files there already.
  await db('transfer_folders').whereIn('path', ['d1', 'd2']).update({ state: 'pending' })
  const removed = await db('transfer_files').where('path', 'like', 'd1/%').del()
  await db('transfer_jobs').update({
    expansion: 'pending',
    next_at_ms: 0,
    state: 'ACTIVE',
    files_total: 30 - removed,
    files_done: 30 - removed,
  })
  engine = await TestEngine.start({ db, sourceUrl: source.url, folder: place.spaces })
  expect(await engine.ended(job.id)).toMatchObject({
    state: 'FINISHED',
    files: { total: 30, done: 25, skipped: 5 },
  })
  await engine.close({ keepFolder: true })
})
