import type { Readable } from 'node:stream'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { AppError, ConflictError } from '../../platform/errors.ts'
import type { EventBus } from '../../platform/events.ts'
import { newSecret } from '../../platform/ids.ts'
import type { Logger } from '../../platform/log.ts'
import { programVersion } from '../../platform/version.ts'
import { classify } from '../classify.ts'
import type { RemoteSource, TransferSource } from '../endpoints.ts'
import type { JobContexts } from '../job-contexts.ts'
import { sourceOf } from '../run.ts'
import {
  beat,
  type Delivery,
  type DeliveryReport,
  endLeasesOf,
  findByLease,
  findFile,
  noteReport,
  takeOffers,
} from './deliveries-repo.ts'
import { announceHost, countOutcome, findHost, type HostRow, markHostSeen } from './hosts-repo.ts'
import { leasePathOf } from './lease-files.ts'
import { PieceWriter } from './piece-writer.ts'
import { refused } from './registry.ts'
import {
  type Announcement,
  DELIVERY_PROTOCOL,
  type FailedReport,
  type FinishedReport,
  type Heartbeat,
  type HeartbeatAnswer,
  type Lease,
  type SourceNow,
  type TakeOrder,
  type Welcome,
} from './wire.ts'

/** A long poll looks at the table at least so often: the offer may come from another process. */
const LOOK_MS = 1000

export interface DeliveryServiceDeps {
  db: Db
  clock: Clock
  log: Logger
  events: EventBus
  contexts: JobContexts
  leaseMs: number
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
  private readonly writer = new PieceWriter()

  constructor(deps: DeliveryServiceDeps) {
    this.deps = deps
  }

  /** A worker begins. Throws 426 when it is of another version. */
  async announce(host: HostRow, announcement: Announcement): Promise<Welcome> {
    const { db, clock, leaseMs, network, log } = this.deps
    assertVersion(announcement)
    const session = newSecret(16)
    await announceHost(db, host.id, { session, nowMs: clock.nowMs(), announcement })
    await endLeasesOf(db, host.id)
    this.tell()
    log.info({ worker: host.name, version: announcement.version }, 'delivery worker announced')
    return { session, name: host.name, leaseSeconds: leaseMs / 1000, network }
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
    await this.report(host, { leaseId, session }, { kind: 'finished', report })
    await countOutcome(this.deps.db, host.id, { bytes: report.sizeBytes, done: 1, failed: 0 })
  }

  async failed(host: HostRow, leaseId: string, { session, ...report }: FailedReport): Promise<void> {
    await this.report(host, { leaseId, session }, { kind: 'failed', report })
    await countOutcome(this.deps.db, host.id, { bytes: 0, done: 0, failed: 1 })
  }

  /** The proof of right asked anew: that of before had run out. */
  async credentials(host: HostRow, leaseId: string, session: string): Promise<Record<string, string>> {
    const { remote } = await this.remoteOf(await this.held(host, leaseId, session))
    await remote.credentials.renew?.()
    return remote.credentials.headers()
  }

  async sourceNow(host: HostRow, leaseId: string, session: string): Promise<SourceNow> {
    const { store, path } = await this.remoteOf(await this.held(host, leaseId, session))
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
    const { leaseId: id, facts } = delivery
    try {
      this.deps.contexts.drop(delivery.jobId)
      const { remote, path } = await this.remoteOf(delivery)
      const { expected, hashes, streams, resumeFromBytes } = facts
      const { label, credentials } = remote
      const source = { label, url: remote.urlOf(path), headers: await credentials.headers() }
      const isShared = delivery.mode === 'path'
      const destination = isShared
        ? { path: leasePathOf(delivery.stagedPath, id) }
        : { upload: true as const }
      return { id, source, expected, hashes, streams, resumeFromBytes, destination }
    } catch (error) {
      const fault = classify(error, { location: 'ERROR_SOURCE', bytesMoved: false })
      const report = { fault, isOfWorker: false, validator: delivery.validator }
      await this.report(host, { leaseId: id, session: String(delivery.session) }, { kind: 'failed', report })
      return undefined
    }
  }

  private async remoteOf(delivery: Delivery): Promise<TransferSource & { remote: RemoteSource }> {
    const { db, contexts } = this.deps
    const file = await findFile(db, delivery.fileId)
    if (file === undefined) throw leaseLost()
    const context = await contexts.get(delivery.jobId)
    const { sourceIndex } = delivery.facts
    const source = await sourceOf({ file: { ...file, sourceIndex }, context })
    if (source.remote === undefined) throw new ConflictError('The source is not asked by HTTP any more.')
    return { ...source, remote: source.remote }
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

  private async report(
    host: HostRow,
    { leaseId, session }: { leaseId: string; session: string },
    report: DeliveryReport,
  ): Promise<void> {
    assertSession(host.session === session ? host : await findHost(this.deps.db, host.id), session)
    const lease = { id: leaseId, hostId: host.id, session, nowMs: this.deps.clock.nowMs() }
    if (!(await noteReport(this.deps.db, lease, report))) throw leaseLost()
    this.tell()
  }

  private tell(): void {
    this.deps.events.publish('deliveryReport', {})
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

/** Another life of the same worker announced itself since: this one has to stop. */
function assertSession(host: HostRow | undefined, session: string): void {
  if (host === undefined) throw refused()
  if (host.session === session) return
  throw new ConflictError(
    'Another program announced itself with the token of this worker since. Give each its own token.',
    { code: 'SESSION_REPLACED' },
  )
}

function assertVersion({ protocol, version }: Announcement): void {
  const own = programVersion()
  if (protocol === DELIVERY_PROTOCOL && lineOf(version) === lineOf(own)) return
  throw new AppError(
    426,
    'VERSION_MISMATCH',
    `This node runs version ${own} (delivery protocol ${DELIVERY_PROTOCOL}) and the worker ${version} (protocol ${protocol}). Install version ${lineOf(own)} on the host of the worker.`,
  )
}

/** `0.1` of `0.1.7`: within a line versions go together. */
function lineOf(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

export function leaseLost(): ConflictError {
  return new ConflictError('The lease is over: the file was cancelled, or another has it now. Drop it.', {
    code: 'LEASE_LOST',
  })
}
