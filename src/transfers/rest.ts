import type { Clock } from '../platform/clock.ts'

/** Why a rest ends; one for all, because an error of its own for each would cost more than the rest saves. */
const POKED = Symbol('poked')

/** The rest of a loop between two rounds, which anybody can end. */
export class Rest {
  private readonly clock: Clock
  private readonly longestMs: number
  private isPoked = false
  private nap: AbortController | undefined

  constructor(clock: Clock, longestMs: number) {
    this.clock = clock
    this.longestMs = longestMs
  }

  /** Ends the rest; when none is on, the next one does not begin. */
  poke(): void {
    this.isPoked = true
    this.nap?.abort(POKED)
  }

  /** A round begins: only pokes from now on ask for another. */
  beginRound(): void {
    this.isPoked = false
  }

  /** Does nothing until that time, or until somebody pokes. */
  async until(atMs: number): Promise<void> {
    // Never longer than that, wherever the clock was set to during the round.
    const ms = Math.min(atMs - this.clock.nowMs(), this.longestMs)
    if (ms <= 0 || this.isPoked) return
    this.nap = new AbortController()
    await this.clock.wait(ms, this.nap.signal).catch(() => undefined)
    this.nap = undefined
  }
}
