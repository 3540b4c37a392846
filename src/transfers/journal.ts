import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises'
import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { flagReady, lanesByJob } from './claim-repo.ts'
import { type FailedAttempt, insertAttempts, saveFiles } from './file-repo.ts'
import { addDelta, type Counted, countedOf, deltaBetween } from './job-counts.ts'
import { changeJob, type JobDelta, noteJobError } from './job-repo.ts'
import type { Fault } from './transfer-error.ts'
import type { TransferFile, TransferJob } from './types.ts'

/** So many requests under way make it worth to wait for each other's changes. */
const CROWD = 8
const GATHER_MS = 10

export interface JournalDeps {
  db: Db
  clock: Clock
  /** The name under which this worker holds leases. */
  owner: string
  leaseMs: number
  /** How long changes of a crowd of requests wait for each other; 0: for no time. */
  gatherMs?: number
  /** Told after each commit what the jobs look like now. */
  onJobs(jobs: readonly TransferJob[]): void
}

interface Pending {
  file: TransferFile
  waiters: PromiseWithResolvers<boolean>[]
}

/**
 * Writes what workers do to their requests: everything that happens while one transaction runs goes
 * into the next one together, so a thousand small files cost a few dozen commits. Changes of a request
 * whose lease was lost are void, and the committer is told.
 */
export class Journal {
  private readonly deps: JournalDeps
  /** What the counts of the jobs contain for each request that is worked on. */
  private readonly counted = new Map<string, Counted>()
  private readonly adopted = new Map<string, TransferFile>()
  private pending = new Map<string, Pending>()
  private failures: FailedAttempt[] = []
  private flushing: Promise<void> | undefined

  constructor(deps: JournalDeps) {
    this.deps = deps
  }

  /** Begins to keep book on a request that was just claimed. */
  adopt(file: TransferFile): void {
    this.adopted.set(file.id, file)
    this.counted.set(file.id, countedOf(file))
  }

  /** Ends the book-keeping, after the last commit; that of a later attempt at the same request goes on. */
  forget(file: TransferFile): void {
    if (this.adopted.get(file.id) !== file) return
    this.adopted.delete(file.id)
    this.counted.delete(file.id)
    this.pending.delete(file.id)
  }

  /** Will be written with the next commit; for states that are only of interest to watchers. */
  note(file: TransferFile): void {
    if (!this.counted.has(file.id) || this.pending.has(file.id)) return
    this.pending.set(file.id, { file, waiters: [] })
    this.schedule()
  }

  /** Written when this resolves. False when the lease was lost: then nothing was, and work must end. */
  commit(file: TransferFile): Promise<boolean> {
    const waiter = Promise.withResolvers<boolean>()
    const pending = this.pending.get(file.id) ?? { file, waiters: [] }
    pending.waiters.push(waiter)
    this.pending.set(file.id, pending)
    this.schedule()
    return waiter.promise
  }

  /** Adds an attempt to the history; written with the next commit of its file. */
  noteFailure(file: TransferFile, fault: Fault): void {
    const { clock, owner } = this.deps
    this.failures.push({ file: { ...file }, fault, worker: file.worker ?? owner, endedAtMs: clock.nowMs() })
  }

  private schedule(): void {
    this.flushing ??= this.gather().then(() => this.flushAll())
  }

  /** Waits for company: where many requests are under way, more changes come within milliseconds. */
  private gather(): Promise<unknown> {
    const { gatherMs = GATHER_MS } = this.deps
    return this.counted.size < CROWD || gatherMs === 0 ? immediate() : delay(gatherMs)
  }

  private async flushAll(): Promise<void> {
    try {
      while (this.pending.size > 0) {
        await this.flushOnce()
        await this.gather()
      }
    } finally {
      this.flushing = undefined
    }
  }

  private async flushOnce(): Promise<void> {
    const batch = [...this.pending.values()]
    const failures = this.failures.splice(0)
    this.pending = new Map()
    const files = batch.map(({ file }) => this.snapshot(file))
    try {
      const { saved, jobs } = await inTransaction(this.deps.db, (tx) => this.write(tx, files, failures))
      for (const file of files) if (saved.has(file.id)) this.counted.set(file.id, countedOf(file))
      this.deps.onJobs(jobs)
      for (const { file, waiters } of batch) for (const waiter of waiters) waiter.resolve(saved.has(file.id))
    } catch (error) {
      for (const { waiters } of batch) for (const waiter of waiters) waiter.reject(error)
    }
  }

  /** A copy that nobody changes while it is written; a leased one carries its lease on. */
  private snapshot(file: TransferFile): TransferFile {
    const { owner, clock, leaseMs } = this.deps
    return file.leaseOwner === owner ? { ...file, nextAtMs: clock.nowMs() + leaseMs } : { ...file }
  }

  private async write(tx: Db, files: TransferFile[], failures: FailedAttempt[]) {
    const saved = await saveFiles(tx, this.deps.owner, files)
    await insertAttempts(
      tx,
      failures.filter(({ file }) => saved.has(file.id)),
    )
    // Requests that were given back stand in the queue again.
    await flagReady(tx, lanesByJob(files.filter((file) => saved.has(file.id) && file.queue === 'ready')))
    const deltas = new Map<string, JobDelta>()
    for (const file of files) {
      const before = this.counted.get(file.id)
      if (!saved.has(file.id) || before === undefined) continue
      addDelta(deltas, file.jobId, deltaBetween(before, countedOf(file)))
      if (file.state === 'ERROR' && before.kind !== 'failed')
        await noteJobError(tx, file.jobId, jobErrorOf(file))
    }
    const jobs: TransferJob[] = []
    // In one order everywhere, so that two workers never wait for each other's jobs.
    for (const [id, delta] of [...deltas].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const job = await changeJob(tx, id, { delta, nowMs: this.deps.clock.nowMs() })
      if (job !== undefined) jobs.push(job)
    }
    return { saved, jobs }
  }
}

function jobErrorOf(file: TransferFile): { code: string; text: string } {
  const text = file.errorText ?? 'The transfer failed.'
  return { code: file.errorCode ?? 'INTERNAL', text: file.path === '' ? text : `${file.path}: ${text}` }
}
