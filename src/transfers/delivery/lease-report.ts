import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import type { EventBus } from '../../platform/events.ts'
import { type DeliveryReport, noteReport } from './deliveries-repo.ts'
import { findHost, type HostRow } from './hosts-repo.ts'
import { assertSession, leaseLost } from './worker-session.ts'

export interface LeaseReportDeps {
  db: Db
  clock: Clock
  events: EventBus
}

/** Notes how a lease ended. Throws `ConflictError` when the worker does not hold it any more. */
export async function reportLease(
  deps: LeaseReportDeps,
  host: HostRow,
  { leaseId, session }: { leaseId: string; session: string },
  report: DeliveryReport,
): Promise<void> {
  const { db, clock } = deps
  assertSession(host.session === session ? host : await findHost(db, host.id), session)
  const lease = { id: leaseId, hostId: host.id, session, nowMs: clock.nowMs() }
  if (!(await noteReport(db, lease, report))) throw leaseLost()
  tellDesk(deps)
}

/** The desk looks at its deliveries at once. */
export function tellDesk({ events }: Pick<LeaseReportDeps, 'events'>): void {
  events.publish('deliveryReport', {})
}
