import type { Db } from '../platform/db.ts'
import type { PendingNotice } from './types.ts'

interface Row {
  id: string
  peer_host: string
  type: PendingNotice['type']
  resource_type: string
  provider_id: string
  secret_sealed: string | null
  tries: number
  next_try_at_ms: number
  created_at_ms: number
}

function toNotice(row: Row): PendingNotice {
  return {
    id: row.id,
    peerHost: row.peer_host,
    type: row.type,
    resourceType: row.resource_type,
    providerId: row.provider_id,
    secretSealed: row.secret_sealed ?? undefined,
    tries: row.tries,
    nextTryAtMs: row.next_try_at_ms,
    createdAtMs: row.created_at_ms,
  }
}

/** Stores a notice in place of older ones about the same share that still wait: the last word counts. */
export async function insertNotice(db: Db, notice: PendingNotice): Promise<void> {
  await db('share_notices').where({ peer_host: notice.peerHost, provider_id: notice.providerId }).delete()
  const row: Row = {
    id: notice.id,
    peer_host: notice.peerHost,
    type: notice.type,
    resource_type: notice.resourceType,
    provider_id: notice.providerId,
    secret_sealed: notice.secretSealed ?? null,
    tries: notice.tries,
    next_try_at_ms: notice.nextTryAtMs,
    created_at_ms: notice.createdAtMs,
  }
  await db('share_notices').insert(row)
}

/** Notices whose time has come, the oldest first. */
export async function listDueNotices(db: Db, nowMs: number, limit: number): Promise<PendingNotice[]> {
  const rows = await db<Row>('share_notices')
    .where('next_try_at_ms', '<=', nowMs)
    .orderBy(['next_try_at_ms', 'id'])
    .limit(limit)
  return rows.map(toNotice)
}

/** When the next notice is due; undefined when none waits. */
export async function findNextNoticeTimeMs(db: Db): Promise<number | undefined> {
  const row = await db<Row>('share_notices').orderBy('next_try_at_ms').first('next_try_at_ms')
  return row?.next_try_at_ms
}

/**
 * Takes a notice for one attempt: no other process gets it before `nextTryAtMs`, which is also when it
 * is tried again unless it is deleted first. False when another process was faster.
 */
export async function claimNotice(db: Db, notice: PendingNotice, nextTryAtMs: number): Promise<boolean> {
  const changed = await db('share_notices')
    .where({ id: notice.id, tries: notice.tries })
    .update({ tries: notice.tries + 1, next_try_at_ms: nextTryAtMs })
  return changed > 0
}

/** Forgets a notice that was delivered or given up. */
export async function deleteNotice(db: Db, id: string): Promise<void> {
  await db('share_notices').where({ id }).delete()
}
