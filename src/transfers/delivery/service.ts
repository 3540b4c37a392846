import type { Readable } from 'node:stream'
import { ConflictError } from '../../platform/errors.ts'
import { newSecret } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import { beat, type Delivery, endLeasesOf, findByLease } from './deliveries-repo.ts'
import { announceHost, countOutcome, type HostRow, markHostSeen } from './hosts-repo.ts'
import { leasePathOf } from './lease-files.ts'
import { reportLease, tellDesk } from './lease-report.ts'
import { sourceOfDelivery } from './lease-source.ts'
import { OfferQueue, type OfferQueueDeps } from './offer-queue.ts'
import { PieceWriter } from './piece-writer.ts'
import type {
  Announcement,
  FailedReport,
  FinishedReport,
  Heartbeat,
  HeartbeatAnswer,
  Lease,
  SourceNow,
  TakeOrder,
  Welcome,
} from './wire.ts'
import { assertSession, assertVersion, leaseLost } from './worker-session.ts'

export interface DeliveryServiceDeps extends OfferQueueDeps {
  log: Logger
  /** Whom the node may ask; workers keep the same rules. */
  network: Welcome['network']
}

interface Piece {
  session: string
  offset: number
  isAnew: boolean
  stream: Readable
}

/** The node's side of the delivery protocol; any process of the node can answer, truth is in the database. */
export class DeliveryService {
  private readonly deps: DeliveryServiceDeps
  private readonly offers: OfferQueue
  private readonly writer = new PieceWriter()

  constructor(deps: DeliveryServiceDeps) {
    this.deps = deps
    this.offers = new OfferQueue(deps)
  }

  /** A worker begins. Throws 426 when it is of another version. */
  async announce(host: HostRow, announcement: Announcement): Promise<Welcome> {
    const { db, clock, leaseMs, network, log } = this.deps
    assertVersion(announcement)
    const session = newSecret(16)
    await announceHost(db, host.id, { session, nowMs: clock.nowMs(), announcement })
    await endLeasesOf(db, host.id)
    tellDesk(this.deps)
    log.info({ worker: host.name, version: announcement.version }, 'delivery worker announced')
    return { session, name: host.name, leaseSeconds: leaseMs / 1000, network }
  }

  /** Waits until there is something for this worker, and hands it out. */
  take(host: HostRow, order: TakeOrder, signal: AbortSignal): Promise<Lease[]> {
    return this.offers.take(host, order, signal)
  }

  /** Extends leases and says which of them are to be ended. */
  async heartbeat(host: HostRow, { session, leases, load }: Heartbeat): Promise<HeartbeatAnswer> {
    const { db, clock, leaseMs } = this.deps
    assertSession(host, session)
    const nowMs = clock.nowMs()
    await markHostSeen(db, host.id, load, nowMs)
    const held = await beat(db, { id: host.id, session }, leases, { nowMs, untilMs: nowMs + leaseMs })
    const ends = leases.flatMap(({ id }): HeartbeatAnswer['ends'] => {
      if (!held.has(id)) return [{ id, reason: 'lost' }]
      return held.get(id) === 'stop' ? [{ id, reason: 'stop' }] : []
    })
    return { ends, isDraining: host.is_draining === 1 }
  }

  async finished(host: HostRow, leaseId: string, { session, ...report }: FinishedReport): Promise<void> {
    await reportLease(this.deps, host, { leaseId, session }, { kind: 'finished', report })
    await countOutcome(this.deps.db, host.id, { bytes: report.sizeBytes, done: 1, failed: 0 })
  }

  async failed(host: HostRow, leaseId: string, { session, ...report }: FailedReport): Promise<void> {
    await reportLease(this.deps, host, { leaseId, session }, { kind: 'failed', report })
    await countOutcome(this.deps.db, host.id, { bytes: 0, done: 0, failed: 1 })
  }

  /** The proof of right asked anew: that of before had run out. */
  async credentials(host: HostRow, leaseId: string, session: string): Promise<Record<string, string>> {
    const { remote } = await sourceOfDelivery(this.deps, await this.held(host, leaseId, session))
    await remote.credentials.renew?.()
    return remote.credentials.headers()
  }

  async sourceNow(host: HostRow, leaseId: string, session: string): Promise<SourceNow> {
    const { store, path } = await sourceOfDelivery(this.deps, await this.held(host, leaseId, session))
    const { kind, sizeBytes, etag } = await store.stat(path)
    return { kind, sizeBytes, etag }
  }

  /** Adds bytes to the part file of a lease. Throws 409 when they do not begin where it ends. */
  async append(host: HostRow, leaseId: string, piece: Piece): Promise<number> {
    const delivery = await this.held(host, leaseId, piece.session)
    if (delivery.mode !== 'upload')
      throw new ConflictError('The bytes of this file are not sent to the node.')
    return this.writer.write({
      ...piece,
      path: leasePathOf(delivery.stagedPath, leaseId),
      sizeBytes: delivery.facts.expected.sizeBytes,
      isHeld: async () => (await findByLease(this.deps.db, leaseId))?.session === piece.session,
    })
  }

  private async held(host: HostRow, leaseId: string, session: string): Promise<Delivery> {
    assertSession(host, session)
    const delivery = await findByLease(this.deps.db, leaseId)
    const isHeld =
      delivery?.hostId === host.id &&
      delivery.session === session &&
      delivery.state === 'taken' &&
      delivery.leaseUntilMs > this.deps.clock.nowMs()
    if (!isHeld) throw leaseLost()
    return delivery
  }
}
