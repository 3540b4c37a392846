import type { OcmAddress, OcmPermission, OcmShare } from './types.ts'

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

/** What one server tells another of a share or a contact, whatever dialect it came or goes in. */
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
