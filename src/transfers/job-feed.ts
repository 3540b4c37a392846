import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { EventBus } from '../platform/events.ts'
import { isJobOver } from './job-state.ts'
import { type JobView, toJobView } from './job-view.ts'
import { countActiveFiles } from './queue-repo.ts'
import { RateMeter } from './rate-meter.ts'
import type { TransferJob } from './types.ts'

/** At most so often is the progress of a job told. */
const PUBLISH_EVERY_MS = 500

interface Watched {
  state: string
  publishedAtMs: number
  unpublished: TransferJob | undefined
}

/** Tells the world how jobs are doing: a change of state at once, progress twice a second. */
export class JobFeed {
  private readonly db: Db
  private readonly clock: Clock
  private readonly events: EventBus
  private readonly watched = new Map<string, Watched>()
  private readonly rates = new Map<string, RateMeter>()

  constructor(deps: { db: Db; clock: Clock; events: EventBus }) {
    this.db = deps.db
    this.clock = deps.clock
    this.events = deps.events
  }

  /** Bytes of a job came over in this process. */
  moved(jobId: string, bytes: number): void {
    const meter = this.rates.get(jobId) ?? new RateMeter()
    this.rates.set(jobId, meter)
    meter.add(bytes, this.clock.nowMs())
  }

  /** The job as the API shows it, with the rate as this process sees it. */
  async view(job: TransferJob): Promise<JobView> {
    const over = isJobOver(job.state)
    const active = over ? 0 : await countActiveFiles(this.db, job.id)
    const rate = over ? 0 : (this.rates.get(job.id)?.bytesPerSecond(this.clock.nowMs()) ?? 0)
    return toJobView(job, { active, bytesPerSecond: rate })
  }

  /** The job was written like this. */
  async changed(job: TransferJob): Promise<void> {
    const nowMs = this.clock.nowMs()
    const before = this.watched.get(job.id) ?? { state: '', publishedAtMs: 0, unpublished: undefined }
    if (before.state === job.state && nowMs - before.publishedAtMs < PUBLISH_EVERY_MS) {
      this.watched.set(job.id, { ...before, unpublished: job })
      return
    }
    this.watched.set(job.id, { state: job.state, publishedAtMs: nowMs, unpublished: undefined })
    await this.publish(job)
  }

  /** Tells what was held back. */
  async flush(): Promise<void> {
    for (const watched of [...this.watched.values()]) {
      if (watched.unpublished !== undefined) await this.changed(watched.unpublished)
    }
  }

  private async publish(job: TransferJob): Promise<void> {
    const snapshot = await this.view(job)
    this.events.publish('transfer', { userId: job.userId, jobId: job.id, snapshot })
    if (!isJobOver(job.state)) return
    this.watched.delete(job.id)
    this.rates.delete(job.id)
  }
}
