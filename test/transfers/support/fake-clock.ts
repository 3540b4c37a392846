import type { Clock } from '../../../src/platform/clock.ts'

interface Timer {
  atMs: number
  fire(): void
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  private timeMs = 1_800_000_000_000
  private timers: Timer[] = []

  nowMs(): number {
    return this.timeMs
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const timer = { atMs: this.timeMs + ms, fire: resolve }
      this.timers.push(timer)
      signal?.addEventListener('abort', () => {
        this.timers = this.timers.filter((other) => other !== timer)
        reject(signal.reason)
      })
    })
  }

  /** What an operator or a time server does; who waits for a span is not concerned. */
  setBack(ms: number): void {
    this.timeMs -= ms
    for (const timer of this.timers) timer.atMs -= ms
  }

  advance(ms: number): void {
    this.timeMs += ms
    const due = this.timers.filter((timer) => timer.atMs <= this.timeMs)
    this.timers = this.timers.filter((timer) => timer.atMs > this.timeMs)
    for (const timer of due) timer.fire()
  }
}
