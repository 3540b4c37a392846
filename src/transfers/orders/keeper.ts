import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'

/** Other processes may order something without our hearing of it. */
const SAFETY_TICK_MS = 10_000
const AFTER_FAILURE_MS = 5_000

/** Something that is to be done now and then; does what is due, and says when it is due next. */
export interface Chore {
  name: string
  /** Returns the time of the next look in ms; infinity when nothing waits. */
  run(signal: AbortSignal): Promise<number>
}

/** Does what the clock asks for: deadlines, recurring orders, mirrors, webhooks. */
export class Keeper {
  private readonly deps: { clock: Clock; log: Logger }
  private readonly chores: readonly Chore[]
  private nap: AbortController | undefined
  private isPoked = false

  constructor(deps: { clock: Clock; log: Logger }, chores: readonly Chore[]) {
    this.deps = deps
    this.chores = chores
  }

  /** Something changed: look now. */
  poke(): void {
    this.isPoked = true
    this.nap?.abort()
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.nap?.abort()
    signal.addEventListener('abort', wake, { once: true })
    while (!signal.aborted) {
      this.isPoked = false
      const dueMs = await Promise.all(this.chores.map((chore) => this.runOne(chore, signal)))
      await this.restUntil(Math.min(...dueMs), signal)
    }
  }

  private async runOne(chore: Chore, signal: AbortSignal): Promise<number> {
    try {
      return await chore.run(signal)
    } catch (error) {
      if (!signal.aborted) this.deps.log.error({ err: error, chore: chore.name }, 'transfer chore failed')
      return this.deps.clock.nowMs() + AFTER_FAILURE_MS
    }
  }

  private async restUntil(atMs: number, signal: AbortSignal): Promise<void> {
    if (this.isPoked || signal.aborted) return
    const ms = Math.max(1, Math.min(atMs - this.deps.clock.nowMs(), SAFETY_TICK_MS))
    this.nap = new AbortController()
    await this.deps.clock.wait(ms, this.nap.signal).catch(() => undefined)
    this.nap = undefined
  }
}
