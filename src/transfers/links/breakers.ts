import type { Clock } from '../../platform/clock.ts'
import {
  type BreakerAnswer,
  type BreakerState,
  isHostFailure,
  isOutdated,
  mayStart,
  nextBreaker,
} from '../scheduling/circuit-breaker.ts'
import type { Fault } from '../transfer-error.ts'
import { hostAt, hostsOf } from './link-hosts.ts'
import { MAX_REMEMBERED, shorten } from './link-memory.ts'

/** The circuit breakers of the hosts that transfers speak to; known to this process only. */
export class Breakers {
  private readonly clock: Clock
  private readonly states = new Map<string, BreakerState>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** How many more files may start towards a host. */
  roomOf(host: string): number {
    const answer = this.ask(host)
    if (!answer.isAllowed) return 0
    return answer.isTrial ? 1 : Infinity
  }

  ask(host: string): BreakerAnswer {
    return mayStart(this.states.get(host), host, this.clock.nowMs())
  }

  /** The hosts that are left in peace now, and why. */
  open(): { host: string; why: string; untilMs: number }[] {
    return [...this.states.keys()].flatMap((host) => {
      const answer = this.ask(host)
      return answer.isAllowed ? [] : [{ host, why: answer.why, untilMs: answer.untilMs }]
    })
  }

  /** How many hosts something is remembered of. */
  get remembered(): number {
    return this.states.size
  }

  started(link: string): void {
    for (const host of hostsOf(link)) this.tell(host, { kind: 'started' })
  }

  /** Bytes came, or an answer that only a working server gives. */
  answered(link: string): void {
    if (this.states.size === 0) return
    for (const host of hostsOf(link)) this.tell(host, { kind: 'answered' })
  }

  failed(link: string, fault: Fault, bytesMoved: boolean): void {
    const host = hostAt(link, fault.location)
    if (host === undefined) return
    const { message: reason, retryAfterSeconds } = fault
    const isOfHost = isHostFailure(fault, bytesMoved)
    this.tell(host, isOfHost ? { kind: 'failed', reason, retryAfterSeconds } : { kind: 'answered' })
  }

  /** Forgets hosts that nobody asked for since their failures were of interest, and the oldest of too many. */
  tidy(): void {
    const nowMs = this.clock.nowMs()
    for (const [host, state] of this.states) if (isOutdated(state, nowMs)) this.states.delete(host)
    shorten(this.states, MAX_REMEMBERED)
  }

  private tell(host: string, event: Parameters<typeof nextBreaker>[1]): void {
    const next = nextBreaker(this.states.get(host), event, this.clock.nowMs())
    if (next === undefined) this.states.delete(host)
    else {
      // Behind all others: in the order in which something was heard of them.
      this.states.delete(host)
      this.states.set(host, next)
      if (this.states.size > 2 * MAX_REMEMBERED) this.tidy()
    }
  }
}
