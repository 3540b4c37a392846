/** A person on an OCM server: an opaque identifier and the server's host[:port] (OCM 1.4 "OCM Address"). */
export interface OcmAddress {
  id: string
  host: string
}

/** The two resource types we share; a foreign server may call a folder a file. */
export type ResourceType = 'file' | 'folder'
export type OcmPermission = 'read' | 'write' | 'share'

/** A share as one internal model, whatever dialect it came or goes in. */
export interface OcmShare {
  shareWith: OcmAddress
  name: string
  description: string
  /** Opaque id of the share at the sending server. */
  providerId: string
  owner: OcmAddress
  ownerDisplayName: string
  sender: OcmAddress
  senderDisplayName: string
  shareType: 'user' | 'group'
  resourceType: ResourceType
  expiresAtMs?: number
  webdav: {
    /** Absolute URL of the shared file or of the root of the shared folder. */
    uri: string
    sharedSecret: string
    permissions: OcmPermission[]
    sizeBytes?: number
    /** What the recipient must do before it reads; `must-exchange-token` is the only one we know. */
    requirements?: string[]
    /** `basic`: the old form, the secret is the user name of Basic (OCM 1.0). Bearer unless given. */
    access?: 'bearer' | 'basic'
    /** The message did not say what is granted: `permissions` is a guess until PROPFIND tells. */
    permissionsUnknown?: boolean
    /**
     * The sender asks the recipient to take a copy (`datatx` among the access types). `only`: it is for that
     * and not for working in from afar (no `remote` beside it). Written for peers that can make such copies.
     */
    dataOffer?: DataOffer
    /** The member of the message that `uri` stood in, for refusals. */
    uriMember?: string
  }
  /** An application of the sender in which the resource can be opened, beside WebDAV. */
  webapp?: OcmWebapp
}

export type DataOffer = 'beside' | 'only'

/** How far the copy of an offered share has come, at the recipient's node. */
export type CopyStatus = 'copying' | 'copied' | 'failed'

/** What a node that takes a copy tells the one that offered it. */
export interface CopyReport {
  status: CopyStatus
  files?: number
  sizeBytes?: number
  /** Every file agreed with a checksum of its source. */
  isVerified?: boolean
  /** Why it failed, in words for people. */
  reason?: string
}

/** `protocol.webapp`: where a browser opens what is shared in an application of the sender. */
export interface OcmWebapp {
  /** Absolute; of old servers with the place `{relative-path-to-shared-resource}` in it. */
  uri: string
  /** Is exchanged for the token that the browser posts; old servers mostly have none. */
  sharedSecret?: string
  permissions: ('view' | 'read' | 'write' | 'share')[]
  /** What people may call it; may be empty. */
  appName: string
  /** OCM 1.4: the browser has to post a token. Otherwise (1.1 to 1.3) the address alone may do. */
  isModern: boolean
}

export interface OcmPerson {
  userId: string
  displayName: string
  email: string
}

export interface AcceptedInvite {
  token: string
  /** The host that accepted, proven by its signature unless the policy takes unsigned messages. */
  recipientProvider: string
  recipient: OcmPerson
}

/** What servers tell each other about a share that stands. */
export type ShareNotice = 'SHARE_ACCEPTED' | 'SHARE_DECLINED' | 'SHARE_UNSHARED'

/** Beside them: reshares and permissions, known to a part of the servers; and a contact that is gone. */
export type NotificationType =
  | ShareNotice
  | 'REQUEST_RESHARE' // a recipient asks the owner's server to share with somebody else
  | 'RESHARE_UNDO'
  | 'RESHARE_CHANGE_PERMISSION' // Nextcloud and ownCloud 10
  | 'SHARE_CHANGE_PERMISSION' // oCIS, from the sender
  | 'USER_REMOVED' // `providerId` is the userID of the invite flow
  | 'DATA_TRANSFER' // nodes like this one: how far the copy of an offered share is

export interface OcmNotification {
  type: NotificationType
  /** `user` for `USER_REMOVED`, `file` or `folder` for all others. */
  resourceType: string
  providerId: string
  sharedSecret?: string
  message?: string
  /** `REQUEST_RESHARE`: with whom. */
  shareWith?: OcmAddress
  shareType?: OcmShare['shareType']
  /** `REQUEST_RESHARE`: the id the share has at the server that asks. */
  senderId?: string
  /** `…_CHANGE_PERMISSION`: what is granted from now on. */
  permissions?: OcmPermission[]
  /** oCIS: the recipient's id at its server, without the host. It takes no notification without. */
  grantee?: string
  /** `SHARE_CHANGE_PERMISSION` as we write it: oCIS wants the whole protocol member again. */
  webdavUri?: string
  /** `SHARE_CHANGE_PERMISSION` between nodes like this one: when the share ends now, 0 for never. */
  expiresAtMs?: number
  /** The same: the note to the recipient. */
  note?: string
  /** `DATA_TRANSFER`. */
  copy?: CopyReport
}

/** What a notification may be answered with: for `REQUEST_RESHARE` the new share. */
export interface NotificationAnswer {
  /** The secret of the new share; Nextcloud calls it `token`, ownCloud 10 `sharedSecret`. */
  sharedSecret?: string
  providerId?: string
}

/** The message was understood and does not fit what we have; `ocm` answers it in the protocol's form. */
export type InboxRefusal =
  | 'recipient-unknown' // 400 with validationErrors shareWith NOT_FOUND
  | 'share-unknown' // 400 RESOURCE_NOT_FOUND
  | 'share-changed' // 409: same providerId, other content
  | 'not-invited' // 403
  | 'token-invalid' // 400
  | 'already-accepted' // 409
  | 'share-type-unsupported' // 501: such as a group, where groups of others are not taken
  | 'notification-unsupported' // 501
  | 'not-allowed' // 403: the sender may not do this to the share
  | 'too-many-reshares' // 403: as many as may be were made on request of that share
  | 'too-many' // 429 with Retry-After: too many shares of that server wait for an answer

export class InboxRefusedError extends Error {
  override name = 'InboxRefusedError'
  readonly reason: InboxRefusal
  constructor(reason: InboxRefusal) {
    super(reason)
    this.reason = reason
  }
}

/**
 * What an incoming message means to people and files. `ocm` has parsed it, checked the signature and
 * the trust policy; `peerHost` is the proven (or, unsigned, the claimed) origin. Implemented by `shares`.
 * Throws `InboxRefusedError`.
 */
export interface MeshInbox {
  /** A token for the share with this secret, when its recipient is at `clientHost`; undefined otherwise. */
  exchangeToken(code: string, clientHost: string): Promise<AccessToken | undefined>
  receiveShare(share: OcmShare, peerHost: string): Promise<{ recipientDisplayName: string }>
  receiveNotification(
    notification: OcmNotification,
    peerHost: string,
  ): Promise<NotificationAnswer | undefined>
  inviteAccepted(invite: AcceptedInvite): Promise<OcmPerson>
  /** A peer has signed a message, or has taken one of ours: it is up. */
  heardFrom?(host: string): void
  /**
   * Our id of the share that a server from before OCM knows by this number and secret (`ocm/legacy`); undefined
   * when there is none.
   */
  findNumberedShare(number: string, sharedSecret: string): Promise<string | undefined>
  /**
   * The peer a share is with, for finding whose key must have signed a notification about it. Where ids of
   * several servers are equal and no secret tells them apart, `keyid` says whose key is to be tried.
   */
  findPeerOfShare(
    providerId: string,
    sharedSecret: string | undefined,
    keyid?: string,
    /** A share that a recipient asked for is changed and undone by that one's server. */
    type?: NotificationType,
  ): Promise<string | undefined>
}

/** The forms of messages that servers take, named after who wants them (`ocm/dialects/`). */
export const DIALECTS = ['standard', 'older', 'nextcloud', 'owncloud10', 'ocis', 'reva'] as const
export type Dialect = (typeof DIALECTS)[number]

/** What discovery says about a peer, read leniently (OCM 1.4 API Discovery). */
export interface PeerInfo {
  host: string
  /** Where the document was found in the end; left out for one that was made up from the configuration. */
  foundAt?: string
  apiVersion: string
  provider: string
  /** Without trailing slash. */
  endPoint: string
  capabilities: string[]
  criteria: string[]
  resourceTypes: {
    name: string
    shareTypes: string[]
    webdavPath?: string
    /** `protocols.webdav-receive.uri`: the form of address this server can receive. */
    webdavReceive?: 'absolute' | 'relative'
    /** `protocols.datatx-receive`: makes copies of what it is offered, and tells how they end. */
    takesData?: boolean
  }[]
  /** Has no OCM, but the interface from before it: `endPoint` is where that takes shares (`ocm/legacy`). */
  isLegacy?: boolean
  /** The resource types stood in `shareTypes`, as ownCloud 10 has it. */
  hasShareTypes?: boolean
  inviteAcceptDialog?: string
  jwksUri?: string
  /** Where secrets are exchanged for access tokens (OCM 1.4 "Code Flow"). */
  tokenEndPoint?: string
  /** The key of draft-cavage signatures (Nextcloud 31 to 33); not in the text of OCM any more. */
  publicKey?: { keyId: string; publicKeyPem: string }
}

/** What opens a share for a short time, in place of its secret (OCM 1.4 "Code Flow"). */
export interface AccessToken {
  accessToken: string
  expiresInSeconds: number
}

/** Why a peer could not be talked to; each has its own sentence and remedy. */
export type PeerFailure =
  | 'no-such-host'
  | 'address-refused' // resolves to a private address that network.allow does not list
  | 'unreachable'
  | 'certificate'
  | 'no-tls'
  | 'no-ocm' // answers, but has no discovery document
  | 'ocm-disabled'
  | 'not-trusted' // by our own policy
  | 'refused' // the peer said 401 or 403
  | 'signature-refused' // the peer said what is wrong with our signature
  | 'recipient-unknown' // the peer said 400 or 404 about shareWith
  | 'unsupported' // 501
  | 'busy' // 503
  | 'bad-answer'

/** How the sending of a share is accompanied. */
export interface SendShareControl {
  signal?: AbortSignal | undefined
  /**
   * Told, before the message goes, whether the share demands that its secret is exchanged: by its peer, or by
   * `ocm.exchangeTokens`.
   */
  decided?: ((mustExchange: boolean) => Promise<void>) | undefined
}

/** What became of a share that was sent. */
export interface SentShare {
  recipientDisplayName?: string
  /** The peer was asked to take a copy; false where it knows no such thing and was sent an ordinary share. */
  isOffered?: boolean
}

/** A public link of another server. */
export interface LinkPlace {
  /** Address of the server without a slash at its end; it may have a path. */
  base: string
  /** The same as a host. */
  host: string
  token: string
}

/** Who wants to have what a link shows. */
export interface LinkVisitor {
  /** Federated address of our user. */
  shareWith: string
  /** Of the link. */
  password?: string | undefined
}

/** The server of a link does not share what it shows. */
export class LinkRefusedError extends Error {
  override name = 'LinkRefusedError'
  /** `over`: it knows none by that token (any more). `no-link`: it has no such thing as links to be taken. */
  readonly reason: 'over' | 'password' | 'no-link' | 'refused'
  readonly host: string
  /** Its own words, cleaned. */
  readonly said: string

  constructor(reason: LinkRefusedError['reason'], host: string, said = '') {
    super(`${host} did not share what the link shows: ${reason}`)
    this.reason = reason
    this.host = host
    this.said = said
  }
}

/** Speaks to other OCM servers: discovery first, trust checked, requests signed. Throws `PeerError`. */
export interface OcmClient {
  discover(host: string, options?: { fresh?: boolean; signal?: AbortSignal }): Promise<PeerInfo>
  /** Asks the server of a public link to share it with one of our users. Throws `LinkRefusedError`, too. */
  takeLink(place: LinkPlace, visitor: LinkVisitor): Promise<void>
  /** The signal gives it up; it may have arrived all the same. */
  sendShare(share: OcmShare, options?: SendShareControl): Promise<SentShare>
  /**
   * A token for a share of `host` in exchange for its secret, to be shown at the address `shownAt`. Throws
   * `GrantRefusedError` when the secret is not taken, `PeerError` `unsupported` when that server or this one
   * exchanges none, or when another server than the one at `shownAt` gives them.
   */
  exchangeToken(
    host: string,
    code: string,
    options: { shownAt: string; signal?: AbortSignal | undefined },
  ): Promise<AccessToken>
  /** `POST /invite-accepted` at the inviting server; answers who invited. */
  acceptInvite(provider: string, invite: { token: string; recipient: OcmPerson }): Promise<OcmPerson>
  /** The signal gives it up; it may have arrived all the same. Only `REQUEST_RESHARE` has an answer. */
  notify(
    host: string,
    notification: OcmNotification,
    options?: { signal?: AbortSignal },
  ): Promise<NotificationAnswer | undefined>
}
