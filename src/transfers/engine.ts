import type { ApiDeps } from './api.ts'
import type { TransferCache } from './cache/transfer-cache.ts'
import { createDeliveryRoom, type DeliveryRoom } from './delivery/room.ts'
import {
  createCache,
  createFileFacts,
  createLinks,
  createScheduler,
  type EngineParts,
  type Executors,
} from './engine-parts.ts'
import type { FileFacts } from './file-facts.ts'
import type { TransfersDeps } from './index.ts'
import { JobContexts } from './job-contexts.ts'
import { JobFeed } from './job-feed.ts'
import { findJob } from './job-repo.ts'
import { isJobOver } from './job-state.ts'
import { Journal } from './journal.ts'
import type { LinkControl } from './links/link-control.ts'
import { type AttemptResult, createTransferMetrics, type TransferMetrics } from './metrics.ts'
import type { OperatorApiDeps } from './operator-api.ts'
import type { Keeper } from './orders/keeper.ts'
import type { RecurringOrders } from './orders/recurring.ts'
import { createTimedOrders } from './orders/timed-orders.ts'
import type { Run } from './run.ts'
import type { Scheduler } from './scheduler.ts'
import { TransferService } from './service.ts'
import { TapeDesk } from './tape/tape-desk.ts'
import type { Fault } from './transfer-error.ts'
import type { TransferJob } from './types.ts'
import { repairNowAndThen, reportProgress, sweepNowAndThen } from './upkeep.ts'
import { WorkerLife } from './worker-life.ts'

const CLOSE_GRACE_MS = 10_000

/** Wires the parts of the room together and owns their life. */
export class TransferEngine {
  readonly feed: JobFeed
  readonly service: TransferService
  readonly links: LinkControl
  readonly cache: TransferCache | undefined
  readonly delivery: DeliveryRoom
  private readonly tape: TapeDesk
  readonly recurring: RecurringOrders
  readonly fileFacts: FileFacts
  private readonly deps: TransfersDeps
  private readonly executors: Executors
  private readonly metrics: TransferMetrics
  private readonly life: WorkerLife
  private readonly contexts: JobContexts
  private readonly journal: Journal
  private readonly scheduler: Scheduler
  private readonly keeper: Keeper
  private readonly ending = new AbortController()
  private loops: Promise<void>[] = []
  private readonly unsubscribe: (() => void)[]

  constructor(deps: TransfersDeps, executors: Executors) {
    const { db, clock, endpoints, config } = deps
    this.deps = deps
    this.executors = executors
    this.life = new WorkerLife(deps)
    this.cache = createCache(deps)
    this.tape = new TapeDesk(deps)
    this.metrics = createTransferMetrics(deps.registry, db)
    this.feed = new JobFeed(deps)
    this.links = createLinks(deps)
    this.contexts = new JobContexts({ db, clock, endpoints })
    this.journal = new Journal({
      db,
      clock,
      owner: this.life.owner,
      leaseMs: config.leaseSeconds * 1000,
      onJobs: (jobs) => {
        for (const job of jobs) this.tell(job)
      },
    })
    this.delivery = createDeliveryRoom({
      ...deps,
      journal: this.journal,
      isClosing: () => this.ending.signal.aborted,
    })
    this.scheduler = createScheduler(this.parts())
    this.service = new TransferService({
      db,
      clock,
      endpoints,
      config,
      feed: this.feed,
      abortJob: (jobId, reason) => this.endJob(jobId, reason),
      abortFile: (fileId) => this.scheduler.abortFile(fileId),
      seal: deps.seal,
      outbound: deps.outbound,
      userNameOf: deps.userNameOf,
      groupsOf: deps.groupsOf,
      poke: () => {
        this.scheduler.poke()
        this.keeper.poke()
        deps.events.tellOthers('transferWork', {})
      },
    })
    this.fileFacts = createFileFacts(deps, this.links)
    const timed = createTimedOrders(deps, {
      ...{ service: this.service, feed: this.feed, contexts: this.contexts },
      onJob: (job) => this.tell(job),
    })
    this.recurring = timed.recurring
    this.keeper = timed.keeper
    this.unsubscribe = [
      deps.events.subscribe('transferWork', () => {
        this.scheduler.poke()
        this.keeper.poke()
      }),
      deps.events.subscribe('transferCancel', ({ jobId, reason }) => void this.abortJob(jobId, reason)),
      deps.events.subscribe(
        'transferLinks',
        () => void this.links.reload().then(() => this.scheduler.poke()),
      ),
      deps.events.subscribe('transferChanged', ({ jobId }) => void this.tellOf(jobId)),
    ]
  }

  start(): void {
    if (this.loops.length > 0) return
    this.feed.lead()
    const { scheduler, journal, links, feed, deps, cache } = this
    const { signal } = this.ending
    this.loops = [
      this.begin(),
      reportProgress({ ...deps, scheduler, journal, links, feed }, signal),
      sweepNowAndThen({ deps, cache, links }, signal),
      repairNowAndThen(deps, signal),
      this.keeper.run(signal),
    ]
  }

  async close(): Promise<void> {
    this.ending.abort()
    this.feed.close()
    for (const stop of this.unsubscribe) stop()
    await Promise.all(this.loops)
    await this.scheduler.close(CLOSE_GRACE_MS)
    const { executors, directExecutors } = this.executors
    await Promise.all([...executors, ...directExecutors].map((executor) => executor.close()))
    await this.life.end()
  }

  idle(): Promise<void> {
    return this.scheduler.idle()
  }

  /** What the routes of users need. */
  apiDeps(): ApiDeps {
    const { db } = this.deps
    return { db, service: this.service, feed: this.feed, fileFacts: this.fileFacts }
  }

  /** What the operator's routes show. */
  operatorDeps(): OperatorApiDeps {
    const { db, events, config } = this.deps
    const { slots, emergencySlots, stageSlots, sharePolicy, shareWeights } = config
    return {
      ...{ db, events, links: this.links, slots, emergencySlots, stageSlots, sharePolicy, shareWeights },
      outsideFiles: () => this.scheduler.outsideFiles(),
    }
  }

  private async begin(): Promise<void> {
    await this.links.reload()
    await this.life.begin()
    if (!this.ending.signal.aborted) this.scheduler.start()
  }

  private tell(job: TransferJob): void {
    const isOver = isJobOver(job.state)
    if (isOver) this.contexts.drop(job.id)
    if (isOver || job.cleanup === 'pending') this.keeper.poke()
    if (!isOver && job.options.onItemError === 'fail' && job.filesFailed + job.foldersFailed > 0)
      this.service
        .endAfterFailure(job)
        .catch((error) => this.deps.log.error({ err: error, jobId: job.id }, 'transfer not ended'))
    this.feed.changed(job).catch((error) => this.deps.log.warn({ err: error }, 'transfer change not told'))
  }

  /** Another process wrote this job. */
  private async tellOf(jobId: string): Promise<void> {
    if (!this.feed.isLeading) return
    const job = await findJob(this.deps.db, jobId).catch(() => undefined)
    if (job !== undefined) this.tell(job)
  }

  private async abortJob(jobId: string, reason: 'cancel' | 'stop'): Promise<void> {
    this.contexts.drop(jobId)
    await this.scheduler.abortJob(jobId, reason)
  }

  /** Ends what runs for a job, in whichever process of the node that is. */
  private async endJob(jobId: string, reason: 'cancel' | 'stop'): Promise<void> {
    if (this.feed.isLeading) return this.abortJob(jobId, reason)
    this.deps.events.tellOthers('transferCancel', { jobId, reason })
    if (reason === 'cancel') await this.feed.overElsewhere(jobId)
  }

  private parts(): EngineParts {
    const { deps, executors, life, contexts, journal, links, cache, tape } = this
    return {
      ...{ deps, executors, life, contexts, journal, links, cache, tape },
      delivery: this.delivery.desk,
      onBytes: (run, bytes) => this.countBytes(run, bytes),
      onAttempt: (run, result, fault) => this.attemptEnded(run, result, fault),
      onJob: (job) => this.tell(job),
      onFiles: () => this.scheduler.poke(),
    }
  }

  private countBytes({ file, context }: Run, bytes: number): void {
    this.metrics.bytesMoved(bytes)
    this.links.moved(context.job.link, bytes)
    this.feed.moved(file.jobId, bytes)
    this.fileFacts.moved(file.id, bytes)
  }

  private attemptEnded({ file, context, bytesMoved }: Run, result: AttemptResult, fault?: Fault): void {
    const { link } = context.job
    this.fileFacts.forget(file.id)
    this.metrics.attemptEnded(result)
    if (fault !== undefined) this.links.failed(link, fault, bytesMoved)
    else if (result === 'done') this.links.succeeded(link, file.sizeBytes)
  }
}
