import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { extendExpansionLeases } from './expansion-repo.ts'
import { listCancelRequestedFiles } from './file-cancel-repo.ts'
import type { JobContexts } from './job-contexts.ts'
import { listWishes } from './job-repo.ts'
import { extendFileLeases } from './queue-repo.ts'
import type { TaskPool } from './task-pool.ts'

export interface HeartbeatDeps {
  db: Db
  clock: Clock
  contexts: Pick<JobContexts, 'drop'>
  /** Under whose name the leases are held. */
  owner: string
  leaseMs: number
  files: TaskPool
  expansions: TaskPool
  /** The worker is alive. */
  onBeat(): Promise<void>
}

/** Keeps what runs here ours: extends its leases three times in their length, and hears who wants it ended. */
export class Heartbeat {
  private readonly deps: HeartbeatDeps
  private lastAtMs = 0

  constructor(deps: HeartbeatDeps) {
    this.deps = deps
  }

  /** All leases are new. */
  begin(): void {
    this.lastAtMs = this.deps.clock.nowMs()
  }

  /** The next look beats, whenever the last one was. */
  hasten(): void {
    this.lastAtMs = 0
  }

  /**
   * Returns until when no lease of what runs here was over: who takes what is due later than that may take it
   * from ourselves. Throws when the database cannot be asked; the beat is still due then, before anything else.
   */
  async beatWhenDue(): Promise<number> {
    const { clock, leaseMs } = this.deps
    const beginMs = clock.nowMs()
    if (beginMs - this.lastAtMs < leaseMs / 3) return beginMs
    await this.extend()
    await this.hearWishes()
    await this.deps.onBeat()
    this.lastAtMs = beginMs
    return beginMs
  }

  /** What is not ours any more is ended: another worker has it. */
  private async extend(): Promise<void> {
    const { db, owner, clock, leaseMs, files, expansions } = this.deps
    const untilMs = clock.nowMs() + leaseMs
    const fileIds = files.ids()
    const jobIds = expansions.ids()
    const heldFiles = await extendFileLeases(db, owner, fileIds, untilMs)
    const heldJobs = await extendExpansionLeases(db, owner, jobIds, untilMs)
    files.abortIds(fileIds.filter((id) => !heldFiles.has(id)))
    expansions.abortIds(jobIds.filter((id) => !heldJobs.has(id)))
  }

  /** Cancellations and pauses that other processes took. */
  private async hearWishes(): Promise<void> {
    const { db, contexts, files, expansions } = this.deps
    for (const fileId of await listCancelRequestedFiles(db, files.ids())) files.abortId(fileId, 'cancel')
    const running = [...files.all(), ...expansions.all()].map((task) => task.jobId)
    for (const [jobId, reason] of await listWishes(db, [...new Set(running)])) {
      contexts.drop(jobId)
      for (const pool of [files, expansions]) void pool.abort(reason, (task) => task.jobId === jobId)
    }
  }
}
