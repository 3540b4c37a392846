import type { Db } from '../../platform/db.ts'
import type { Copy, CopyState } from './types.ts'

interface Row {
  id: string
  received_id: string
  user_id: string
  destination: string
  state: CopyState
  job_id: string | null
  files: number | null
  size_bytes: number | null
  is_verified: number | null
  code: string | null
  reason: string | null
  created_at_ms: number
  updated_at_ms: number
}

const UNDER_WAY: readonly CopyState[] = ['ordered', 'copying']

function toCopy(row: Row): Copy {
  return {
    id: row.id,
    receivedId: row.received_id,
    userId: row.user_id,
    destination: JSON.parse(row.destination) as string[],
    state: row.state,
    jobId: row.job_id ?? undefined,
    files: row.files ?? undefined,
    sizeBytes: row.size_bytes ?? undefined,
    isVerified: row.is_verified === null ? undefined : row.is_verified === 1,
    code: row.code ?? undefined,
    reason: row.reason ?? undefined,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  }
}

function toColumns(copy: Partial<Copy>) {
  const { state, jobId, files, sizeBytes, isVerified, code, reason } = copy
  return {
    ...(state === undefined ? {} : { state }),
    ...(jobId === undefined ? {} : { job_id: jobId }),
    files: files ?? null,
    size_bytes: sizeBytes ?? null,
    is_verified: isVerified === undefined ? null : isVerified ? 1 : 0,
    code: code ?? null,
    reason: reason ?? null,
  }
}

/** Stores a copy that is to be made. */
export async function insertCopy(db: Db, copy: Copy): Promise<void> {
  const { id, receivedId, userId, destination, createdAtMs, updatedAtMs } = copy
  await db('share_copies').insert({
    ...{ id, received_id: receivedId, user_id: userId, destination: JSON.stringify(destination) },
    ...{ ...toColumns(copy), created_at_ms: createdAtMs, updated_at_ms: updatedAtMs },
  })
}

/** The copies of several received shares, the newest first. */
export async function listCopiesOf(db: Db, receivedIds: readonly string[]): Promise<Copy[]> {
  if (receivedIds.length === 0) return []
  const rows = await db<Row>('share_copies')
    .whereIn('received_id', receivedIds)
    .orderBy([
      { column: 'created_at_ms', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
  return rows.map(toCopy)
}

/** Copies that have not ended. */
export async function listUnderWay(db: Db, limit: number): Promise<Copy[]> {
  const rows = await db<Row>('share_copies')
    .whereIn('state', UNDER_WAY)
    .orderBy(['updated_at_ms', 'id'])
    .limit(limit)
  return rows.map(toCopy)
}

/** True while one of these has not ended. */
export function isUnderWay({ state }: Pick<Copy, 'state'>): boolean {
  return UNDER_WAY.includes(state)
}

/** The copy that a job makes. */
export async function findCopyOfJob(db: Db, jobId: string): Promise<Copy | undefined> {
  const row = await db<Row>('share_copies').where({ job_id: jobId }).first()
  return row && toCopy(row)
}

/** Moves a copy on if it is still `from`; false when somebody else did. */
export async function moveCopy(
  db: Db,
  { id, from }: { id: string; from: CopyState },
  to: Partial<Copy> & Pick<Copy, 'state' | 'updatedAtMs'>,
): Promise<boolean> {
  const set = { ...toColumns(to), updated_at_ms: to.updatedAtMs }
  return (await db('share_copies').where({ id, state: from }).update(set)) > 0
}

/** Offers that wait, of contacts whose offers are taken unasked; each with where to. None that was tried before. */
export async function listUnaskedOffers(
  db: Db,
  limit: number,
): Promise<{ userId: string; receivedId: string; folder: string }[]> {
  const rows: { user_id: string; id: string; auto_copy_to: string }[] = await db('received_shares as r')
    .join('contacts as c', function () {
      this.on('c.user_id', 'r.user_id')
        .andOn('c.host', 'r.sender_host')
        .andOn('c.remote_user_id', 'r.sender_id')
    })
    .where({ 'r.source': 'remote', 'r.state': 'pending' })
    .whereNotNull('r.data_offer')
    .whereNotNull('c.auto_copy_to')
    .whereRaw('r.created_at_ms >= c.auto_copy_since_ms')
    .whereNotExists(db('share_copies as k').select('k.id').whereRaw('k.received_id = r.id'))
    .orderBy('r.created_at_ms')
    .limit(limit)
    .select('r.user_id', 'r.id', 'c.auto_copy_to')
  return rows.map((row) => ({ userId: row.user_id, receivedId: row.id, folder: row.auto_copy_to }))
}
