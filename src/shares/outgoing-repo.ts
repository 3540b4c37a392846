import type { Db } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'
import type { EntryKind } from '../store/types.ts'
import type { ShareState } from './share-states.ts'
import type { OutgoingShare, ShareRecipient, ShareRole } from './types.ts'

interface Row {
  id: string
  owner_user_id: string
  file_id: string
  name: string
  kind: EntryKind
  role: ShareRole
  recipient_type: ShareRecipient['type']
  recipient_id: string
  recipient_host: string
  recipient_user_id: string | null
  recipient_name: string
  secret_hash: string | null
  must_exchange: 0 | 1
  state: ShareState
  note: string
  created_at_ms: number
  expires_at_ms: number | null
}

function toShare(row: Row): OutgoingShare {
  return {
    id: row.id,
    ownerUserId: row.owner_user_id,
    fileId: row.file_id,
    name: row.name,
    kind: row.kind,
    role: row.role,
    recipient: {
      type: row.recipient_type,
      id: row.recipient_id,
      host: row.recipient_host,
      userId: row.recipient_user_id ?? undefined,
      displayName: row.recipient_name,
    },
    secretHash: row.secret_hash ?? undefined,
    ...(row.must_exchange === 1 ? { mustExchange: true } : {}),
    state: row.state,
    note: row.note,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
  }
}

function toRow(share: OutgoingShare): Row {
  return {
    id: share.id,
    owner_user_id: share.ownerUserId,
    file_id: share.fileId,
    name: share.name,
    kind: share.kind,
    role: share.role,
    recipient_type: share.recipient.type,
    recipient_id: share.recipient.id,
    recipient_host: share.recipient.host,
    recipient_user_id: share.recipient.userId ?? null,
    recipient_name: share.recipient.displayName,
    secret_hash: share.secretHash ?? null,
    must_exchange: share.mustExchange ? 1 : 0,
    state: share.state,
    note: share.note,
    created_at_ms: share.createdAtMs,
    expires_at_ms: share.expiresAtMs ?? null,
  }
}

/** Stores a new share. */
export async function insertOutgoing(db: Db, share: OutgoingShare): Promise<void> {
  await db('shares').insert(toRow(share))
}

/** The share by its id, whoever gave it. */
export async function findOutgoing(db: Db, id: string): Promise<OutgoingShare | undefined> {
  const row = await db<Row>('shares').where({ id }).first()
  return row && toShare(row)
}

/** The share whose secret has this hash; secrets are never equal. */
export async function findOutgoingBySecret(db: Db, secretHash: string): Promise<OutgoingShare | undefined> {
  const row = await db<Row>('shares').where({ secret_hash: secretHash }).first()
  return row && toShare(row)
}

/** Shares by their ids, in one query. */
export async function listOutgoingByIds(db: Db, ids: readonly string[]): Promise<OutgoingShare[]> {
  if (ids.length === 0) return []
  const rows = await db<Row>('shares').whereIn('id', ids)
  return rows.map(toShare)
}

/** What a user has shared, newest first; of one entry when `fileId` is given. */
export async function listOutgoing(db: Db, ownerUserId: string, fileId?: string): Promise<OutgoingShare[]> {
  const rows = await db<Row>('shares')
    .where({ owner_user_id: ownerUserId, ...(fileId === undefined ? {} : { file_id: fileId }) })
    .orderBy([{ column: 'created_at_ms', order: 'desc' }, 'id'])
  return rows.map(toShare)
}

/** Which entries a user shares now, pending ones too, and with which kinds of recipients; for every listing. */
export async function listRecipientTypes(
  db: Db,
  ownerUserId: string,
  nowMs: number,
): Promise<{ fileId: string; type: ShareRecipient['type'] }[]> {
  const sql = `select distinct file_id, recipient_type from shares where owner_user_id = ?
    and state in ('pending', 'accepted') and (expires_at_ms is null or expires_at_ms > ?)`
  const rows = await readRows<Pick<Row, 'file_id' | 'recipient_type'>>(db, sql, [ownerUserId, nowMs])
  return rows.map((row) => ({ fileId: row.file_id, type: row.recipient_type }))
}

/** The shares of one entry with one recipient, of any state. */
export async function listOutgoingWith(
  db: Db,
  fileId: string,
  recipient: Pick<ShareRecipient, 'type' | 'id' | 'host'>,
): Promise<OutgoingShare[]> {
  const rows = await db<Row>('shares').where({
    file_id: fileId,
    recipient_type: recipient.type,
    recipient_id: recipient.id,
    recipient_host: recipient.host,
  })
  return rows.map(toShare)
}

/** Changes the state if it is still `from`; false when somebody else was faster. */
export async function changeOutgoingState(
  db: Db,
  id: string,
  change: { from: ShareState; to: ShareState },
): Promise<boolean> {
  return (await db('shares').where({ id, state: change.from }).update({ state: change.to })) > 0
}

/** Remembers the name the recipient's server told. */
export async function setRecipientName(db: Db, id: string, displayName: string): Promise<void> {
  await db('shares').where({ id }).update({ recipient_name: displayName })
}

/** Forgets a share that never reached its recipient. */
export async function deleteOutgoing(db: Db, id: string): Promise<void> {
  await db('shares').where({ id }).delete()
}
