import type { Db } from '../platform/db.ts'
import { applyPage, BY_NAME, type PageAsk } from '../platform/paging.ts'
import type { PeerFailure } from './peer-error.ts'
import type { Dialect, PeerInfo } from './peer-info.ts'
import type { SignatureFault } from './signatures/signature-error.ts'

/** What was done with a peer. */
export type PeerActivity =
  | 'discovery'
  | 'share-sent'
  | 'notification-sent'
  | 'invite-sent'
  | 'share-received'
  | 'notification-received'
  | 'invite-received'
  | 'token-exchange'

export interface PeerSuccess {
  what: PeerActivity
  atMs: number
}

export interface PeerTrouble {
  what: PeerActivity
  atMs: number
  reason: PeerFailure
  /** One sentence with the cause, as people may read it. */
  text: string
  /** The HTTP status, when there was an answer. */
  status?: number
}

/** A message in the name of a server whose signature did not hold. */
export interface PeerRefusal {
  fault: SignatureFault
  /** The cause, for the operators of this node. */
  text: string
  atMs: number
}

/** Whether a server is known, and its messages are refused. */
export type PeerStanding = 'unknown' | 'good' | 'refused'

/** What is known of another server. */
export interface PeerRecord {
  host: string
  firstSeenAtMs: number
  /** The form that worked last, and what discovery suggested at that time. */
  dialect?: Dialect
  dialectGuess?: Dialect
  /** What discovery said last. */
  info?: PeerInfo
  discoveredAtMs?: number
  /** How far its clock was ahead of ours; network time included. */
  clockSkewMs?: number
  lastSuccess?: PeerSuccess
  lastFailure?: PeerTrouble
  /** The last message of it that was refused for its signature, when none was signed well since. */
  lastRefusal?: PeerRefusal & { sinceMs: number }
}

export interface Discovered {
  info: PeerInfo
  atMs: number
  clockSkewMs?: number | undefined
}

export interface PeersRepo {
  find(host: string): Promise<PeerRecord | undefined>
  /** By host; all, or a page. */
  list(page?: PageAsk): Promise<PeerRecord[]>
  /** Makes the record when there is none. */
  saveSuccess(host: string, success: PeerSuccess, discovered?: Discovered): Promise<void>
  /** Makes the record when there is none and `isNew` allows it. */
  saveFailure(host: string, failure: PeerTrouble, isNew: 'create' | 'pass'): Promise<void>
  /** Of a stranger, or whether something of it was refused since it signed well; one read by the key. */
  findStanding(host: string): Promise<PeerStanding>
  /** Only where there is a record; tells whether there is one. */
  saveRefusal(host: string, refusal: PeerRefusal): Promise<boolean>
  /** A message was signed well. */
  endRefusals(host: string): Promise<void>
  /** Only where there is a record: strangers name servers, too. */
  saveDiscovery(host: string, discovered: Discovered): Promise<void>
  /** Only where there is a record. */
  saveDialect(host: string, worked: { dialect: Dialect; guess: Dialect }): Promise<void>
  /** False when there was none. */
  remove(host: string): Promise<boolean>
}

interface Row {
  host: string
  first_seen_at_ms: number
  dialect: Dialect | null
  dialect_guess: Dialect | null
  discovery: string | null
  discovered_at_ms: number | null
  clock_skew_ms: number | null
  success_what: PeerActivity | null
  succeeded_at_ms: number | null
  failure_what: PeerActivity | null
  failure_reason: PeerFailure | null
  failure_text: string | null
  failure_status: number | null
  failed_at_ms: number | null
  refused_fault: SignatureFault | null
  refused_text: string | null
  refused_since_ms: number | null
  refused_at_ms: number | null
}

/** What this node knows of other servers; hosts in the form of `normaliseHost`. */
export function createPeersRepo(db: Db): PeersRepo {
  const table = () => db<Row>('ocm_peers')
  const upsert = async (host: string, atMs: number, columns: Partial<Row>) => {
    const row = { host, first_seen_at_ms: atMs, ...columns }
    await table().insert(row).onConflict('host').merge(columns)
  }
  return {
    async find(host) {
      const row = await table().where({ host }).first()
      return row && toRecord(row)
    },
    list: async (page) => (await applyPage<Row>(table(), ['host'], BY_NAME, page)).map(toRecord),
    saveSuccess: (host, { what, atMs }, discovered) =>
      upsert(host, atMs, {
        success_what: what,
        succeeded_at_ms: atMs,
        ...(discovered === undefined ? {} : discoveryColumns(discovered)),
      }),
    async saveFailure(host, failure, isNew) {
      const columns = failureColumns(failure)
      if (isNew === 'create') await upsert(host, failure.atMs, columns)
      else await table().where({ host }).update(columns)
    },
    async findStanding(host) {
      const row = await table().where({ host }).first('refused_at_ms')
      if (row === undefined) return 'unknown'
      return row.refused_at_ms === null ? 'good' : 'refused'
    },
    async saveRefusal(host, { fault, text, atMs }) {
      const columns = { refused_fault: fault, refused_text: text, refused_at_ms: atMs }
      const since = db.raw<number>('coalesce(refused_since_ms, ?)', [atMs])
      return (
        (await table()
          .where({ host })
          .update({ ...columns, refused_since_ms: since })) > 0
      )
    },
    async endRefusals(host) {
      const columns = { refused_fault: null, refused_text: null, refused_at_ms: null }
      await table()
        .where({ host })
        .whereNotNull('refused_at_ms')
        .update({ ...columns, refused_since_ms: null })
    },
    async saveDiscovery(host, discovered) {
      await table().where({ host }).update(discoveryColumns(discovered))
    },
    async saveDialect(host, { dialect, guess }) {
      await table().where({ host }).update({ dialect, dialect_guess: guess })
    },
    remove: async (host) => (await table().where({ host }).delete()) > 0,
  }
}

function discoveryColumns({ info, atMs, clockSkewMs }: Discovered): Partial<Row> {
  return {
    discovery: JSON.stringify(info),
    discovered_at_ms: atMs,
    clock_skew_ms: clockSkewMs ?? null,
  }
}

function failureColumns(failure: PeerTrouble): Partial<Row> {
  return {
    failure_what: failure.what,
    failure_reason: failure.reason,
    failure_text: failure.text,
    failure_status: failure.status ?? null,
    failed_at_ms: failure.atMs,
  }
}

function toRecord(row: Row): PeerRecord {
  const { succeeded_at_ms: succeededAtMs, success_what: what } = row
  return {
    host: row.host,
    firstSeenAtMs: row.first_seen_at_ms,
    ...(row.dialect === null ? {} : { dialect: row.dialect }),
    ...(row.dialect_guess === null ? {} : { dialectGuess: row.dialect_guess }),
    ...(row.discovery === null ? {} : { info: JSON.parse(row.discovery) as PeerInfo }),
    ...(row.discovered_at_ms === null ? {} : { discoveredAtMs: row.discovered_at_ms }),
    ...(row.clock_skew_ms === null ? {} : { clockSkewMs: row.clock_skew_ms }),
    ...(succeededAtMs === null || what === null ? {} : { lastSuccess: { what, atMs: succeededAtMs } }),
    ...toFailure(row),
    ...toRefusal(row),
  }
}

function toRefusal(row: Row): Pick<PeerRecord, 'lastRefusal'> {
  const { refused_fault: fault, refused_at_ms: atMs, refused_since_ms: sinceMs } = row
  if (fault === null || atMs === null || sinceMs === null) return {}
  return { lastRefusal: { fault, text: row.refused_text ?? '', atMs, sinceMs } }
}

function toFailure(row: Row): { lastFailure?: PeerTrouble } {
  const { failure_what: what, failure_reason: reason, failed_at_ms: atMs, failure_status: status } = row
  if (what === null || reason === null || atMs === null) return {}
  const text = row.failure_text ?? ''
  return { lastFailure: { what, reason, atMs, text, ...(status === null ? {} : { status }) } }
}
