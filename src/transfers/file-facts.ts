import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { isJobOver } from './job-state.ts'
import type { FileNow } from './job-view.ts'
import { countAllActiveFiles } from './queue-repo.ts'
import { RateMeter } from './rate-meter.ts'
import { type WaitFacts, type WaitReason, waitReason } from './scheduling/wait-reason.ts'
import type { TransferFile, TransferJob } from './types.ts'

const NO_ROOM = new Set(['NO_SPACE', 'INSUFFICIENT_STORAGE', 'HTTP_507'])

export interface FileFactsDeps {
  db: Db
  clock: Clock
  slots: number
  maxTries: number
  /** What holds the files of a job back besides themselves: its link, its hosts. */
  waitFactsOf(job: TransferJob): WaitFacts
}

/** What is known of files besides their rows: how fast they move here, and why they do not. */
export class FileFacts {
  private readonly deps: FileFactsDeps
  private readonly moving = new Map<string, { meter: RateMeter; lastAtMs: number }>()

  constructor(deps: FileFactsDeps) {
    this.deps = deps
  }

  /** Bytes of a file came over in this process. */
  moved(fileId: string, bytes: number): void {
    const nowMs = this.deps.clock.nowMs()
    const known = this.moving.get(fileId) ?? { meter: new RateMeter(), lastAtMs: nowMs }
    known.meter.add(bytes, nowMs)
    known.lastAtMs = nowMs
    this.moving.set(fileId, known)
  }

  forget(fileId: string): void {
    this.moving.delete(fileId)
  }

  /** The facts of some files of one job. */
  async of(job: TransferJob, files: readonly TransferFile[]): Promise<(file: TransferFile) => FileNow> {
    const isAnyReady = files.some((file) => file.queue === 'ready')
    const running = isAnyReady ? await countAllActiveFiles(this.deps.db) : 0
    return (file) => {
      if (file.leaseOwner === null) return { waitReason: this.waitOf(job, file, running) }
      const known = this.moving.get(file.id)
      if (known === undefined) return {}
      const bytesPerSecond = known.meter.bytesPerSecond(this.deps.clock.nowMs())
      return { lastByteAtMs: known.lastAtMs, bytesPerSecond }
    }
  }

  private waitOf(job: TransferJob, file: TransferFile, running: number): WaitReason | undefined {
    if (file.queue === 'none' || isJobOver(job.state)) return undefined
    const { slots, clock } = this.deps
    const { notBeforeMs } = job
    return waitReason({
      ...this.deps.waitFactsOf(job),
      ...(job.isPaused ? { paused: { what: 'job', by: 'user' } } : {}),
      ...(notBeforeMs !== null && notBeforeMs > clock.nowMs()
        ? { not_before: { untilMs: notBeforeMs } }
        : {}),
      ...(file.queue === 'held' ? this.restOf(job, file) : {}),
      ...(running >= slots ? { slot_global: { running, limit: slots } } : {}),
    })
  }

  private restOf(job: TransferJob, file: TransferFile): WaitFacts {
    const untilMs = file.nextAtMs
    if (file.state === 'STAGING_PREPARING_WAIT')
      return { staging: { host: job.link.split('>')[0] ?? 'The source', sinceMs: job.createdAtMs, untilMs } }
    if (file.errorCode === null) return {}
    if (NO_ROOM.has(file.errorCode)) return { quota: { untilMs } }
    const maxAttempts = Math.min(this.deps.maxTries, job.options.maxTries ?? Infinity)
    return {
      backoff_until: {
        attempt: file.attempts,
        maxAttempts,
        error: file.errorText ?? file.errorCode,
        untilMs,
      },
    }
  }
}
