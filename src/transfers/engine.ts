import { regularly } from '../platform/regularly.ts'
import type { ApiDeps } from './api.ts'
import { sweepCache } from './cache/cache-room.ts'
import { TransferCache } from './cache/transfer-cache.ts'
import { createDeliveryRoom, type DeliveryRoom } from './delivery/room.ts'
import { Dispatcher } from './dispatcher.ts'
import type { DirectExecutor, TransferExecutor } from './executors/executor.ts'
import type { GeneratorDeps } from './expand-folder.ts'
import { FileFacts } from './file-facts.ts'
import { type RunDeps, runFile } from './file-run.ts'
import { expandJob } from './generator.ts'
import type { TransfersDeps } from './index.ts'
import { JobContexts } from './job-contexts.ts'
import { JobFeed } from './job-feed.ts'
import { findJob } from './job-repo.ts'
import { isJobOver } from './job-state.ts'
import { Journal } from './journal.ts'
import { LinkControl } from './links/link-control.ts'
import {
  type AttemptResult,
  createTransferMetrics,
  registerLinkMetrics,
  type TransferMetrics,
} from './metrics.ts'
import type { OperatorApiDeps } from './operator-api.ts'
import { cleanupChore } from './orders/cleanup.ts'
import { deadlineChore } from './orders/deadlines.ts'
import { Keeper } from './orders/keeper.ts'
import { RecurringOrders } from './orders/recurring.ts'
import { webhookChore } from './orders/webhooks.ts'
import type { Run } from './run.ts'
import { Scheduler } from './scheduler.ts'
import { TransferService } from './service.ts'
import { sweepStaging } from './sweep.ts'
import { TapeDesk } from './tape/tape-desk.ts'
import { dropUnneeded } from './tape/tape-repo.ts'
import type { Fault } from './transfer-error.ts'
import type { TransferJob } from './types.ts'
import { WorkerLife } from './worker-life.ts'

const PROGRESS_EVERY_MS = 500
const CLOSE_GRACE_MS = 10_000
const SWEEP_EVERY_MS = 3_600_000

/** Who can move bytes here. */
export interface Executors {
  executors: readonly TransferExecutor[]
  directExecutors: readonly DirectExecutor[]
}

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
  private readonly executors: readonly TransferExecutor[]
  private readonly directExecutors: readonly DirectExecutor[]
  private readonly metrics: TransferMetrics
  private readonly life: WorkerLife
  private readonly contexts: JobContexts
  private readonly journal: Journal
  private readonly scheduler: Scheduler
  private readonly keeper: Keeper
  private readonly ending = new AbortController()
  private loops: Promise<void>[] = []
  private readonly unsubscribe: (() => void)[]

  constructor(deps: TransfersDeps, { executors, directExecutors }: Executors) {
    const { db, clock, endpoints, config } = deps
    this.deps = deps
    this.executors = executors
    this.directExecutors = directExecutors
    this.life = new WorkerLife(deps)
    const { cacheFolder: folder } = deps
    this.cache =
      folder === undefined ? undefined : new TransferCache({ ...deps, folder, config: config.cache })
    this.tape = new TapeDesk(deps)
    this.metrics = createTransferMetrics(deps.registry, db)
    this.feed = new JobFeed(deps)
    this.links = new LinkControl({
      db,
      clock,
      log: deps.log,
      limits: config.links,
      bandwidth: config.bandwidth,
      timeZone: config.timeZone,
    })
    registerLinkMetrics(deps.registry, this.links)
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
    this.scheduler = this.newScheduler()
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
      poke: () => {
        this.scheduler.poke()
        this.keeper.poke()
        deps.events.tellOthers('transferWork', {})
      },
    })
    this.fileFacts = this.newFileFacts()
    this.recurring = this.newRecurring()
    this.keeper = this.newKeeper()
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
    this.loops = [
      this.begin(),
      this.reportProgress(),
      this.sweepNowAndThen(),
      this.keeper.run(this.ending.signal),
    ]
  }

  async close(): Promise<void> {
    this.ending.abort()
    this.feed.close()
    for (const stop of this.unsubscribe) stop()
    await Promise.all(this.loops)
    await this.scheduler.close(CLOSE_GRACE_MS)
    await Promise.all([...this.executors, ...this.directExecutors].map((executor) => executor.close()))
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
    const { slots, emergencySlots, shareWeights } = config
    return { db, events, links: this.links, slots, emergencySlots, shareWeights }
  }

  private async begin(): Promise<void> {
    await this.links.reload()
    await this.life.begin()
    if (!this.ending.signal.aborted) this.scheduler.start()
  }

  private async reportProgress(): Promise<void> {
    const { signal } = this.ending
    while (!signal.aborted) {
      await this.deps.clock.wait(PROGRESS_EVERY_MS, signal).catch(() => undefined)
      for (const file of this.scheduler.runningFiles())
        if (file.state === 'TRANSFERRING') this.journal.note(file)
      await this.links.evaluate().catch((error) => this.deps.log.warn({ err: error }, 'links not evaluated'))
      await this.feed
        .flush()
        .catch((error) => this.deps.log.warn({ err: error }, 'transfer progress not told'))
    }
  }

  private async sweepNowAndThen(): Promise<void> {
    const { signal } = this.ending
    const sweep = async () => {
      await sweepStaging(this.deps, signal)
      if (this.cache !== undefined) await sweepCache(this.cache.deps)
      await dropUnneeded(this.deps.db)
    }
    await regularly(this.deps.clock, { everyMs: SWEEP_EVERY_MS, signal }, sweep, (error) =>
      this.deps.log.warn({ err: error }, 'staging folders not swept'),
    )
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

  private newFileFacts(): FileFacts {
    const { db, clock, config } = this.deps
    return new FileFacts({
      ...{ db, clock, slots: config.slots, maxTries: config.maxTries },
      waitFactsOf: ({ link }) => {
        const { isPaused, pauseReason } = this.links.factsOf(link)
        if (!isPaused) return {}
        const reason = pauseReason === null ? {} : { reason: pauseReason }
        return { paused: { what: 'link', by: 'operator', ...reason } }
      },
    })
  }

  private newRecurring(): RecurringOrders {
    const { db, clock, endpoints, log, events } = this.deps
    return new RecurringOrders({
      ...{ db, clock, endpoints, log },
      check: async (userId, order) => void (await this.service.check(userId, order)),
      submit: (userId, order) => this.service.submit(userId, order),
      poke: () => {
        this.keeper.poke()
        events.tellOthers('transferWork', {})
      },
    })
  }

  private newKeeper(): Keeper {
    const { db, clock, log, outbound, seal } = this.deps
    const random = this.deps.random ?? Math.random
    return new Keeper({ clock, log }, [
      deadlineChore({ db, clock, expire: (jobId) => this.service.expire(jobId) }),
      cleanupChore({ db, clock, log, contexts: this.contexts, onJob: (job) => this.tell(job) }),
      webhookChore({ db, clock, log, outbound, seal, feed: this.feed, random }),
      this.recurring.chore(),
    ])
  }

  private newScheduler(): Scheduler {
    const { db, clock, log, config } = this.deps
    const run = this.runDeps()
    const generator = this.generatorDeps()
    return new Scheduler({
      db,
      clock,
      log,
      journal: this.journal,
      contexts: this.contexts,
      owner: this.life.owner,
      dispatcher: this.newDispatcher(),
      slots: config.slots,
      emergencySlots: config.emergencySlots,
      leaseMs: config.leaseSeconds * 1000,
      runFile: (file, signal) => runFile(run, file, signal),
      links: this.links,
      expandJob: (job, signal) => expandJob(generator, job, signal),
      onBeat: () => this.life.beat(),
    })
  }

  private newDispatcher(): Dispatcher {
    const { db, clock, config } = this.deps
    return new Dispatcher({
      db,
      clock,
      owner: this.life.owner,
      slots: config.slots,
      emergencySlots: config.emergencySlots,
      shareWeights: config.shareWeights,
      leaseMs: config.leaseSeconds * 1000,
      rooms: {
        ofLink: (link, running) => this.links.roomOf(link, running),
        ofHost: (host) => this.links.breakers.roomOf(host),
      },
      onQueued: (queued) => this.links.noteQueued(queued),
    })
  }

  private runDeps(): RunDeps {
    const { outbound, clock, log, config } = this.deps
    return {
      journal: this.journal,
      outbound,
      cache: this.cache,
      tape: this.tape,
      delivery: this.delivery.desk,
      executors: new Map(this.executors.map((executor) => [executor.name, executor])),
      directExecutors: new Map(this.directExecutors.map((executor) => [executor.name, executor])),
      onBytes: (run, bytes) => this.countBytes(run, bytes),
      throttlesOf: ({ context }) => [...context.throttles, ...this.links.throttlesOf(context.job.link)],
      contexts: this.contexts,
      clock,
      log,
      random: this.deps.random ?? Math.random,
      maxTries: config.maxTries,
      retryBaseSeconds: config.retryBaseSeconds,
      onAttempt: (run, result, fault) => this.attemptEnded(run, result, fault),
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

  private generatorDeps(): GeneratorDeps {
    const { db, clock, log, config } = this.deps
    return {
      db,
      clock,
      log,
      owner: this.life.owner,
      contexts: this.contexts,
      random: this.deps.random ?? Math.random,
      maxTries: config.maxTries,
      retryBaseSeconds: config.retryBaseSeconds,
      onJob: (job) => this.tell(job),
      onFiles: () => this.scheduler.poke(),
    }
  }
}
