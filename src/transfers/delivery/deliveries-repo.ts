import type { Db } from '../../platform/db.ts'
import type { ChecksumType } from '../../store/types.ts'
import type { ExpectedFile } from '../executors/executor.ts'
import { type FileRow, fromFileRow } from '../file-rows.ts'
import { jsonRows, rawRows } from '../json-rows-repo.ts'
import type { TransferFile } from '../types.ts'
import type { FailedReport, FinishedReport, Heartbeat } from './wire.ts'

/** What the worker has to know, credentials excepted: those are asked for when it takes the file. */
export interface DeliveryFacts {
  expected: ExpectedFile
  sourceIndex: number
  hashes: ChecksumType[]
  streams: number
  resumeFromBytes: number
}

export type DeliveryReport =
  | { kind: 'finished'; report: Omit<FinishedReport, 'session'> }
  | { kind: 'failed'; report: Omit<FailedReport, 'session'> }

/** One file in the hands of a worker, or offered to it. */
export interface Delivery {
  fileId: string
  leaseId: string
  jobId: string
  hostId: string
  hostName: string
  session: string | null
  state: 'offered' | 'taken' | 'reported'
  mode: 'path' | 'upload'
  /** The part file of the request; that of the lease has the lease's id behind it. */
  stagedPath: string
  facts: DeliveryFacts
  offeredAtMs: number
  leaseUntilMs: number
  bytesDone: number
  validator: string | null
  endWish: 'stop' | null
  report: DeliveryReport | null
}

interface Row {
  file_id: string
  lease_id: string
  job_id: string
  host_id: string
  host_name: string
  session: string | null
  state: string
  mode: string
  staged_path: string
  facts: string
  offered_at_ms: number
  lease_until_ms: number
  bytes_done: number
  validator: string | null
  end_wish: string | null
  report: string | null
}

const table = (db: Db) => db<Row>('transfer_deliveries')

/** Offers a file to a host. Throws when the file is in somebody's hands: the table holds each once. */
export async function insertOffer(db: Db, delivery: Delivery): Promise<void> {
  await table(db).insert({
    file_id: delivery.fileId,
    lease_id: delivery.leaseId,
    job_id: delivery.jobId,
    host_id: delivery.hostId,
    host_name: delivery.hostName,
    session: null,
    state: 'offered',
    mode: delivery.mode,
    staged_path: delivery.stagedPath,
    facts: JSON.stringify(delivery.facts),
    offered_at_ms: delivery.offeredAtMs,
    lease_until_ms: 0,
    bytes_done: delivery.bytesDone,
    validator: delivery.validator,
  })
}

export async function findByFile(db: Db, fileId: string): Promise<Delivery | undefined> {
  const row = await table(db).where({ file_id: fileId }).first()
  return row === undefined ? undefined : fromRow(row)
}

export async function findByLease(db: Db, leaseId: string): Promise<Delivery | undefined> {
  const row = await table(db).where({ lease_id: leaseId }).first()
  return row === undefined ? undefined : fromRow(row)
}

export async function listByLeases(db: Db, leaseIds: readonly string[]): Promise<Delivery[]> {
  return (await table(db).whereIn('lease_id', [...leaseIds])).map(fromRow)
}

export async function listAll(db: Db): Promise<Delivery[]> {
  return (await table(db).orderBy('offered_at_ms')).map(fromRow)
}

/** Takes up to `limit` offers of a host, each once whoever else asks at the same time. */
export async function takeOffers(
  db: Db,
  host: { id: string; session: string },
  order: { limit: number; leaseUntilMs: number },
): Promise<Delivery[]> {
  const offered = table(db)
    .where({ host_id: host.id, state: 'offered' })
    .orderBy(['offered_at_ms', 'lease_id'])
    .limit(order.limit)
    .select('lease_id')
  const rows = await table(db)
    .whereIn('lease_id', offered)
    .andWhere({ state: 'offered', host_id: host.id })
    .update({ state: 'taken', session: host.session, lease_until_ms: order.leaseUntilMs })
    .returning('*')
  return rows.map(fromRow)
}

/** Extends what a worker still holds and notes how far it is; what it does not hold is not named in the answer. */
export async function beat(
  db: Db,
  host: { id: string; session: string },
  leases: Heartbeat['leases'],
  times: { nowMs: number; untilMs: number },
): Promise<Map<string, 'stop' | null>> {
  if (leases.length === 0) return new Map()
  const columns = { id: 'text', bytes: 'bigint', validator: 'text' } as const
  const values = leases.map(({ id, bytesDone, validator }) => ({ id, bytes: bytesDone, validator }))
  const { source, parameter } = jsonRows(db, columns, values)
  const rows = await rawRows<Pick<Row, 'lease_id' | 'end_wish'>>(
    db,
    `update transfer_deliveries set lease_until_ms = ?, bytes_done = v.bytes, validator = v.validator
     from ${source}
     where lease_id = v.id and host_id = ? and session = ? and state = 'taken' and lease_until_ms > ?
     returning transfer_deliveries.lease_id as lease_id, transfer_deliveries.end_wish as end_wish`,
    [times.untilMs, parameter, host.id, host.session, times.nowMs],
  )
  return new Map(rows.map((row) => [row.lease_id, row.end_wish as 'stop' | null]))
}

/** What a worker says at the end counts while it holds the lease. False when it does not any more. */
export async function noteReport(
  db: Db,
  lease: { id: string; hostId: string; session: string; nowMs: number },
  report: DeliveryReport,
): Promise<boolean> {
  const count = await table(db)
    .where({ lease_id: lease.id, host_id: lease.hostId, session: lease.session, state: 'taken' })
    .andWhere('lease_until_ms', '>', lease.nowMs)
    .update({ state: 'reported', report: JSON.stringify(report) })
  return count > 0
}

export async function wishEnd(db: Db, leaseId: string): Promise<void> {
  await table(db).where({ lease_id: leaseId }).update({ end_wish: 'stop' })
}

/** Nobody took it; false when somebody did at the last moment. */
export async function withdrawOffer(db: Db, leaseId: string): Promise<boolean> {
  return (await table(db).where({ lease_id: leaseId, state: 'offered' }).del()) > 0
}

/** The worker fell silent; false when it was heard at the last moment. */
export async function dropSilent(db: Db, leaseId: string, nowMs: number): Promise<boolean> {
  const count = await table(db)
    .where({ lease_id: leaseId, state: 'taken' })
    .andWhere('lease_until_ms', '<=', nowMs)
    .del()
  return count > 0
}

/** From now on whoever held it is told that it is lost. */
export async function dropDelivery(db: Db, leaseId: string): Promise<void> {
  await table(db).where({ lease_id: leaseId }).del()
}

/** A worker began anew or was revoked: what it held before is lost. */
export async function endLeasesOf(db: Db, hostId: string): Promise<void> {
  await table(db).where({ host_id: hostId, state: 'taken' }).update({ lease_until_ms: 0 })
}

export async function findFile(db: Db, id: string): Promise<TransferFile | undefined> {
  const row = await db<FileRow>('transfer_files').where({ id }).first()
  return row === undefined ? undefined : fromFileRow(row)
}

/** Names of those whose attempts at this file failed. */
export async function listFailedWorkers(db: Db, fileId: string): Promise<string[]> {
  const rows = await db('transfer_attempts').where({ file_id: fileId }).distinct('worker')
  return rows.map((row: { worker: string }) => row.worker)
}

function fromRow(row: Row): Delivery {
  return {
    fileId: row.file_id,
    leaseId: row.lease_id,
    jobId: row.job_id,
    hostId: row.host_id,
    hostName: row.host_name,
    session: row.session,
    state: row.state as Delivery['state'],
    mode: row.mode as Delivery['mode'],
    stagedPath: row.staged_path,
    facts: JSON.parse(row.facts) as DeliveryFacts,
    offeredAtMs: row.offered_at_ms,
    leaseUntilMs: row.lease_until_ms,
    bytesDone: row.bytes_done,
    validator: row.validator,
    endWish: row.end_wish as Delivery['endWish'],
    report: row.report === null ? null : (JSON.parse(row.report) as DeliveryReport),
  }
}
