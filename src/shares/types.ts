import type { OcmAddress, ShareNotice } from '../ocm/types.ts'
import type { Checksums, EntryKind, Rights } from '../store/types.ts'
import type { ShareState } from './share-states.ts'

/** Viewer may read; editor may also change, create and delete. */
export type ShareRole = 'viewer' | 'editor'

/** Somebody on another server whom an invitation connected with one of our users. */
export interface Contact {
  id: string
  userId: string
  remoteUserId: string
  host: string
  displayName: string
  email: string
  createdAtMs: number
}

export interface Invitation {
  id: string
  userId: string
  tokenHash: string
  tokenSealed: string
  description: string
  email: string
  /** `open` past `expiresAtMs` is shown as expired. */
  state: 'open' | 'accepted' | 'revoked'
  createdAtMs: number
  expiresAtMs: number
  acceptedContactId: string | undefined
}

/** Who a share is for: a person on another server, or (`userId` set, no host) a user of this node. */
export interface ShareRecipient {
  type: 'remote' | 'local'
  /** The identifier before the `@`: for a local user the name. */
  id: string
  host: string
  userId: string | undefined
  displayName: string
}

/** A share one of our users has given. Its id is the OCM `providerId`. */
export interface OutgoingShare {
  id: string
  ownerUserId: string
  /** Stable id of the shared entry in the owner's space. */
  fileId: string
  /** The entry's name when it was shared. */
  name: string
  kind: EntryKind
  role: ShareRole
  recipient: ShareRecipient
  /** SHA-256 of the bearer secret; none for local recipients. */
  secretHash: string | undefined
  /** The secret opens nothing itself: it has to be exchanged for an access token. */
  mustExchange?: boolean
  state: ShareState
  note: string
  createdAtMs: number
  expiresAtMs: number | undefined
}

export interface SharePerson extends OcmAddress {
  displayName: string
}

/** What opens a share of another server: an access token, or its secret, as Bearer or as the user of Basic. */
export type AccessForm = 'token' | 'bearer' | 'basic'

/** What the root of a remote share was when it was last seen; shown while its node is away. */
export interface RootFacts {
  kind: EntryKind
  sizeBytes: number
  mtimeMs: number
  etag: string
  mediaType: string
  checksums: Checksums
  /** What its server says of our rights, where it says anything. */
  rights?: Rights
}

/** A share one of our users has been given, by another server or by a user of this node. */
export interface ReceivedShare {
  id: string
  userId: string
  source: 'remote' | 'local'
  /** Host of the sending server; empty for a local share. */
  peerHost: string
  /** The sender's id of the share; for a local share the id of the `OutgoingShare`. */
  providerId: string
  owner: SharePerson
  sender: SharePerson
  name: string
  kind: EntryKind
  role: ShareRole
  note: string
  webdavUri: string | undefined
  secretSealed: string | undefined
  /** The sender demands that the secret is exchanged for an access token. */
  mustExchange?: boolean
  /** The message did not say what is granted; `rootFacts.rights` does, once its server was asked. */
  permissionsUnknown?: boolean
  /** What opened it last. */
  access?: AccessForm
  state: ShareState
  mountName: string | undefined
  rootFacts: RootFacts | undefined
  createdAtMs: number
  expiresAtMs: number | undefined
}

/** A notification that must reach a peer, kept until it has. */
export interface PendingNotice {
  id: string
  peerHost: string
  type: ShareNotice
  resourceType: string
  providerId: string
  secretSealed: string | undefined
  tries: number
  nextTryAtMs: number
  createdAtMs: number
}

/** What a role allows. Resharing is not granted. */
export function rightsOf(role: ShareRole): Rights {
  return { read: true, write: role === 'editor', share: false }
}
