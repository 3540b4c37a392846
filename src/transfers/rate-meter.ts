const WINDOW_MS = 10_000

interface Sample {
  second: number
  bytes: number
}

/** Bytes per second over the last ten seconds, or over the shorter time since the first byte. */
export class RateMeter {
  private samples: Sample[] = []
  private firstAtMs: number | undefined

  add(bytes: number, nowMs: number): void {
    this.firstAtMs = Math.min(this.firstAtMs ?? nowMs, nowMs)
    const second = Math.floor(nowMs / 1000)
    const last = this.samples.at(-1)
    if (last?.second === second) last.bytes += bytes
    else this.samples.push({ second, bytes })
  }

  bytesPerSecond(nowMs: number): number {
    if (this.firstAtMs === undefined) return 0
    const oldest = Math.floor((nowMs - WINDOW_MS) / 1000)
    const newest = Math.floor(nowMs / 1000)
    // What lies in the future was counted before the clock was set back.
    this.samples = this.samples.filter(({ second }) => second > oldest && second <= newest)
    const sum = this.samples.reduce((total, sample) => total + sample.bytes, 0)
    const elapsedMs = Math.min(WINDOW_MS, Math.max(1000, nowMs - this.firstAtMs))
    return Math.round((sum * 1000) / elapsedMs)
  }
}
