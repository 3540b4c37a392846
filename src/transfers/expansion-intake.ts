import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { claimExpansions } from './expansion-repo.ts'
import { type SecondClaims, secondsOf } from './second-claims.ts'
import type { TaskPool } from './task-pool.ts'
import type { TransferJob } from './types.ts'

const PARALLEL_EXPANSIONS = 2

export interface ExpansionIntakeDeps {
  db: Db
  clock: Clock
  owner: string
  leaseMs: number
  expansions: TaskPool
  seconds: SecondClaims
  expandJob(job: TransferJob, signal: AbortSignal): Promise<void>
}

/** Takes jobs whose source is to be listed, a few at a time. */
export class ExpansionIntake {
  private readonly deps: ExpansionIntakeDeps

  constructor(deps: ExpansionIntakeDeps) {
    this.deps = deps
  }

  /** All hands are busy. */
  get isFull(): boolean {
    return this.deps.expansions.size >= PARALLEL_EXPANSIONS
  }

  /** Takes what is due by then. */
  async takeExpansions(dueMs: number): Promise<void> {
    if (this.isFull) return
    const { db, owner, clock, leaseMs, expansions, seconds } = this.deps
    const limit = PARALLEL_EXPANSIONS - expansions.size
    const running = expansions.byId()
    const leaseUntilMs = clock.nowMs() + leaseMs
    const taken = await claimExpansions(db, { owner, nowMs: dueMs, leaseUntilMs, limit })
    for (const job of taken) if (!running.has(job.id)) this.launch(job)
    await seconds.giveBack('transfer_jobs', secondsOf(running, taken))
  }

  private launch(job: TransferJob): void {
    const { expansions, expandJob } = this.deps
    expansions.launch(job.id, { jobId: job.id }, (signal) => expandJob(job, signal))
  }
}
