import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Db } from '../../src/platform/db.ts'
import { claimFiles } from '../../src/transfers/claim-repo.ts'
import {
  claimExpansions,
  insertFolders,
  listPendingFolders,
  releaseExpansionLeases,
} from '../../src/transfers/expansion-repo.ts'
import { insertFiles, listFiles, saveFiles } from '../../src/transfers/file-repo.ts'
import { rankOf } from '../../src/transfers/job-rank.ts'
import { changeJob, findJob, insertJob, listJobs } from '../../src/transfers/job-repo.ts'
import {
  cancelIdleFiles,
  countActiveFiles,
  extendFileLeases,
  findNextDueMs,
  hasOpenWork,
  releaseFileLeases,
  requeueFiles,
  wakeDueFiles,
} from '../../src/transfers/queue-repo.ts'
import { listReadyQueues } from '../../src/transfers/ready-queues-repo.ts'
import type { TransferFile, TransferJob } from '../../src/transfers/types.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { addQueuedJob, newJob, requestsOf } from './support/queued-jobs.ts'
import { insertUser, USER } from './support/test-engine.ts'

let database: TestDatabase
let db: Db

const addJob = (files: number, change?: Partial<TransferJob>) => addQueuedJob(db, files, change)

const claim = (owner: string, limit: number, nowMs = 0) =>
  claimFiles(db, { share: 'a', link: 'x>here', owner, lane: 0, limit, nowMs, leaseUntilMs: nowMs + 30_000 })

describe.each(engines)('the queue on %s', (engine) => {
  beforeEach(async () => {
    database = await createTestDatabase(engine)
    db = database.db
    await insertUser(db)
  })

  afterEach(() => database.close())

  it('never gives one file to two workers', async () => {
    await addJob(500)
    const claimed: TransferFile[] = []
    const work = async (owner: string) => {
      for (let batch = await claim(owner, 7); batch.length > 0; batch = await claim(owner, 7))
        claimed.push(...batch)
    }
    await Promise.all(['a', 'b', 'c', 'd'].map(work))
    expect(claimed).toHaveLength(500)
    expect(new Set(claimed.map((file) => file.id)).size).toBe(500)
  })

  it('gives a file again when its lease ran out, and voids what the former owner writes', async () => {
    const job = await addJob(1)
    const [lost] = (await claim('dead', 1)) as [TransferFile]
    expect(await claim('alive', 1)).toEqual([])
    expect(await findNextDueMs(db)).toBe(30_000)
    expect(await wakeDueFiles(db, 29_999)).toBe(0)
    expect(await wakeDueFiles(db, 30_000)).toBe(1)
    const [again] = (await claim('alive', 1, 30_000)) as [TransferFile]
    expect(again).toMatchObject({ id: lost.id, attempts: 2, leaseOwner: 'alive' })
    expect(
      await saveFiles(db, 'dead', [{ ...lost, state: 'DONE', queue: 'none', leaseOwner: null }]),
    ).toEqual(new Set())
    expect(
      await saveFiles(db, 'alive', [{ ...again, state: 'DONE', queue: 'none', leaseOwner: null }]),
    ).toEqual(new Set([lost.id]))
    expect((await listFiles(db, job.id, { limit: 5 }))[0]?.state).toBe('DONE')
    expect(await hasOpenWork(db)).toBe(false)
  })

  it('counts what is held of each job, and of no other', async () => {
    const [first, second, third] = [await addJob(3), await addJob(2), await addJob(1)]
    const held = await claim('w', 4)
    const of = ({ id }: { id: string }) => held.filter((file) => file.jobId === id).length
    const counted = await countActiveFiles(db, [first.id, second.id, 'none'])
    const expected = [first, second].flatMap((job) => (of(job) > 0 ? [[job.id, of(job)] as const] : []))
    expect([...counted].sort()).toEqual(expected.sort())
    expect(expected.length).toBeGreaterThan(0)
    expect(counted.has(third.id)).toBe(false)
  })

  it('keeps a lease alive by its heartbeat and frees those of a former life at once', async () => {
    const job = await addJob(3)
    const held = (await claim('w/old', 2)).map((file) => file.id)
    const other = (await claim('w/new', 1)).map((file) => file.id)
    expect(await countActiveFiles(db, [job.id])).toEqual(new Map([[job.id, 3]]))
    expect(await extendFileLeases(db, 'w/old', [...held, ...other], 99_000)).toEqual(new Set(held))
    expect(await wakeDueFiles(db, 31_000)).toBe(1)
    expect(await countActiveFiles(db, [job.id, 'none'])).toEqual(new Map([[job.id, 2]]))
    expect(await releaseFileLeases(db, 'w/', 'w/new')).toBe(2)
    expect(await claim('w/new', 5)).toHaveLength(3)
  })

  it('frees those of a worker whose name has letters of two units, and of no other', async () => {
    await addJob(3)
    await claim('🛰/old', 1)
    await claim('🛰🛰/old', 1)
    expect(await releaseFileLeases(db, '🛰/', '🛰/new')).toBe(1)
    await addQueuedJob(db, 0, { expansion: 'pending' })
    await db('transfer_jobs').where({ expansion: 'pending' }).update({ lease_owner: '🛰/old' })
    expect(await releaseExpansionLeases(db, '🛰/', '🛰/new')).toBe(1)
  })

  it('serves urgent jobs first and equal ones in turn, the one served longest ago before the other', async () => {
    const early = await addJob(10, { rankMs: rankOf(1000, 50) })
    await claim('w', 4, 2000)
    const late = await addJob(4, { rankMs: rankOf(1500, 50) })
    const urgent = await addJob(1, { priority: 90, rankMs: rankOf(2500, 90) })
    const order = await claim('w', 7, 3000)
    const count = (job: TransferJob) => order.filter((file) => file.jobId === job.id).length
    expect([count(urgent), count(late), count(early)]).toEqual([1, 3, 3])
    await changeJob(db, early.id, { set: { rank_ms: rankOf(3001, 50) }, nowMs: 1 })
    expect((await claim('w', 1, 4000)).map((file) => file.jobId)).toEqual([late.id])
  })

  it('lets a job that waited five minutes go before one that is more urgent by less than a point', async () => {
    const old = await addJob(1, { priority: 50, rankMs: rankOf(0, 50) })
    await addJob(1, { priority: 51, rankMs: rankOf(300_001, 51) })
    expect((await claim('w', 1)).map((file) => file.jobId)).toEqual([old.id])
  })

  it('passes by a job that is paused, whatever it has ready', async () => {
    const job = await addJob(2)
    await changeJob(db, job.id, { set: { is_paused: 1 }, nowMs: 1 })
    expect(await claim('w', 5)).toEqual([])
    expect(await listReadyQueues(db, 0, { limit: 1, countLimit: 1 })).toEqual([])
    await changeJob(db, job.id, { set: { is_paused: 0 }, nowMs: 1 })
    expect(await claim('w', 5)).toHaveLength(2)
  })

  it('finds the queues one after the other, and counts them no further than asked', async () => {
    await addJob(3, { share: 'b', link: 'x>here' })
    await addJob(2, { share: 'a', link: 'y>here' })
    await addJob(1, { share: 'a', link: 'x>here' })
    const all = { limit: 10, countLimit: 2 }
    expect(await listReadyQueues(db, 0, all)).toEqual([
      { share: 'a', link: 'x>here', count: 1 },
      { share: 'a', link: 'y>here', count: 2 },
      { share: 'b', link: 'x>here', count: 2 },
    ])
    const [first, second] = await listReadyQueues(db, 0, { limit: 2, countLimit: 9 })
    expect([first?.link, second?.link]).toEqual(['x>here', 'y>here'])
    expect(await listReadyQueues(db, 0, { limit: 2, countLimit: 9, after: second })).toEqual([
      { share: 'b', link: 'x>here', count: 3 },
    ])
    expect(await listReadyQueues(db, 1, all)).toEqual([])
  })

  it('adds every path of a job only once', async () => {
    const job = newJob()
    await insertJob(db, job)
    expect(await insertFiles(db, requestsOf(job, 1200))).toEqual({
      count: 1200,
      failed: 0,
      sizeBytes: 12_000,
      lanes: new Set([0]),
    })
    expect(await insertFiles(db, requestsOf(job, 1201))).toEqual({
      count: 1,
      failed: 0,
      sizeBytes: 10,
      lanes: new Set([0]),
    })
    await insertFolders(db, job.id, ['', 'x'])
    await insertFolders(db, job.id, ['x', 'y'])
    expect((await listPendingFolders(db, job.id, 10)).sort()).toEqual(['', 'x', 'y'])
  })

  it('pages through files by path and through jobs from new to old', async () => {
    const job = await addJob(5)
    const first = await listFiles(db, job.id, { limit: 3 })
    const rest = await listFiles(db, job.id, { limit: 3, after: first.at(-1)?.path })
    expect([...first, ...rest].map((file) => file.path)).toEqual([
      'f00000',
      'f00001',
      'f00002',
      'f00003',
      'f00004',
    ])
    const jobs = [await addJob(0, { createdAtMs: 3000 }), await addJob(0, { createdAtMs: 3000 }), job]
    const seen: string[] = []
    let before: { createdAtMs: number; id: string } | undefined
    for (
      let page = await listJobs(db, USER, { limit: 1 });
      page.length > 0;
      page = await listJobs(db, USER, { limit: 1, before })
    ) {
      before = page[0] as TransferJob
      seen.push(before.id)
    }
    expect(seen.slice(0, 2).sort()).toEqual([jobs[0]?.id, jobs[1]?.id].sort())
    expect(seen[2]).toBe(job.id)
  })

  it('gives the expansion of a job to one worker', async () => {
    await addJob(0, { expansion: 'pending' })
    const order = (owner: string) => ({ owner, nowMs: 5000, leaseUntilMs: 35_000, limit: 2 })
    expect(await claimExpansions(db, order('a'))).toHaveLength(1)
    expect(await claimExpansions(db, order('b'))).toHaveLength(0)
    expect(await claimExpansions(db, { ...order('b'), nowMs: 35_000 })).toHaveLength(1)
  })

  it('cancels what nobody works on, and lets a worker clean up what was begun', async () => {
    const job = await addJob(3)
    const [begun] = (await claim('w', 1)) as [TransferFile]
    await saveFiles(db, 'w', [{ ...begun, queue: 'held', leaseOwner: null, nextAtMs: 99_000 }])
    expect(await cancelIdleFiles(db, job.id, 50)).toBe(2)
    const [toClean] = await claim('w', 5)
    expect(toClean?.id).toBe(begun.id)
    await changeJob(db, job.id, { delta: { filesCanceled: 2 }, nowMs: 60 })
    expect(await requeueFiles(db, job.id)).toEqual({ count: 2, failed: 0, canceled: 2 })
  })

  it('derives the state of a job with its counts', async () => {
    const job = await addJob(2)
    await changeJob(db, job.id, { delta: { filesDone: 1, bytesDone: 7 }, nowMs: 70 })
    expect(await findJob(db, job.id)).toMatchObject({
      state: 'ACTIVE',
      filesDone: 1,
      bytesDone: 7,
      finishedAtMs: null,
    })
    await changeJob(db, job.id, { delta: { filesFailed: 1 }, nowMs: 80 })
    expect(await findJob(db, job.id)).toMatchObject({ state: 'FINISHEDDIRTY', finishedAtMs: 80 })
  })
})
