import type { EntryKind } from '../store/types.ts'
import type { ShareState } from './share-states.ts'
import type { LinkRole, OutgoingShare, ShareRecipient } from './types.ts'

/** Groups are types of their own in the table. */
export type RecipientType = ShareRecipient['type'] | 'group' | 'remote-group'

/** How the table names a kind of recipient. */
export function toType({ type, isGroup }: Pick<ShareRecipient, 'type' | 'isGroup'>): RecipientType {
  if (!isGroup) return type
  return type === 'remote' ? 'remote-group' : 'group'
}

function fromType(type: RecipientType): Pick<ShareRecipient, 'type' | 'isGroup'> {
  if (type === 'group') return { type: 'local', isGroup: true }
  return type === 'remote-group' ? { type: 'remote', isGroup: true } : { type }
}

/** A row of the table `shares` as the database gives it. */
export interface OutgoingRow {
  id: string
  owner_user_id: string
  file_id: string
  name: string
  kind: EntryKind
  role: LinkRole
  recipient_type: RecipientType
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
  secret_sealed: string | null
  may_reshare: number
  via_received_id: string | null
  via_path: string | null
  parent_id: string | null
}

/** The share a row holds. */
export function toShare(row: OutgoingRow): OutgoingShare {
  return {
    id: row.id,
    ownerUserId: row.owner_user_id,
    fileId: row.file_id,
    name: row.name,
    kind: row.kind,
    role: row.role,
    recipient: {
      ...fromType(row.recipient_type),
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
    secretSealed: row.secret_sealed ?? undefined,
    mayReshare: row.may_reshare === 1,
    via:
      row.via_received_id === null
        ? undefined
        : { receivedId: row.via_received_id, path: JSON.parse(row.via_path ?? '[]') as string[] },
    parentId: row.parent_id ?? undefined,
  }
}

/** The row that holds a share. */
export function toOutgoingRow(share: OutgoingShare): OutgoingRow {
  return {
    id: share.id,
    owner_user_id: share.ownerUserId,
    file_id: share.fileId,
    name: share.name,
    kind: share.kind,
    role: share.role,
    recipient_type: toType(share.recipient),
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
    secret_sealed: share.secretSealed ?? null,
    may_reshare: share.mayReshare ? 1 : 0,
    via_received_id: share.via?.receivedId ?? null,
    via_path: share.via === undefined ? null : JSON.stringify(share.via.path),
    parent_id: share.parentId ?? null,
  }
}
