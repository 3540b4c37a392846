import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { EventBus } from '../../platform/events.ts'
import { type Delivery, listByLeases } from './deliveries-repo.ts'

const LOOK_MS = 250

interface Waiter {
  resolve(now: Delivery | undefined): void
  reject(error: unknown): void
}

/** Looks at all deliveries that somebody waits for with one query, a few times a second and when told to. */
export class DeliveryWatch {
  private readonly deps: { db: Db; clock: Clock; events: EventBus }
  private readonly waiters = new Map<string, Waiter[]>()
  private looking: Promise<void> | undefined
  private nap = new AbortController()
  private isTold = false

  constructor(deps: { db: Db; clock: Clock; events: EventBus }) {
    this.deps = deps
    deps.events.subscribe('deliveryReport', () => {
      this.isTold = true
      this.nap.abort()
    })
  }

  /** How a delivery looks at the next look; undefined when it is not there any more. Rejects when the signal aborts. */
  next(leaseId: string, signal: AbortSignal): Promise<Delivery | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Delivery | undefined>()
    if (signal.aborted) return Promise.reject(signal.reason)
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    this.waiters.set(leaseId, [...(this.waiters.get(leaseId) ?? []), { resolve, reject }])
    this.looking ??= this.look().finally(() => {
      this.looking = undefined
    })
    return promise.finally(() => signal.removeEventListener('abort', abort))
  }

  private async look(): Promise<void> {
    while (this.waiters.size > 0) {
      if (!this.isTold) await this.deps.clock.wait(LOOK_MS, this.nap.signal).catch(() => undefined)
      this.nap = new AbortController()
      this.isTold = false
      const waiting = new Map(this.waiters)
      this.waiters.clear()
      try {
        const found = await listByLeases(this.deps.db, [...waiting.keys()])
        for (const [leaseId, waiters] of waiting)
          for (const { resolve } of waiters) resolve(found.find((one) => one.leaseId === leaseId))
      } catch (error) {
        for (const { reject } of [...waiting.values()].flat()) reject(error)
      }
      // Those who go on waiting come back within this turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
