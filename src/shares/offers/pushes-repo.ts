import type { CopyReport } from '../../ocm/notification.ts'
import type { Db } from '../../platform/db.ts'
import type { Push, PushState } from './types.ts'

interface Row {
  share_id: string
  label: string | null
  is_once: number
  is_offered: number | null
  state: PushState
  files: number | null
  size_bytes: number | null
  is_verified: number | null
  reason: string | null
  updated_at_ms: number
}

function toPush(row: Row): Push {
  return {
    shareId: row.share_id,
    label: row.label ?? undefined,
    isOnce: row.is_once === 1,
    isOffered: row.is_offered === null ? undefined : row.is_offered === 1,
    state: row.state,
    files: row.files ?? undefined,
    sizeBytes: row.size_bytes ?? undefined,
    isVerified: row.is_verified === null ? undefined : row.is_verified === 1,
    reason: row.reason ?? undefined,
    updatedAtMs: row.updated_at_ms,
  }
}

/** Notes that a share asks for a copy. */
export async function insertPush(
  db: Db,
  push: Pick<Push, 'shareId' | 'label' | 'isOnce' | 'updatedAtMs'>,
): Promise<void> {
  await db('share_pushes').insert({
    share_id: push.shareId,
    label: push.label ?? null,
    is_once: push.isOnce ? 1 : 0,
    state: 'waiting',
    updated_at_ms: push.updatedAtMs,
  })
}

/** Undefined for a share that asks for none. */
export async function findPush(db: Db, shareId: string): Promise<Push | undefined> {
  const row = await db<Row>('share_pushes').where({ share_id: shareId }).first()
  return row && toPush(row)
}

/** What a user pushed, the newest first. */
export async function listPushes(db: Db, ownerUserId: string, limit: number): Promise<Push[]> {
  const rows: Row[] = await db('share_pushes as p')
    .join('shares as s', 's.id', 'p.share_id')
    .where({ 's.owner_user_id': ownerUserId })
    .orderBy([{ column: 's.created_at_ms', order: 'desc' }, 's.id'])
    .limit(limit)
    .select('p.*')
  return rows.map(toPush)
}

/** Notes whether the other server was asked for a copy; nothing for shares that ask for none. */
export async function setOffered(db: Db, shareId: string, isOffered: boolean): Promise<void> {
  await db('share_pushes')
    .where({ share_id: shareId })
    .update({ is_offered: isOffered ? 1 : 0 })
}

/** Notes what the other node told; false when the copy was there already, after which nothing changes it. */
export async function saveReport(
  db: Db,
  shareId: string,
  report: CopyReport,
  nowMs: number,
): Promise<boolean> {
  const { status, files, sizeBytes, isVerified, reason } = report
  const count = await db('share_pushes')
    .where({ share_id: shareId })
    .whereNot({ state: 'copied' })
    .update({
      state: status,
      is_offered: 1,
      files: files ?? null,
      size_bytes: sizeBytes ?? null,
      is_verified: isVerified === undefined ? null : isVerified ? 1 : 0,
      reason: reason ?? null,
      updated_at_ms: nowMs,
    })
  return count > 0
}
