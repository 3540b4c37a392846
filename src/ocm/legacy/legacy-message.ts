import { findHost } from '../address.ts'
import { OcmRefusal } from '../incoming/ocm-answer.ts'
import type { NotificationType } from '../notification.ts'

/** What may stand behind `/cloud/shares/{id}/`, and which notification of OCM it is. */
const NOTICES = {
  accept: 'SHARE_ACCEPTED',
  decline: 'SHARE_DECLINED',
  unshare: 'SHARE_UNSHARED',
  reshare: 'REQUEST_RESHARE',
  revoke: 'RESHARE_UNDO',
  permissions: 'RESHARE_CHANGE_PERMISSION',
} as const satisfies Record<string, NotificationType>

export type LegacyNotice = keyof typeof NOTICES

export function isLegacyNotice(text: string): text is LegacyNotice {
  return Object.hasOwn(NOTICES, text)
}

/** Of the numbers of Nextcloud and ownCloud those for a group here, and for one of another server. */
const GROUP_TYPES = ['1', '9']

/**
 * A share in the form from before OCM, as OCM 1.0 would have written it: from there on it is read and judged
 * like every other. `remote` is the server that sends and keeps it; who speaks for the owner of another is
 * refused. Throws `OcmRefusal` 400.
 */
export function shareOfForm(form: URLSearchParams, ownHost: string): Record<string, unknown> {
  const host = findHost(form.get('remote') ?? '')
  if (host === undefined) throw OcmRefusal.invalid({ name: 'remote', message: 'INVALID_FORMAT' })
  const owner = form.get('ownerFederatedId') || `${form.get('owner') ?? ''}@${host}`
  if (findHost(owner.slice(owner.lastIndexOf('@') + 1)) !== host) {
    throw new OcmRefusal(403, 'OWNER_NOT_ON_SENDING_SERVER')
  }
  const sharedBy = form.get('sharedBy') || form.get('owner') || ''
  return {
    shareWith: `${form.get('shareWith') ?? ''}@${ownHost}`,
    name: form.get('name') ?? '',
    providerId: form.get('remoteId') ?? '',
    owner,
    ownerDisplayName: form.get('owner') ?? '',
    sender: form.get('sharedByFederatedId') || `${sharedBy}@${host}`,
    senderDisplayName: sharedBy,
    shareType: GROUP_TYPES.includes(form.get('shareType') ?? '') ? 'group' : 'user',
    // Folders are shared as files, too; the first look at it tells.
    resourceType: 'file',
    protocol: { name: 'webdav', options: { sharedSecret: form.get('token') ?? '' } },
  }
}

/** What is told about a share in the form from before OCM, as a notification. */
export function noticeOfForm(
  notice: LegacyNotice,
  id: string,
  form: URLSearchParams,
): Record<string, unknown> {
  const sharedSecret = form.get('token') ?? ''
  if (sharedSecret === '') throw OcmRefusal.invalid({ name: 'token', message: 'REQUIRED' })
  return {
    notificationType: NOTICES[notice],
    resourceType: 'file',
    providerId: id,
    notification: {
      sharedSecret,
      ...(notice === 'reshare' ? reshareOf(form) : {}),
      ...(notice === 'permissions' ? { permission: wordsOf(form.get('permissions')) } : {}),
    },
  }
}

function reshareOf(form: URLSearchParams): Record<string, unknown> {
  const senderId = form.get('remoteId')
  return {
    shareWith: form.get('shareWith') ?? '',
    shareType: form.get('shareType') ?? '0',
    ...(senderId === null ? {} : { senderId }),
  }
}

/** Bits: 1 read; 2, 4 and 8 update, create and delete; 16 share. */
function wordsOf(text: string | null): string[] {
  const bits = /^\d{1,2}$/.test(text ?? '') ? Number(text) : 0
  if (bits < 1 || bits > 31) throw OcmRefusal.invalid({ name: 'permissions', message: 'INVALID_FORMAT' })
  return [...(bits & 1 ? ['read'] : []), ...(bits & 14 ? ['write'] : []), ...(bits & 16 ? ['share'] : [])]
}
