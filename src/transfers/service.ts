import type { Config } from '../config/schema.ts'
import { type Clock, isoTime } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { BadRequestError, ConflictError, NotFoundError } from '../platform/errors.ts'
import type { Outbound } from '../platform/outbound.ts'
import type { Seal } from '../platform/seal.ts'
import { type EndpointResolver, placesOf, type SourceRef, type TransferSource } from './endpoints.ts'
import { requeueFolders } from './expansion-repo.ts'
import { findFile, requestFileCancel } from './file-cancel-repo.ts'
import type { JobFeed } from './job-feed.ts'
import { addItems } from './job-items.ts'
import { rankOf } from './job-rank.ts'
import { changeJob, clearJobError, findJob, findJobByKey, insertJob, type JobPatch } from './job-repo.ts'
import { isJobOver } from './job-state.ts'
import { assertApart, type Ends, newJob } from './new-job.ts'
import { checkOrder, checkWebhook } from './orders/check-order.ts'
import { type Plan, planItems, planOrder } from './orders/plan.ts'
import { insertWebhook, rearmWebhook } from './orders/webhooks-repo.ts'
import { cancelIdleFiles, requeueFiles } from './queue-repo.ts'
import { shareOf } from './share-policy.ts'
import type { TransferFile, TransferJob, TransferOrder } from './types.ts'

/** How long the answer to a cancel waits for the running files to end. */
const CANCEL_PATIENCE_MS = 5000

export interface ServiceDeps {
  db: Db
  clock: Clock
  endpoints: EndpointResolver
  config: Config['transfers']
  feed: JobFeed
  /** Ends what runs for a job, in whichever process of the node. */
  abortJob(jobId: string, reason: 'cancel' | 'stop'): Promise<void>
  /** Ends what runs for one file here. */
  abortFile(fileId: string): void
  /** New work is in the queue. */
  poke(): void
  seal: Seal
  outbound: Outbound
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

  constructor(deps: ServiceDeps) {
    this.deps = deps
  }

  /**
   * Orders a transfer. Throws `BadRequestError` when source and destination do not go together, and
   * what the resolver throws when the user may not see them; that the source can be read is found out later.
   * An order with a key that the user used before is the earlier one.
   */
  async submit(userId: string, order: TransferOrder): Promise<TransferJob> {
    const before = await this.findRepeated(userId, order.idempotencyKey)
    if (before !== undefined) return before
    const ends = await this.check(userId, order)
    const job = this.newJob(userId, order, ends)
    try {
      await inTransaction(this.deps.db, (tx) => this.insert(tx, job, order))
    } catch (error) {
      // The same order came twice at the same moment: the other one is the first.
      const first = await this.findRepeated(userId, order.idempotencyKey)
      if (first === undefined) throw error
      return first
    }
    const submitted = await this.get(userId, job.id)
    await this.deps.feed.changed(submitted)
    this.deps.poke()
    return submitted
  }

  /** Throws what `submit` would throw, and orders nothing. */
  async check(userId: string, order: TransferOrder): Promise<Ends> {
    checkOrder(order, this.deps.clock.nowMs())
    const { webhook } = order.options ?? {}
    if (webhook !== undefined) await checkWebhook(this.deps.outbound, webhook)
    const ends = await this.resolveEnds(userId, order)
    await assertApart(ends.source, ends.destination)
    return ends
  }

  /** What the order would do, were it given; nothing is written. */
  async plan(userId: string, order: TransferOrder, signal: AbortSignal): Promise<Plan> {
    const ends = await this.check(userId, order)
    if (order.items === undefined) return planOrder(order, ends, signal)
    return planItems(
      order,
      (item) => this.resolveEnds(userId, { ...order, ...item, items: undefined }),
      signal,
    )
  }

  private async insert(tx: Db, job: TransferJob, order: TransferOrder): Promise<void> {
    await insertJob(tx, job)
    const { webhook: url } = job.options
    const { webhookSecret: secret } = order
    const secretSealed = secret === undefined ? null : this.deps.seal.seal(secret)
    if (url !== undefined)
      await insertWebhook(tx, { jobId: job.id, url, secretSealed, nextAtMs: job.createdAtMs })
    if (order.items !== undefined) await addItems(tx, job, order.items)
  }

  private async findRepeated(userId: string, key: string | undefined): Promise<TransferJob | undefined> {
    return key === undefined ? undefined : findJobByKey(this.deps.db, userId, key)
  }

  /** Of a list the first pair stands for all: each of the others is resolved when its turn comes. */
  private async resolveEnds(userId: string, order: TransferOrder): Promise<Ends> {
    const { source, destination } = order.items?.[0] ?? order
    return {
      source: await this.resolveFirst(userId, source),
      destination: await this.deps.endpoints.resolveDestination(userId, destination),
    }
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
    await this.end(job)
    return this.publish(userId, id)
  }

  /** Ends a job whose deadline has passed. */
  async expire(id: string): Promise<void> {
    const job = await findJob(this.deps.db, id)
    if (job === undefined || job.deadlineMs === null || isJobOver(job.state)) return
    const text = `It was to be over by ${isoTime(job.deadlineMs)}. What is copied stays; retry it for the rest.`
    await this.end(job, { code: 'DEADLINE_PASSED', text })
    await this.publish(job.userId, id)
  }

  /** Ends a job that its first failure was to end. */
  async endAfterFailure(job: TransferJob): Promise<void> {
    if (isJobOver(job.state) || job.cancelRequested) return
    await this.end(job)
    await this.publish(job.userId, job.id)
  }

  private async end(job: TransferJob, error?: { code: string; text: string }): Promise<void> {
    const { id } = job
    const { db, clock } = this.deps
    await inTransaction(db, async (tx) => {
      const nowMs = clock.nowMs()
      const filesCanceled = await cancelIdleFiles(tx, id, nowMs)
      const expansion = job.expansion === 'pending' ? ('canceled' as const) : job.expansion
      const cause = error === undefined ? {} : { error_code: error.code, error_text: error.text }
      const set = { cancel_requested: 1, is_paused: 0, expansion, lease_owner: null, ...cause }
      await changeJob(tx, id, { delta: { filesCanceled }, set, nowMs })
    })
    this.deps.poke()
    await this.waitForEnd(id)
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
    await this.change(userId, id, { is_paused: 1 })
    await this.waitForEnd(id, 'stop')
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

  private async change(userId: string, id: string, set: JobPatch): Promise<void> {
    const job = await this.get(userId, id)
    if (isJobOver(job.state)) return
    await inTransaction(this.deps.db, (tx) => changeJob(tx, id, { set, nowMs: this.deps.clock.nowMs() }))
  }

  /** Sends the failed and cancelled files of a job again. Throws `ConflictError` when there are none. */
  async retry(userId: string, id: string): Promise<TransferJob> {
    const job = await this.get(userId, id)
    const nowMs = this.deps.clock.nowMs()
    await inTransaction(this.deps.db, async (tx) => {
      const files = await requeueFiles(tx, id)
      const folders = await requeueFolders(tx, id)
      const isExpanding = folders > 0 || job.expansion === 'failed' || job.expansion === 'canceled'
      const cleanup = job.cleanup === null ? null : ('pending' as const)
      if (files.count === 0 && !isExpanding && job.cleanup !== 'failed') throw nothingToRetry()
      await clearJobError(tx, id)
      await rearmWebhook(tx, id, nowMs)
      const delta = { filesFailed: -files.failed, filesCanceled: -files.canceled, foldersFailed: -folders }
      const again = {
        expansion: 'pending',
        expansion_tries: 0,
        next_at_ms: nowMs,
        lease_owner: null,
      } as const
      // What is tried again after its deadline has none any more.
      const isLate = job.deadlineMs !== null && job.deadlineMs <= nowMs
      const set = {
        ...{ cancel_requested: 0, cleanup, cleanup_at_ms: 0 },
        ...(isLate ? { deadline_ms: null } : {}),
        ...(isExpanding ? again : {}),
      }
      await changeJob(tx, id, { delta, set, nowMs })
    })
    this.deps.poke()
    return this.publish(userId, id)
  }

  /** The first replica that the user may see; the last refusal when there is none. */
  private async resolveFirst(userId: string, ref: SourceRef): Promise<TransferSource> {
    const [first, ...others] = placesOf(ref)
    if (first === undefined) throw new BadRequestError('The list of replicas is empty.')
    let source = this.deps.endpoints.resolveSource(userId, first)
    for (const place of others) source = source.catch(() => this.deps.endpoints.resolveSource(userId, place))
    return source
  }

  private newJob(userId: string, order: TransferOrder, ends: Ends): TransferJob {
    const { clock, config } = this.deps
    const facts = { ends, createdAtMs: clock.nowMs(), executor: config.executor, share: '' }
    const job = newJob(userId, order, facts)
    return { ...job, share: shareOf(config.sharePolicy, job) }
  }

  private async waitForEnd(jobId: string, reason: 'cancel' | 'stop' = 'cancel'): Promise<void> {
    const patience = new AbortController()
    const limit = this.deps.clock.wait(CANCEL_PATIENCE_MS, patience.signal).catch(() => undefined)
    await Promise.race([this.deps.abortJob(jobId, reason), limit])
    patience.abort()
  }

  private async publish(userId: string, id: string): Promise<TransferJob> {
    const job = await this.get(userId, id)
    await this.deps.feed.changed(job)
    return job
  }
}

function nothingToRetry(): ConflictError {
  return new ConflictError('No file of this transfer failed or was cancelled, so there is nothing to retry.')
}
