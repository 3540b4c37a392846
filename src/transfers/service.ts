import { isoTime } from '../platform/clock.ts'
import { inTransaction } from '../platform/db.ts'
import { ConflictError, NotFoundError } from '../platform/errors.ts'
import { type EndJobDeps, endJob, waitForEnd } from './end-job.ts'
import { findFile, requestFileCancel } from './file-cancel-repo.ts'
import type { JobFeed } from './job-feed.ts'
import { rankOf } from './job-rank.ts'
import { changeJob, findJob, type JobPatch } from './job-repo.ts'
import { isJobOver } from './job-state.ts'
import type { Ends } from './new-job.ts'
import { OrderIntake, type OrderIntakeDeps } from './order-intake.ts'
import type { Plan } from './orders/plan.ts'
import { retryJob } from './retry-job.ts'
import type { TransferFile, TransferJob, TransferOrder } from './types.ts'

export interface ServiceDeps extends OrderIntakeDeps, EndJobDeps {
  feed: JobFeed
  /** Ends what runs for one file here. */
  abortFile(fileId: string): void
}

/** What a user may change of a job under way. */
export interface Amendment {
  priority?: number | undefined
  label?: string | undefined
  /** Null takes the deadline away. */
  deadlineMs?: number | null | undefined
}

/** What a user can do with transfers. Another user's job does not exist for them. */
export class TransferService {
  private readonly deps: ServiceDeps
  private readonly intake: OrderIntake

  constructor(deps: ServiceDeps) {
    this.deps = deps
    this.intake = new OrderIntake(deps)
  }

  /**
   * Orders a transfer. Throws `BadRequestError` when source and destination do not go together, and
   * what the resolver throws when the user may not see them; that the source can be read is found out later.
   * An order with a key that the user used before is the earlier one.
   */
  async submit(userId: string, order: TransferOrder): Promise<TransferJob> {
    const { job, isNew } = await this.intake.take(userId, order)
    if (!isNew) return job
    const submitted = await this.publish(userId, job.id)
    this.deps.poke()
    return submitted
  }

  /** Throws what `submit` would throw, and orders nothing. */
  check(userId: string, order: TransferOrder): Promise<Ends> {
    return this.intake.check(userId, order)
  }

  /** What the order would do, were it given; nothing is written. */
  plan(userId: string, order: TransferOrder, signal: AbortSignal): Promise<Plan> {
    return this.intake.plan(userId, order, signal)
  }

  /** Throws `NotFoundError` when the user has no such job. */
  async get(userId: string, id: string): Promise<TransferJob> {
    const job = await findJob(this.deps.db, id)
    if (job === undefined || job.userId !== userId)
      throw new NotFoundError('There is no transfer of that id.')
    return job
  }

  /** Ends a job: files that are there stay, everything half-done goes. A job that is over stays as it is. */
  async cancel(userId: string, id: string): Promise<TransferJob> {
    const job = await this.get(userId, id)
    if (isJobOver(job.state)) return job
    await endJob(this.deps, job)
    return this.publish(userId, id)
  }

  /** Ends a job whose deadline has passed. */
  async expire(id: string): Promise<void> {
    const job = await findJob(this.deps.db, id)
    if (job === undefined || job.deadlineMs === null || isJobOver(job.state)) return
    // Put off since the look at who is late.
    if (job.deadlineMs > this.deps.clock.nowMs()) return
    const text = `It was to be over by ${isoTime(job.deadlineMs)}. What is copied stays; retry it for the rest.`
    await endJob(this.deps, job, { code: 'DEADLINE_PASSED', text })
    await this.publish(job.userId, id)
  }

  /** Ends a job that its first failure was to end. */
  async endAfterFailure(job: TransferJob): Promise<void> {
    if (isJobOver(job.state) || job.cancelRequested) return
    await endJob(this.deps, job)
    await this.publish(job.userId, job.id)
  }

  /** Ends one file of a job; the others go on. A file that is over stays as it is. */
  async cancelFile(userId: string, id: string, fileId: string): Promise<TransferFile> {
    await this.get(userId, id)
    const { db, clock } = this.deps
    await inTransaction(db, async (tx) => {
      const result = await requestFileCancel(tx, id, fileId, clock.nowMs())
      if (result === 'unknown') throw new NotFoundError('The transfer has no file of that id.')
      if (result === 'canceled')
        await changeJob(tx, id, { delta: { filesCanceled: 1 }, nowMs: clock.nowMs() })
    })
    this.deps.abortFile(fileId)
    this.deps.poke()
    await this.publish(userId, id)
    return this.getFile(userId, id, fileId)
  }

  /** Throws `NotFoundError` when the user has no such job or it has no such file. */
  async getFile(userId: string, id: string, fileId: string): Promise<TransferFile> {
    await this.get(userId, id)
    const file = await findFile(this.deps.db, id, fileId)
    if (file === undefined) throw new NotFoundError('The transfer has no file of that id.')
    return file
  }

  /** Stops a job where it stands; bytes that came over are kept. A job that is over stays as it is. */
  async pause(userId: string, id: string): Promise<TransferJob> {
    // One that is being ended would never be: what tidies up after it would be paused, too.
    if ((await this.get(userId, id)).cancelRequested) return this.publish(userId, id)
    await this.change(userId, id, { is_paused: 1 })
    await waitForEnd(this.deps, id, 'stop')
    return this.publish(userId, id)
  }

  /** Lets a paused job go on. */
  async resume(userId: string, id: string): Promise<TransferJob> {
    await this.change(userId, id, { is_paused: 0 })
    this.deps.poke()
    return this.publish(userId, id)
  }

  /** Changes what may be changed while a job is under way. Throws `ConflictError` when it is over. */
  async amend(userId: string, id: string, wish: Amendment): Promise<TransferJob> {
    const job = await this.get(userId, id)
    if (isJobOver(job.state))
      throw new ConflictError('The transfer is over; there is nothing left to change.')
    const { priority, label, deadlineMs } = wish
    const nowMs = this.deps.clock.nowMs()
    await this.change(userId, id, {
      ...(priority === undefined ? {} : { priority, rank_ms: rankOf(nowMs, priority) }),
      ...(label === undefined ? {} : { label }),
      ...(deadlineMs === undefined ? {} : { deadline_ms: deadlineMs }),
    })
    this.deps.poke()
    return this.publish(userId, id)
  }

  /** Sends the failed and cancelled files of a job again. Throws `ConflictError` when there are none. */
  async retry(userId: string, id: string): Promise<TransferJob> {
    await retryJob(this.deps.db, await this.get(userId, id), this.deps.clock.nowMs())
    this.deps.poke()
    return this.publish(userId, id)
  }

  private async change(userId: string, id: string, set: JobPatch): Promise<void> {
    const job = await this.get(userId, id)
    if (isJobOver(job.state)) return
    await inTransaction(this.deps.db, (tx) => changeJob(tx, id, { set, nowMs: this.deps.clock.nowMs() }))
  }

  private async publish(userId: string, id: string): Promise<TransferJob> {
    const job = await this.get(userId, id)
    await this.deps.feed.changed(job)
    return job
  }
}
