import { formatAddress, withoutHost } from '../address.ts'
import type { NotificationAnswer, NotificationType, OcmNotification } from '../notification.ts'
import type { Dialect } from '../peer-info.ts'
import { isClassic } from './dialect.ts'
import { recipientFor } from './write-share.ts'

/** Nextcloud and ownCloud 10 expect a sentence, which they put into their logs. */
const SENTENCES: Record<NotificationType, string> = {
  SHARE_ACCEPTED: 'Recipient accepted the share',
  SHARE_DECLINED: 'Recipient declined the share',
  SHARE_UNSHARED: 'File was unshared',
  REQUEST_RESHARE: 'Recipient of a share asks the owner to reshare the file',
  RESHARE_UNDO: 'Reshare was revoked',
  RESHARE_CHANGE_PERMISSION: 'Permissions of the share were changed',
  SHARE_CHANGE_PERMISSION: 'Permissions of the share were changed',
  USER_REMOVED: 'The contact was removed',
  DATA_TRANSFER: 'The copy of the share has moved on',
}

/**
 * Nextcloud's receiver throws at a change of permissions, and is one of the older ones, too; Reva and OpenCloud
 * only write it into a log. No text of OCM has one for recipients: nodes like this one speak that of oCIS.
 */
const PERMISSION_NOTICE: Record<Dialect, NotificationType | undefined> = {
  standard: 'SHARE_CHANGE_PERMISSION',
  older: undefined,
  nextcloud: undefined,
  owncloud10: 'RESHARE_CHANGE_PERMISSION',
  ocis: 'SHARE_CHANGE_PERMISSION',
  reva: undefined,
}

/** The name a server has for what `type` means; undefined where it has none, so that nothing need be sent. */
export function noticeFor(dialect: Dialect, type: NotificationType): NotificationType | undefined {
  const isPermission = type === 'RESHARE_CHANGE_PERMISSION' || type === 'SHARE_CHANGE_PERMISSION'
  if (isPermission) return PERMISSION_NOTICE[dialect]
  // Those who know notices of files only answer one about a person with an error.
  return type === 'USER_REMOVED' && !(dialect === 'standard' || dialect === 'older') ? undefined : type
}

/** Writes `POST /notifications`; `peerHost` is where it goes, and cut off ids that carry it. */
export function writeNotification(
  notification: OcmNotification,
  dialect: Dialect = 'standard',
  peerHost = '',
): Record<string, unknown> {
  const type = noticeFor(dialect, notification.type) ?? notification.type
  return {
    notificationType: type,
    resourceType: resourceTypeFor(dialect, notification.resourceType),
    providerId: notification.providerId,
    notification: {
      ...given('sharedSecret', notification.sharedSecret),
      message: notification.message ?? SENTENCES[type],
      ...given('grantee', granteeFor(dialect, notification, peerHost)),
      ...detailsOf(type, notification),
    },
  }
}

function detailsOf(type: NotificationType, notification: OcmNotification): object {
  const { shareWith, shareType, senderId, permissions = [] } = notification
  if (type === 'REQUEST_RESHARE') {
    return {
      ...given('shareWith', shareWith && formatAddress(shareWith)),
      ...given('senderId', senderId),
      shareType: shareType ?? 'user',
    }
  }
  if (type === 'DATA_TRANSFER') return copyOf(notification)
  if (type === 'RESHARE_CHANGE_PERMISSION') return { permission: permissions }
  if (type === 'SHARE_CHANGE_PERMISSION') {
    const { expiresAtMs, note } = notification
    return {
      protocol: changedProtocol(notification),
      ...(expiresAtMs === undefined ? {} : { expiration: Math.floor(expiresAtMs / 1000) }),
      ...given('description', note),
    }
  }
  return {}
}

/** No text of OCM has this one: nodes like this one tell each other how a copy ends. */
function copyOf({ copy }: OcmNotification): object {
  if (copy === undefined) return {}
  const { status, files, sizeBytes, isVerified, reason } = copy
  return {
    status,
    ...(files === undefined ? {} : { files }),
    ...(sizeBytes === undefined ? {} : { size: sizeBytes }),
    ...(isVerified === undefined ? {} : { verified: isVerified }),
    ...given('reason', reason),
  }
}

function changedProtocol({ sharedSecret, permissions = [], webdavUri }: OcmNotification): object {
  const address = webdavUri === undefined ? {} : { uri: webdavUri, url: webdavUri }
  return { name: 'multi', webdav: { ...given('sharedSecret', sharedSecret), permissions, ...address } }
}

/** Nextcloud and ownCloud 10 know only files, and oCIS writes that for folders, too. */
function resourceTypeFor(dialect: Dialect, type: string): string {
  const knowsFilesOnly = isClassic(dialect) || dialect === 'ocis'
  return type === 'folder' && knowsFilesOnly ? 'file' : type
}

/** Also of a contact that was removed: whose contact it was. */
function granteeFor(dialect: Dialect, { grantee, type }: OcmNotification, host: string): string | undefined {
  if (type === 'USER_REMOVED') return grantee
  if (grantee === undefined || dialect !== 'ocis') return undefined
  return withoutHost(recipientFor(dialect, { id: grantee, host }).id, host)
}

/** Both spellings of the secret: Nextcloud reads `token`, ownCloud 10 `sharedSecret`. */
export function writeNotificationAnswer(answer: NotificationAnswer | undefined): Record<string, unknown> {
  const secret = answer?.sharedSecret
  return {
    ...given('token', secret),
    ...given('sharedSecret', secret),
    ...given('providerId', answer?.providerId),
  }
}

function given(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value }
}
