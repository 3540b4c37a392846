import type { DataOffer } from '../ocm/types.ts'
import type { EntryKind } from '../store/types.ts'
import type { ShareState } from './share-states.ts'
import type { AccessForm, ReceivedShare, RootFacts, ShareRole, ShareWebapp } from './types.ts'

/** A row of the table `received_shares` as the database gives it. */
export interface ReceivedRow {
  id: string
  user_id: string
  source: ReceivedShare['source']
  peer_host: string
  provider_id: string
  owner_id: string
  owner_host: string
  owner_name: string
  sender_id: string
  sender_host: string
  sender_name: string
  name: string
  kind: EntryKind
  role: ShareRole
  note: string
  webdav_uri: string | null
  secret_sealed: string | null
  must_exchange: 0 | 1
  permissions_unknown: 0 | 1
  access: AccessForm | null
  webapp: string | null
  state: ShareState
  mount_name: string | null
  root_facts: string | null
  created_at_ms: number
  expires_at_ms: number | null
  may_reshare: number
  gone_at_ms: number | null
  data_offer: DataOffer | null
  size_bytes: number | null
}

/** Old servers call a folder a file in their messages; what is found there goes before that. */
export function toReceived(row: ReceivedRow): ReceivedShare {
  const rootFacts = row.root_facts === null ? undefined : (JSON.parse(row.root_facts) as RootFacts)
  return {
    id: row.id,
    userId: row.user_id,
    source: row.source,
    peerHost: row.peer_host,
    providerId: row.provider_id,
    owner: { id: row.owner_id, host: row.owner_host, displayName: row.owner_name },
    sender: { id: row.sender_id, host: row.sender_host, displayName: row.sender_name },
    name: row.name,
    kind: rootFacts?.kind ?? row.kind,
    role: row.role,
    note: row.note,
    webdavUri: row.webdav_uri ?? undefined,
    secretSealed: row.secret_sealed ?? undefined,
    ...(row.must_exchange === 1 ? { mustExchange: true } : {}),
    ...(row.permissions_unknown === 1 ? { permissionsUnknown: true } : {}),
    ...(row.access === null ? {} : { access: row.access }),
    ...(row.webapp === null ? {} : { webapp: JSON.parse(row.webapp) as ShareWebapp }),
    ...(row.data_offer === null ? {} : { dataOffer: row.data_offer }),
    ...(row.size_bytes === null ? {} : { sizeBytes: row.size_bytes }),
    state: row.state,
    mountName: row.mount_name ?? undefined,
    rootFacts,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms ?? undefined,
    mayReshare: row.may_reshare === 1,
    goneAtMs: row.gone_at_ms ?? undefined,
  }
}

/** The row that holds a share. */
export function toReceivedRow(share: ReceivedShare): ReceivedRow {
  return {
    id: share.id,
    user_id: share.userId,
    source: share.source,
    peer_host: share.peerHost,
    provider_id: share.providerId,
    owner_id: share.owner.id,
    owner_host: share.owner.host,
    owner_name: share.owner.displayName,
    sender_id: share.sender.id,
    sender_host: share.sender.host,
    sender_name: share.sender.displayName,
    name: share.name,
    kind: share.kind,
    role: share.role,
    note: share.note,
    webdav_uri: share.webdavUri ?? null,
    secret_sealed: share.secretSealed ?? null,
    must_exchange: share.mustExchange ? 1 : 0,
    permissions_unknown: share.permissionsUnknown ? 1 : 0,
    access: share.access ?? null,
    webapp: share.webapp === undefined ? null : JSON.stringify(share.webapp),
    state: share.state,
    mount_name: share.mountName ?? null,
    root_facts: share.rootFacts === undefined ? null : JSON.stringify(share.rootFacts),
    created_at_ms: share.createdAtMs,
    expires_at_ms: share.expiresAtMs ?? null,
    may_reshare: share.mayReshare ? 1 : 0,
    gone_at_ms: share.goneAtMs ?? null,
    data_offer: share.dataOffer ?? null,
    size_bytes: share.sizeBytes ?? null,
  }
}
