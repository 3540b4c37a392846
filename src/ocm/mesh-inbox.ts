import type { NotificationAnswer, NotificationType, OcmNotification } from './notification.ts'
import type { AcceptedInvite, AccessToken, OcmPerson, OcmShare } from './types.ts'

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

/** Thrown by the room that the message is for; its sender is answered by the reason. */
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
