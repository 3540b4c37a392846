import type { Config } from '../config/schema.ts'
import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { BadRequestError, ConflictError, NotFoundError } from '../platform/errors.ts'
import { type EndpointResolver, placesOf, type SourceRef, type TransferSource } from './endpoints.ts'
import { requeueFolders } from './expansion-repo.ts'
import type { JobFeed } from './job-feed.ts'
import { changeJob, clearJobError, findJob, insertJob } from './job-repo.ts'
import { isJobOver } from './job-state.ts'
import { assertApart, type Ends, newJob } from './new-job.ts'
import { urgencyOf } from './new-request.ts'
import { cancelIdleFiles, findQueueRank, requeueFiles } from './queue-repo.ts'
import type { TransferJob, TransferOrder } from './types.ts'

/** How long the answer to a cancel waits for the running files to end. */
const CANCEL_PATIENCE_MS = 5000

export interface ServiceDeps {
  db: Db
  clock: Clock
  endpoints: EndpointResolver
  config: Config['transfers']
  feed: JobFeed
  /** Ends what runs for a job in this process. */
  abortJob(jobId: string): Promise<void>
  /** New work is in the queue. */
  poke(): void
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
   */
  async submit(userId: string, order: TransferOrder): Promise<TransferJob> {
    const source = await this.resolveFirst(userId, order.source)
    const destination = await this.deps.endpoints.resolveDestination(userId, order.destination)
    await assertApart(source, destination)
    const job = await this.newJob(userId, order, { source, destination })
    await insertJob(this.deps.db, job)
    await this.deps.feed.changed(job)
    this.deps.poke()
    return job
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
    const { db, clock } = this.deps
    await inTransaction(db, async (tx) => {
      const nowMs = clock.nowMs()
      const filesCanceled = await cancelIdleFiles(tx, id, nowMs)
      const expansion = job.expansion === 'pending' ? ('canceled' as const) : job.expansion
      const set = { cancel_requested: 1, expansion, lease_owner: null }
      await changeJob(tx, id, { delta: { filesCanceled }, set, nowMs })
    })
    this.deps.poke()
    await this.waitForEnd(id)
    return this.publish(userId, id)
  }

  /** Sends the failed and cancelled files of a job again. Throws `ConflictError` when there are none. */
  async retry(userId: string, id: string): Promise<TransferJob> {
    const job = await this.get(userId, id)
    const nowMs = this.deps.clock.nowMs()
    await inTransaction(this.deps.db, async (tx) => {
      const files = await requeueFiles(tx, id, urgencyOf(job))
      const folders = await requeueFolders(tx, id)
      const isExpanding = folders > 0 || job.expansion === 'failed' || job.expansion === 'canceled'
      if (files.count === 0 && !isExpanding) throw nothingToRetry()
      await clearJobError(tx, id)
      const delta = { filesFailed: -files.failed, filesCanceled: -files.canceled, foldersFailed: -folders }
      const again = {
        expansion: 'pending',
        expansion_tries: 0,
        next_at_ms: nowMs,
        lease_owner: null,
      } as const
      await changeJob(tx, id, { delta, set: { cancel_requested: 0, ...(isExpanding ? again : {}) }, nowMs })
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

  private async newJob(userId: string, order: TransferOrder, ends: Ends): Promise<TransferJob> {
    const { db, clock, config } = this.deps
    const job = newJob(userId, order, { ends, createdAtMs: clock.nowMs(), executor: config.executor })
    return { ...job, queueRank: await findQueueRank(db, urgencyOf(job)) }
  }

  private async waitForEnd(jobId: string): Promise<void> {
    const patience = new AbortController()
    const limit = this.deps.clock.wait(CANCEL_PATIENCE_MS, patience.signal).catch(() => undefined)
    await Promise.race([this.deps.abortJob(jobId), limit])
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
