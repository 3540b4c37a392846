import type { NotificationAnswer, OcmNotification } from './notification.ts'
import type { PeerInfo } from './peer-info.ts'
import type { LinkPlace, LinkVisitor } from './public-link.ts'
import type { AccessToken, OcmPerson, OcmShare } from './types.ts'

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
