import type { LinkSample } from '../scheduling/link-optimizer.ts'

/** Counts what a link does between two looks of the optimizer. */
export class LinkMeter {
  /** Files that move now. */
  running = 0
  /** Files that wait for the link, as far as they were counted. */
  queued = 0
  private bytes = 0
  private files = 0
  private fileBytes = 0
  private failed = 0
  private sinceMs: number
  /** Running files times milliseconds, for the average. */
  private load = 0
  private loadedAtMs: number

  constructor(nowMs: number) {
    this.sinceMs = this.loadedAtMs = nowMs
  }

  started(nowMs: number): void {
    this.addLoad(nowMs)
    this.running++
  }

  ended(nowMs: number): void {
    this.addLoad(nowMs)
    this.running = Math.max(0, this.running - 1)
  }

  moved(bytes: number): void {
    this.bytes += bytes
  }

  succeeded(sizeBytes: number): void {
    this.files++
    this.fileBytes += sizeBytes
  }

  failedBecauseOfLink(): void {
    this.failed++
  }

  /** What was seen since the last time, which begins anew; undefined before `intervalMs` are over. */
  sample(nowMs: number, intervalMs: number): LinkSample | undefined {
    const elapsedMs = nowMs - this.sinceMs
    if (elapsedMs >= 0 && elapsedMs < intervalMs) return undefined
    this.addLoad(nowMs)
    const sample: LinkSample = {
      nowMs,
      bytesPerSecond: Math.round((this.bytes * 1000) / Math.max(1, elapsedMs)),
      ...(this.files === 0 ? {} : { fileSizeBytes: Math.round(this.fileBytes / this.files) }),
      succeeded: this.files,
      failed: this.failed,
      active: this.running,
      queued: this.queued,
      connections: this.load / Math.max(1, elapsedMs),
    }
    this.bytes = this.files = this.fileBytes = this.failed = this.load = 0
    this.sinceMs = nowMs
    return sample
  }

  private addLoad(nowMs: number): void {
    this.load += this.running * Math.max(0, nowMs - this.loadedAtMs)
    this.loadedAtMs = nowMs
  }
}
