import type { Db } from '../platform/db.ts'
import { applyPage, NEWEST_FIRST, type PageAsk } from '../platform/paging.ts'
import { readRows } from '../platform/read-rows.ts'
import { releaseLocksOf } from '../store/locks/locks-repo.ts'
import {
  type RecipientType,
  type OutgoingRow as Row,
  toOutgoingRow,
  toShare,
  toType,
} from './outgoing-rows.ts'
import { LIVE_STATES, type ShareState } from './share-states.ts'
import { toTermColumns } from './share-terms.ts'
import type { OutgoingShare, ShareRecipient } from './types.ts'

/** Stores a new share. */
export async function insertOutgoing(db: Db, share: OutgoingShare): Promise<void> {
  await db('shares').insert(toOutgoingRow(share))
}

/** The share by its id, whoever gave it. */
export async function findOutgoing(db: Db, id: string): Promise<OutgoingShare | undefined> {
  const [row] = await readRows<Row>(db, 'select * from shares where id = ?', [id])
  return row && toShare(row)
}

/** What a share grants now, whatever its state; asked at every call of a store. */
export async function findGrant(
  db: Db,
  id: string,
): Promise<Pick<OutgoingShare, 'role' | 'mayReshare'> | undefined> {
  const sql = 'select role, may_reshare from shares where id = ?'
  const [row] = await readRows<Pick<Row, 'role' | 'may_reshare'>>(db, sql, [id])
  return row && { role: row.role, mayReshare: row.may_reshare === 1 }
}

/** The share whose secret has this hash; secrets are never equal. */
export async function findOutgoingBySecret(db: Db, secretHash: string): Promise<OutgoingShare | undefined> {
  const [row] = await readRows<Row>(db, 'select * from shares where secret_hash = ?', [secretHash])
  return row && toShare(row)
}

/** Whether the secret of a share has to be exchanged. */
export async function setMustExchange(db: Db, id: string, mustExchange: boolean): Promise<void> {
  await db('shares')
    .where({ id })
    .update({ must_exchange: mustExchange ? 1 : 0 })
}

/** Shares by their ids, in one query. */
export async function listOutgoingByIds(db: Db, ids: readonly string[]): Promise<OutgoingShare[]> {
  if (ids.length === 0) return []
  const rows = await db<Row>('shares').whereIn('id', ids)
  return rows.map(toShare)
}

/** What a user has shared, newest first; of one entry when `fileId` is given; all of it, or a page. */
export async function listOutgoing(
  db: Db,
  ownerUserId: string,
  { fileId, page }: { fileId?: string | undefined; page?: PageAsk | undefined } = {},
): Promise<OutgoingShare[]> {
  const query = db('shares').where({
    owner_user_id: ownerUserId,
    ...(fileId === undefined ? {} : { file_id: fileId }),
  })
  const rows: Row[] = await applyPage(query, ['created_at_ms', 'id'], NEWEST_FIRST, page)
  return rows.map(toShare)
}

/** Which entries a user shares now, pending ones too, and with which kinds of recipients; for every listing. */
export async function listRecipientTypes(
  db: Db,
  ownerUserId: string,
  nowMs: number,
): Promise<{ fileId: string; type: RecipientType }[]> {
  const sql = `select distinct file_id, recipient_type from shares where owner_user_id = ?
    and state in (${LIVE_STATES.map(() => '?').join(', ')}) and (expires_at_ms is null or expires_at_ms > ?)`
  const values = [ownerUserId, ...LIVE_STATES, nowMs]
  const rows = await readRows<Pick<Row, 'file_id' | 'recipient_type'>>(db, sql, values)
  return rows.map((row) => ({ fileId: row.file_id, type: row.recipient_type }))
}

/** The shares of one entry with one recipient, of any state. */
export async function listOutgoingWith(
  db: Db,
  fileId: string,
  recipient: Pick<ShareRecipient, 'type' | 'isGroup' | 'id' | 'host'>,
): Promise<OutgoingShare[]> {
  const rows = await db<Row>('shares').where({
    file_id: fileId,
    recipient_type: toType(recipient),
    recipient_id: recipient.id,
    recipient_host: recipient.host,
  })
  return rows.map(toShare)
}

/**
 * Shares that stand on others: passed on from a received share, or asked for by a share's recipient. The oldest
 * first (`holdRow`).
 */
export async function listDownstream(
  db: Db,
  upstream: { receivedId: string } | { parentId: string },
): Promise<OutgoingShare[]> {
  const where =
    'receivedId' in upstream ? { via_received_id: upstream.receivedId } : { parent_id: upstream.parentId }
  const rows = await db<Row>('shares')
    .where(where)
    .whereIn('state', LIVE_STATES)
    .orderBy(['created_at_ms', 'id'])
  return rows.map(toShare)
}

/** How many live shares were made on request of one. */
export async function countLiveChildren(db: Db, parentId: string): Promise<number> {
  const row = await db<Row>('shares')
    .where({ parent_id: parentId })
    .whereIn('state', LIVE_STATES)
    .count({ count: '*' })
    .first()
  return Number(row?.count ?? 0)
}

/** Shares past their end that still stand as open. */
export async function listOverdueOutgoing(db: Db, nowMs: number, limit: number): Promise<OutgoingShare[]> {
  const rows = await db<Row>('shares')
    .where('expires_at_ms', '<=', nowMs)
    .whereIn('state', LIVE_STATES)
    .orderBy('expires_at_ms')
    .limit(limit)
  return rows.map(toShare)
}

/** Open shares whose file or folder is in no drive any more; what was missed on the disk is not meant. */
export async function listOrphans(
  db: Db,
  { limit, ownerUserId }: { limit: number; ownerUserId?: string | undefined },
): Promise<OutgoingShare[]> {
  const rows = await db<Row>('shares')
    .whereIn('state', LIVE_STATES)
    .whereNull('via_received_id')
    .where(ownerUserId === undefined ? {} : { owner_user_id: ownerUserId })
    .whereNotExists(db('files').select('id').where('files.id', db.ref('shares.file_id')))
    .limit(limit)
  return rows.map(toShare)
}

/** What the owner may change while the share lives. Who may not write any more holds no locks. */
export async function changeOutgoing(
  db: Db,
  id: string,
  change: Pick<OutgoingShare, 'role' | 'note' | 'expiresAtMs' | 'mayReshare'>,
): Promise<void> {
  await db('shares').where({ id }).update(toTermColumns(change))
  if (change.role !== 'editor') await releaseLocks(db, id)
}

/** Those taken by who came in through the share or the link. */
async function releaseLocks(db: Db, id: string): Promise<void> {
  await releaseLocksOf(db, [`share:${id}`, `link:${id}`])
}

/**
 * Changes the state if it is still `from`; false when somebody else was faster. The secret and the locks go
 * with the share.
 */
export async function changeOutgoingState(
  db: Db,
  id: string,
  change: { from: ShareState; to: ShareState },
): Promise<boolean> {
  const isOver = change.to === 'declined' || change.to === 'revoked'
  const values = { state: change.to, ...(isOver ? { secret_sealed: null } : {}) }
  const isChanged = (await db('shares').where({ id, state: change.from }).update(values)) > 0
  if (isChanged && isOver) await releaseLocks(db, id)
  return isChanged
}

/** Remembers the name the recipient's server told. */
export async function setRecipientName(db: Db, id: string, displayName: string): Promise<void> {
  await db('shares').where({ id }).update({ recipient_name: displayName })
}

/** Forgets a share that never reached its recipient. */
export async function deleteOutgoing(db: Db, id: string): Promise<void> {
  await db('shares').where({ id }).delete()
}
