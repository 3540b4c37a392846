import type { NotificationType } from '../ocm/notification.ts'
import type { DataOffer, OcmAddress, OcmWebapp } from '../ocm/types.ts'
import type { Checksums, EntryKind, Rights, StorePath } from '../store/types.ts'
import type { ShareState } from './share-states.ts'

/** Viewer may read; editor may also change, create and delete. */
export type ShareRole = 'viewer' | 'editor'

/** Of a public link: who has it may also be let in to bring files only, and sees none. */
export type LinkRole = ShareRole | 'uploader'

/** Somebody on another server whom an invitation connected with one of our users. */
export interface Contact {
  id: string
  userId: string
  remoteUserId: string
  host: string
  displayName: string
  email: string
  createdAtMs: number
  /** The folder in our user's drive into which the data this contact offers is copied without asking. */
  autoCopyTo?: string | undefined
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

/**
 * Who a share is for: a person or a group on another server, or (no host) a user or a group of this node,
 * or whoever has the link.
 */
export interface ShareRecipient {
  type: 'remote' | 'local' | 'link'
  /** All members of a group, here or there. */
  isGroup?: true
  /** The identifier before the `@`: for a local user or group the name; empty for a link. */
  id: string
  host: string
  /** Of a local user; of a local group its id. */
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
  role: LinkRole
  recipient: ShareRecipient
  /** SHA-256 of the bearer secret; none for local recipients. */
  secretHash: string | undefined
  /** The same secret sealed, while the share lives: Nextcloud and ownCloud take no notification without. */
  secretSealed?: string | undefined
  /** The recipient may pass it on (the `share` permission). */
  mayReshare?: boolean
  /** What was shared lies in a share our user was given, at this path in it; `ownerUserId` passed it on. */
  via?: { receivedId: string; path: StorePath } | undefined
  /** The share whose recipient asked for this one (`REQUEST_RESHARE`); it ends with that. */
  parentId?: string | undefined
  /** The secret opens nothing itself: it has to be exchanged for an access token. */
  mustExchange?: boolean
  /** Only of one that is about to be given: it asks its recipient to take a copy. */
  push?: { label: string | undefined; isOnce: boolean } | undefined
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

/** An application of the sender that opens a share (`protocol.webapp`). */
export interface ShareWebapp extends Omit<OcmWebapp, 'sharedSecret'> {
  secretSealed?: string
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
  /** The message did not say what is granted: role and resharing are guesses until its server was asked. */
  permissionsUnknown?: boolean
  /** What opened it last. */
  access?: AccessForm
  webapp?: ShareWebapp
  /** The sender asks our user to take a copy: `only` is for nothing else. */
  dataOffer?: DataOffer
  /** As the sender announced it. */
  sizeBytes?: number
  state: ShareState
  mountName: string | undefined
  rootFacts: RootFacts | undefined
  /** It may be passed on (the `share` permission). */
  mayReshare?: boolean
  /** Since when its server does not let us in any more, although nobody told us that it ended. */
  goneAtMs?: number | undefined
  createdAtMs: number
  expiresAtMs: number | undefined
}

/** What messages are about: a share we gave, one we were given, or a person. */
export type MessageSide = 'given' | 'received' | 'contact'
export type MessageType = 'SHARE' | NotificationType

/** A message on its way to another server, kept until it has arrived. */
export interface OutgoingMessage {
  id: string
  /** Whose share it is about. */
  userId: string
  side: MessageSide
  /** Our id of the share; messages about one go in the order of `position`. */
  subjectId: string
  position: number
  peerHost: string
  type: MessageType
  /** The message as JSON, without the secret. */
  body: string
  secretSealed: string | undefined
  /** `failed`: given up. What has arrived is not kept. */
  state: 'waiting' | 'failed'
  tries: number
  nextTryAtMs: number
  /** Somebody sends it now, and is believed dead after this. */
  claimedUntilMs: number | undefined
  /** An attempt may have reached the peer although no answer came back. */
  mayHaveArrived: boolean
  lastError: string | undefined
  createdAtMs: number
  expiresAtMs: number
}

/** What a role allows; passing on is granted beside it. */
export function rightsOf(role: LinkRole, mayReshare = false): Rights {
  return { read: role !== 'uploader', write: role === 'editor', share: mayReshare }
}
