const WINDOW_MS = 10_000

/** The rate of bytes over the last ten seconds. */
export class RateMeter {
  private readonly samples: { atMs: number; bytes: number }[] = []
  private readonly startedAtMs: number

  constructor(startedAtMs: number) {
    this.startedAtMs = startedAtMs
  }

  /** So many bytes went just now. */
  add(bytes: number, nowMs: number): void {
    this.samples.push({ atMs: nowMs, bytes })
    this.forget(nowMs)
  }

  /** Bytes in a second; 0 when none went for ten seconds. */
  rate(nowMs: number): number {
    this.forget(nowMs)
    const bytes = this.samples.reduce((sum, sample) => sum + sample.bytes, 0)
    const spanMs = Math.min(WINDOW_MS, Math.max(1_000, nowMs - this.startedAtMs))
    return (bytes * 1_000) / spanMs
  }

  private forget(nowMs: number): void {
    const old = this.samples.findIndex(({ atMs }) => atMs > nowMs - WINDOW_MS)
    if (old !== 0) this.samples.splice(0, old < 0 ? this.samples.length : old)
  }
}
