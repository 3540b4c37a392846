import { systemClock } from '../../src/platform/clock.ts'
import type { Db } from '../../src/platform/db.ts'
import { createLogger } from '../../src/platform/log.ts'
import { Dispatcher } from '../../src/transfers/dispatcher.ts'
import { Journal } from '../../src/transfers/journal.ts'
import { Scheduler } from '../../src/transfers/scheduler.ts'
import type { TransferFile } from '../../src/transfers/types.ts'
import { enqueueJob, openRig } from './rig.ts'

const OWNER = 'bench/1'
const LEASE_MS = 30_000
const SMALL = 10_240

export interface Rates {
  files: number
  enqueuedPerSecond: number
  endedPerSecond: number
  /** From the start of the scheduler to the first request that is handed to an executor. */
  firstDispatchMs: number
  residentMiB: number
}

/**
 * How many requests per second are put into the queue, and how many are taken, handed to an executor that
 * does nothing, and written as done, with all of them waiting at the beginning.
 *
 * @param files how many wait; `ended` of them are worked on
 */
export async function measureRates(files: number, ended: number, jobs: number): Promise<Rates> {
  const rig = await openRig()
  try {
    const startedAtMs = performance.now()
    const perJob = Math.ceil(files / jobs)
    for (let n = 0; n < jobs; n++)
      await enqueueJob(rig.db, { ...planOf(n), files: perJob, atMs: systemClock.nowMs() })
    const enqueueMs = performance.now() - startedAtMs
    globalThis.gc?.()
    const { elapsedMs, firstDispatchMs } = await drain(rig.db, ended)
    return {
      files,
      enqueuedPerSecond: Math.round((files * 1000) / enqueueMs),
      endedPerSecond: Math.round((ended * 1000) / elapsedMs),
      firstDispatchMs: Math.round(firstDispatchMs),
      residentMiB: Math.round(process.memoryUsage().rss / 1024 ** 2),
    }
  } finally {
    await rig.close()
  }
}

function planOf(n: number) {
  return { share: `user:${n % 20}`, link: 'leiden.test>here', priority: 50, sizeBytes: SMALL }
}

async function drain(db: Db, count: number): Promise<{ elapsedMs: number; firstDispatchMs: number }> {
  const journal = new Journal({
    db,
    clock: systemClock,
    owner: OWNER,
    leaseMs: LEASE_MS,
    onJobs: () => undefined,
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  let ended = 0
  let firstAtMs: number | undefined
  const scheduler = newScheduler(db, journal, async (file) => {
    firstAtMs ??= performance.now()
    await journal.commit(done(file))
    if (++ended === count) resolve()
  })
  const startedAtMs = performance.now()
  scheduler.start()
  await promise
  const endedAtMs = performance.now()
  await scheduler.close(LEASE_MS)
  return { elapsedMs: endedAtMs - startedAtMs, firstDispatchMs: (firstAtMs ?? endedAtMs) - startedAtMs }
}

function done(file: TransferFile): TransferFile {
  return Object.assign(file, {
    state: 'DONE',
    queue: 'none',
    leaseOwner: null,
    bytesDone: file.sizeBytes,
  } satisfies Partial<TransferFile>)
}

function newScheduler(db: Db, journal: Journal, runFile: (file: TransferFile) => Promise<void>): Scheduler {
  const slots = 10
  const shared = { db, clock: systemClock, owner: OWNER, slots, emergencySlots: 1, leaseMs: LEASE_MS }
  return new Scheduler({
    ...shared,
    log: createLogger('silent'),
    journal,
    contexts: { drop: () => undefined } as never,
    dispatcher: new Dispatcher({
      ...shared,
      shareWeights: {},
      rooms: { ofLink: () => Infinity, ofHost: () => Infinity },
      onQueued: () => undefined,
    }),
    links: { started: () => undefined, ended: () => undefined },
    runFile,
    expandJob: async () => undefined,
    onBeat: async () => undefined,
  })
}
