import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Db, inTransaction } from '../../src/platform/db.ts'
import { createLogger } from '../../src/platform/log.ts'
import { claimFiles, flagReady } from '../../src/transfers/claim-repo.ts'
import { insertFiles, saveFiles } from '../../src/transfers/file-repo.ts'
import { changeJob, findJob } from '../../src/transfers/job-repo.ts'
import { Journal } from '../../src/transfers/journal.ts'
import { extendFileLeases, wakeDueFiles } from '../../src/transfers/queue-repo.ts'
import { dropStaleFlags } from '../../src/transfers/ready-queues-repo.ts'
import { type Lane, lanes, type TransferFile } from '../../src/transfers/types.ts'
import { repairNowAndThen } from '../../src/transfers/upkeep.ts'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { FakeClock } from './support/fake-clock.ts'
import { addQueuedJob, requestsOf } from './support/queued-jobs.ts'
import { insertUser } from './support/test-engine.ts'

const QUEUE = { share: 'a', link: 'x>here' }

let database: TestDatabase
let db: Db

const claim = (handle: Db, limit: number) =>
  claimFiles(handle, { ...QUEUE, owner: 'w', lane: lanes.small, limit, nowMs: 0, leaseUntilMs: 30_000 })

const ready = (id: string, lane: Lane = lanes.small) => new Map([[id, new Set([lane])]])

/** Resolves when some statement waits for what another transaction has locked. */
function untilBlocked(): Promise<void> {
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  return vi.waitFor(async () => expect((await db.raw(waiting)).rows).toHaveLength(1), {
    timeout: 10_000,
    interval: 5,
  })
}

/** True while no transaction has locked the row. */
async function isFree(id: string, table = 'transfer_jobs'): Promise<boolean> {
  const { rows } = await db.raw('select id from ?? where id = ? for update skip locked', [table, id])
  return rows.length === 1
}

/** Two jobs in the order of their ids. */
async function addTwoJobs(files: number) {
  const jobs = [await addQueuedJob(db, files), await addQueuedJob(db, files)]
  const [first, last] = jobs.sort((a, b) => (a.id < b.id ? -1 : 1))
  return { first: first as (typeof jobs)[0], last: last as (typeof jobs)[0] }
}

// SQLite writes one at a time: there is nothing to meet.
describe('writers of PostgreSQL that meet', () => {
  beforeEach(async () => {
    database = await createTestDatabase('postgres')
    db = database.db
    await insertUser(db)
  })

  afterEach(() => database.close())

  it('lose no file that an expansion adds while the last one before it is taken', async () => {
    const job = await addQueuedJob(db, 1)
    let claiming: Promise<TransferFile[]> | undefined
    await inTransaction(db, async (tx) => {
      await changeJob(tx, job.id, { nowMs: 1 })
      await insertFiles(tx, requestsOf(job, 2))
      claiming = claim(db, 1)
      await untilBlocked()
      await flagReady(tx, ready(job.id))
    })
    expect(await claiming).toHaveLength(1)
    expect(await claim(db, 5)).toHaveLength(1)
  })

  it('lose no file that comes back while the last one before it is taken', async () => {
    const job = await addQueuedJob(db, 1)
    let flagging: Promise<void> | undefined
    await inTransaction(db, async (tx) => {
      expect(await claim(tx, 1)).toHaveLength(1)
      await insertFiles(db, requestsOf(job, 2).slice(1))
      flagging = flagReady(db, ready(job.id))
      // It either waits for the claim, or has looked at the flag before.
      await Promise.race([flagging, untilBlocked()])
    })
    await flagging
    expect(await claim(db, 5)).toHaveLength(1)
  })

  it('lose no file that is added while a stale flag is dropped', async () => {
    const job = await addQueuedJob(db, 0)
    await flagReady(db, ready(job.id))
    let dropping: Promise<void> | undefined
    await inTransaction(db, async (tx) => {
      await changeJob(tx, job.id, { nowMs: 1 })
      await insertFiles(tx, requestsOf(job, 1))
      dropping = dropStaleFlags(db, lanes.small, QUEUE)
      await untilBlocked()
      await flagReady(tx, ready(job.id))
    })
    await dropping
    expect(await claim(db, 5)).toHaveLength(1)
  })

  it('leave alone a lease that was extended while it seemed to run out', async () => {
    await addQueuedJob(db, 1)
    const [file] = (await claim(db, 1)) as [TransferFile]
    let waking: Promise<number> | undefined
    await inTransaction(db, async (tx) => {
      await extendFileLeases(tx, 'w', [file.id], 60_000)
      waking = wakeDueFiles(db, 30_000)
      await untilBlocked()
    })
    expect(await waking).toBe(0)
    expect(await wakeDueFiles(db, 60_000)).toBe(1)
  })

  it('flag jobs in the order of their ids, whatever their lanes', async () => {
    const { first, last } = await addTwoJobs(0)
    let flagging: Promise<void> | undefined
    await inTransaction(db, async (tx) => {
      await changeJob(tx, first.id, { nowMs: 1 })
      const both = new Map([...ready(last.id, lanes.small), ...ready(first.id, lanes.large)])
      flagging = inTransaction(db, (other) => flagReady(other, both))
      await untilBlocked()
      expect(await isFree(last.id)).toBe(true)
    })
    await flagging
  })

  it('write the errors of jobs in the order of their ids, whichever failed first', async () => {
    const { first, last } = await addTwoJobs(1)
    const taken = await claim(db, 2)
    const clock = new FakeClock()
    const journal = new Journal({ db, clock, owner: 'w', leaseMs: 30_000, onJobs: () => {} })
    let writing: Promise<boolean[]> | undefined
    await inTransaction(db, async (tx) => {
      await changeJob(tx, first.id, { nowMs: 1 })
      const inWrongOrder = taken.sort((a, b) => (a.jobId > b.jobId ? -1 : 1))
      for (const file of inWrongOrder) journal.adopt(file)
      const failed = inWrongOrder.map((file) => ({ ...file, state: 'ERROR', queue: 'none' }) as TransferFile)
      writing = Promise.all(failed.map((file) => journal.commit({ ...file, leaseOwner: null })))
      await untilBlocked()
      expect(await isFree(last.id)).toBe(true)
    })
    expect(await writing).toEqual([true, true])
    expect((await findJob(db, last.id))?.filesFailed).toBe(1)
  })

  it.each(['a heartbeat', 'a commit'])('lock files in the order of their ids: %s', async (which) => {
    await addQueuedJob(db, 2)
    const [first, last] = (await claim(db, 2)).sort((a, b) => (a.id < b.id ? -1 : 1)) as TransferFile[]
    if (first === undefined || last === undefined) throw new Error('two files were put there')
    const work = {
      'a heartbeat': () => extendFileLeases(db, 'w', [last.id, first.id], 60_000),
      'a commit': () => inTransaction(db, (tx) => saveFiles(tx, 'w', [last, first])),
    }[which]
    let working: Promise<Set<string>> | undefined
    await inTransaction(db, async (tx) => {
      await tx('transfer_files').where({ id: first.id }).forUpdate().select('id')
      working = work?.()
      await untilBlocked()
      expect(await isFree(last.id, 'transfer_files')).toBe(true)
    })
    expect([...((await working) ?? [])].sort()).toEqual([first.id, last.id])
  })

  it('find again within a minute what was lost all the same', async () => {
    const job = await addQueuedJob(db, 1)
    expect(await claim(db, 1)).toHaveLength(1)
    await insertFiles(db, requestsOf(job, 2))
    const [clock, ending] = [new FakeClock(), new AbortController()]
    const repairing = repairNowAndThen({ db, clock, log: createLogger('silent') }, ending.signal)
    clock.advance(60_000)
    await vi.waitFor(async () => expect(await claim(db, 1)).toHaveLength(1), { timeout: 10_000 })
    ending.abort()
    await repairing
  })
})
