import { classify } from '../classify.ts'
import { type Delivery, takeOffers } from './deliveries-repo.ts'
import { findHost, type HostRow, markHostSeen } from './hosts-repo.ts'
import { type LeaseReportDeps, reportLease } from './lease-report.ts'
import { type LeaseSourceDeps, toLease } from './lease-source.ts'
import type { Lease, TakeOrder } from './wire.ts'
import { assertSession } from './worker-session.ts'

/** A long poll looks at the table at least so often: the offer may come from another process. */
const LOOK_MS = 1000

export interface OfferQueueDeps extends LeaseReportDeps, LeaseSourceDeps {
  leaseMs: number
}

/** What is offered to workers, as each of them asks for it. */
export class OfferQueue {
  private readonly deps: OfferQueueDeps

  constructor(deps: OfferQueueDeps) {
    this.deps = deps
  }

  /** Waits until there is something for this worker, and hands it out. */
  async take(host: HostRow, order: TakeOrder, signal: AbortSignal): Promise<Lease[]> {
    const { db, clock } = this.deps
    const untilMs = clock.nowMs() + order.waitSeconds * 1000
    assertSession(host, order.session)
    // Once: whoever sleeps while this waits is alive only as long as its heartbeats come.
    await markHostSeen(db, host.id, order.load, clock.nowMs())
    for (;;) {
      // Whoever has gone gets nothing: it would lie there until its lease is over.
      if (signal.aborted) return []
      const taken = await this.takeNow(host, order)
      const leftMs = untilMs - clock.nowMs()
      if (taken.length > 0 || leftMs <= 0) return taken
      await this.waitForOffer(host.id, Math.min(leftMs, LOOK_MS), signal)
      assertSession(await findHost(db, host.id), order.session)
    }
  }

  private async takeNow(host: HostRow, { session, free }: TakeOrder): Promise<Lease[]> {
    const { db, clock, leaseMs } = this.deps
    const taken = await takeOffers(
      db,
      { id: host.id, session },
      { limit: free, leaseUntilMs: clock.nowMs() + leaseMs },
    )
    const leases = await Promise.all(taken.map((delivery) => this.leaseOf(host, delivery)))
    return leases.flatMap((lease) => lease ?? [])
  }

  /** The lease with the right to read; where there is none any more, that is the fault of this attempt. */
  private async leaseOf(host: HostRow, delivery: Delivery): Promise<Lease | undefined> {
    try {
      return await toLease(this.deps, delivery)
    } catch (error) {
      const fault = classify(error, { location: 'ERROR_SOURCE', bytesMoved: false })
      const report = { fault, isOfWorker: false, validator: delivery.validator }
      const lease = { leaseId: delivery.leaseId, session: String(delivery.session) }
      await reportLease(this.deps, host, lease, { kind: 'failed', report })
      return undefined
    }
  }

  private async waitForOffer(hostId: string, ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    const stop = this.deps.events.subscribe('deliveryOffer', (offer) => {
      if (offer.hostId === hostId) woken.abort()
    })
    await this.deps.clock.wait(ms, AbortSignal.any([signal, woken.signal])).catch(() => undefined)
    stop()
  }
}
