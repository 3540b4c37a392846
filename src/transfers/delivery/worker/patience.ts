import type { Clock } from '../../../platform/clock.ts'
import { messageOf } from '../../../platform/errors.ts'
import type { Logger } from '../../../platform/log.ts'
import { isFinalRefusal, isLeaseLost } from './refused.ts'

const RETRY_FIRST_MS = 500
const RETRY_MOST_MS = 15_000

/** How a worker keeps asking a node that does not answer. */
export class Patience {
  private readonly clock: Clock
  private readonly log: Logger

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.clock = clock
    this.log = log
  }

  /** A report is repeated while the lease may hold; what the node does not want is dropped. */
  async tell(leaseMs: number, report: () => Promise<void>): Promise<void> {
    const { clock } = this
    const untilMs = clock.nowMs() + leaseMs
    for (let waitMs = RETRY_FIRST_MS; ; waitMs *= 2) {
      try {
        return await report()
      } catch (error) {
        if (isLeaseLost(error) || isFinalRefusal(error)) return
        if (clock.nowMs() > untilMs) throw error
      }
      await clock.wait(Math.min(waitMs, RETRY_MOST_MS))
    }
  }

  /** Asks until there is an answer; undefined when told to end. Throws what no repeat helps against. */
  async insist<T>(what: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T | undefined> {
    const { clock, log } = this
    for (let waitMs = RETRY_FIRST_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, RETRY_MOST_MS)) {
      try {
        return await ask()
      } catch (error) {
        if (signal.aborted) return undefined
        if (isFinalRefusal(error)) throw error
        log.warn({ what, reason: messageOf(error), waitMs }, 'the node does not answer')
      }
      await clock.wait(waitMs, signal).catch(() => undefined)
    }
    return undefined
  }
}
