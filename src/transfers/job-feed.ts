import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { EventBus } from '../platform/events.ts'
import { findJob } from './job-repo.ts'
import { isJobOver, type JobState } from './job-state.ts'
import { type JobView, toJobView } from './job-view.ts'
import { countActiveFiles } from './queue-repo.ts'
import { RateMeter } from './rate-meter.ts'
import type { TransferJob } from './types.ts'

/** At most so often is the progress of a job told. */
const TELL_EVERY_MS = 500

/** Jobs that are over are remembered so long, so that their end is told once. */
const FORGET_AFTER_MS = 60_000

/** How long to wait for another process to end a job. */
const PATIENCE_MS = 5_000

interface Watched {
  /** The newest state that somebody reported. */
  state: JobState
  toldAtMs: number
  /** There is something new since. */
  isPutOff: boolean
  /** The state that was told last. */
  lastTold?: JobState | undefined
}

/**
 * Tells the world how jobs are doing: a change of state at once, progress twice a second. Of several
 * processes of a node one tells, so that nobody hears of an older state after a newer one; the others
 * leave it to that.
 */
export class JobFeed {
  private readonly db: Db
  private readonly clock: Clock
  private readonly events: EventBus
  private readonly watched = new Map<string, Watched>()
  private readonly rates = new Map<string, RateMeter>()
  private telling: Promise<void> = Promise.resolve()
  /** How fast jobs are that run in another process, as it told. */
  private readonly foreignRates = new Map<string, number>()
  private readonly unsubscribe: () => void
  private isAppointed = false

  constructor(deps: { db: Db; clock: Clock; events: EventBus }) {
    this.db = deps.db
    this.clock = deps.clock
    this.events = deps.events
    this.unsubscribe = this.events.subscribe('transfer', ({ jobId, snapshot }, isFromElsewhere) => {
      if (isFromElsewhere) this.heard(jobId, snapshot as JobView)
    })
  }

  /** True in the one process that runs transfers and tells of them. */
  get isLeading(): boolean {
    return this.isAppointed || !this.events.isShared
  }

  /** From now on this process runs transfers. */
  lead(): void {
    this.isAppointed = true
    this.foreignRates.clear()
  }

  close(): void {
    this.unsubscribe()
  }

  /** Bytes of a job came over in this process. */
  moved(jobId: string, bytes: number): void {
    const meter = this.rates.get(jobId) ?? new RateMeter()
    this.rates.set(jobId, meter)
    meter.add(bytes, this.clock.nowMs())
  }

  /** The job as the API shows it, with the rate as this process sees it. */
  async view(job: TransferJob): Promise<JobView> {
    const [view] = await this.views([job])
    return view as JobView
  }

  /** The same for several, with one query for all. */
  async views(jobs: readonly TransferJob[]): Promise<JobView[]> {
    const open = jobs.filter(({ state }) => !isJobOver(state)).map(({ id }) => id)
    const active = await countActiveFiles(this.db, open)
    return jobs.map((job) => {
      const bytesPerSecond = isJobOver(job.state) ? 0 : this.rateOf(job.id)
      return toJobView(job, { active: active.get(job.id) ?? 0, bytesPerSecond })
    })
  }

  /** Resolves when the process that runs transfers says that the job is over, and in any case after a while. */
  async overElsewhere(jobId: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const stop = this.events.subscribe('transfer', (event) => {
      if (event.jobId === jobId && isJobOver((event.snapshot as JobView).state)) resolve()
    })
    const patience = new AbortController()
    try {
      const job = await findJob(this.db, jobId)
      if (job === undefined || isJobOver(job.state)) return
      await Promise.race([promise, this.clock.wait(PATIENCE_MS, patience.signal).catch(() => undefined)])
    } finally {
      patience.abort()
      stop()
    }
  }

  /** The job was written. Resolves when it has been told, or put off because it was told just now. */
  changed(job: TransferJob): Promise<void> {
    if (!this.isLeading) {
      this.events.tellOthers('transferChanged', { jobId: job.id })
      return Promise.resolve()
    }
    const before = this.watched.get(job.id)
    const isSame = before?.state === job.state
    if (isSame && isJobOver(job.state)) return Promise.resolve()
    if (isSame && this.clock.nowMs() - before.toldAtMs < TELL_EVERY_MS) {
      before.isPutOff = true
      return Promise.resolve()
    }
    const { lastTold } = before ?? {}
    this.watched.set(job.id, { state: job.state, toldAtMs: this.clock.nowMs(), isPutOff: false, lastTold })
    return this.enqueue(job.id)
  }

  /** Tells what was put off. */
  async flush(): Promise<void> {
    const nowMs = this.clock.nowMs()
    for (const [id, watched] of [...this.watched]) {
      if (isJobOver(watched.state)) {
        if (nowMs - watched.toldAtMs > FORGET_AFTER_MS) this.watched.delete(id)
      } else if (watched.isPutOff) {
        this.watched.set(id, { ...watched, toldAtMs: nowMs, isPutOff: false })
        await this.enqueue(id)
      }
    }
  }

  private heard(jobId: string, { state, bytesPerSecond }: JobView): void {
    if (isJobOver(state)) this.foreignRates.delete(jobId)
    else this.foreignRates.set(jobId, bytesPerSecond)
  }

  private rateOf(jobId: string): number {
    return this.rates.get(jobId)?.bytesPerSecond(this.clock.nowMs()) ?? this.foreignRates.get(jobId) ?? 0
  }

  /** One after the other, each read anew: so nobody hears of an older state after a newer one. */
  private enqueue(jobId: string): Promise<void> {
    const told = this.telling.then(() => this.tell(jobId))
    this.telling = told.catch(() => undefined)
    return told
  }

  private async tell(jobId: string): Promise<void> {
    const job = await findJob(this.db, jobId)
    if (job === undefined) return
    const watched = this.watched.get(jobId)
    const isTold = watched?.lastTold === job.state && isJobOver(job.state)
    if (isTold) return
    const snapshot = await this.view(job)
    this.events.publish('transfer', { userId: job.userId, jobId, snapshot })
    this.watched.set(jobId, {
      state: job.state,
      toldAtMs: this.clock.nowMs(),
      isPutOff: false,
      lastTold: job.state,
    })
    if (isJobOver(job.state)) this.rates.delete(jobId)
  }
}
