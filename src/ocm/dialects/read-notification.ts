import { z } from 'zod'
import { cleanLine, cleanText, headerSecret } from '../foreign-text.ts'
import { OcmRefusal } from '../incoming/ocm-answer.ts'
import type { NotificationType, OcmNotification } from '../notification.ts'
import type { OcmShare } from '../types.ts'
import { readMessage } from './read-json.ts'
import { findPermissions, isObject } from './read-protocol.ts'
import { opaqueId, wireAddress } from './read-share.ts'

const MAX_MESSAGE_LENGTH = 2_000

type Details = Partial<OcmNotification>
type Inner = Record<string, unknown>

/** What each kind carries beside the secret and a sentence for people. */
const kinds: Record<NotificationType, (inner: Inner) => Details> = {
  SHARE_ACCEPTED: () => ({}),
  SHARE_DECLINED: () => ({}),
  SHARE_UNSHARED: () => ({}),
  RESHARE_UNDO: () => ({}),
  USER_REMOVED: () => ({}),
  REQUEST_RESHARE: readReshare,
  RESHARE_CHANGE_PERMISSION: (inner) =>
    readPermissions(inner.permission ?? inner.permissions, 'notification.permission'),
  SHARE_CHANGE_PERMISSION: readChange,
  DATA_TRANSFER: readCopy,
}

const text = z.string().min(1).optional().catch(undefined)

const wireDetails = z.looseObject({ sharedSecret: text, grantee: opaqueId.optional().catch(undefined) })

const wireNotification = z.looseObject({
  notificationType: z.string().min(1),
  resourceType: z.string().nullish(),
  providerId: opaqueId,
})

/**
 * Reads `POST /notifications` in the form of any server. Throws `OcmRefusal`: 400 for wrong members, 501
 * for types and resource types that are not ours, such as the rooms of Nextcloud Talk.
 */
export function readNotification(json: unknown): OcmNotification {
  const wire = readMessage(wireNotification, json)
  const inner = isObject(wire.notification) ? wire.notification : {}
  const type = readType(wire.notificationType, wire.resourceType)
  const { sharedSecret, grantee } = wireDetails.parse(inner)
  const message = messageOf(inner)
  return {
    type,
    resourceType: wire.resourceType ?? (type === 'USER_REMOVED' ? 'user' : 'file'),
    providerId: wire.providerId,
    ...(sharedSecret === undefined ? {} : { sharedSecret }),
    ...(message === undefined ? {} : { message }),
    ...(grantee === undefined ? {} : { grantee }),
    ...kinds[type](inner),
  }
}

/** The resource type goes first: another app's notification is nothing we have misread. */
function readType(type: string, resourceType: string | null | undefined): NotificationType {
  const known = Object.hasOwn(kinds, type) ? (type as NotificationType) : undefined
  const expected = known === 'USER_REMOVED' ? ['user'] : ['file', 'folder']
  if (!expected.includes(resourceType ?? (expected[0] as string)))
    throw OcmRefusal.unsupported('RESOURCE_TYPE_NOT_SUPPORTED')
  if (known === undefined) throw OcmRefusal.unsupported('NOTIFICATION_TYPE_NOT_SUPPORTED')
  return known
}

/** Nextcloud wrote `messgage` for years. */
function messageOf(inner: Inner): string | undefined {
  const said = inner.message ?? inner.messgage
  return typeof said === 'string' ? cleanText(said, MAX_MESSAGE_LENGTH) : undefined
}

const wireReshare = z.looseObject({
  shareWith: wireAddress,
  senderId: opaqueId.optional().catch(undefined),
})

function readReshare(inner: Inner): Details {
  const { shareWith, senderId } = readMessage(wireReshare, inner, 'notification')
  return {
    shareWith,
    shareType: reshareTypeOf(inner.shareType),
    ...(senderId === undefined ? {} : { senderId }),
  }
}

/** Nextcloud writes its own numbers: 1 and 9 are a group here and elsewhere, 0 and 6 a person. */
function reshareTypeOf(value: unknown): OcmShare['shareType'] {
  return ['group', 1, 9, '1', '9'].includes(value as string | number) ? 'group' : 'user'
}

const wireChange = z.looseObject({
  sharedSecret: headerSecret.optional().catch(undefined),
  expiration: z.number().min(0).max(8.64e12).optional().catch(undefined),
  description: z.string().optional().catch(undefined),
})

/** oCIS has the secret with the protocol, as in a share; the end and the note are of nodes like this one. */
function readChange(inner: Inner): Details {
  const webdav = isObject(inner.protocol) && isObject(inner.protocol.webdav) ? inner.protocol.webdav : {}
  const { expiration, description } = wireChange.parse(inner)
  const sharedSecret = wireChange.parse(inner).sharedSecret ?? wireChange.parse(webdav).sharedSecret
  return {
    ...readPermissions(webdav.permissions, 'notification.protocol'),
    ...(sharedSecret === undefined ? {} : { sharedSecret }),
    ...(expiration === undefined ? {} : { expiresAtMs: Math.round(expiration * 1000) }),
    ...(description === undefined ? {} : { note: cleanText(description, MAX_MESSAGE_LENGTH) }),
  }
}

const count = z.int().nonnegative().optional().catch(undefined)

const wireCopy = z.looseObject({
  status: z.enum(['copying', 'copied', 'failed']),
  files: count,
  size: count,
  verified: z.boolean().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
})

/** A word that is not known changes nothing; later nodes may have more of them. */
function readCopy(inner: Inner): Details {
  const wire = wireCopy.safeParse(inner).data
  if (wire === undefined) return {}
  const { status, files, size, verified, reason } = wire
  return {
    copy: {
      status,
      ...(files === undefined ? {} : { files }),
      ...(size === undefined ? {} : { sizeBytes: size }),
      ...(verified === undefined ? {} : { isVerified: verified }),
      ...(reason === undefined ? {} : { reason: cleanLine(reason, 500) }),
    },
  }
}

function readPermissions(json: unknown, name: string): Details {
  const permissions = findPermissions(json)
  if (permissions === undefined) {
    const message = json === undefined || json === null ? 'REQUIRED' : 'INVALID_FORMAT'
    throw OcmRefusal.invalid({ name, message })
  }
  return { permissions }
}

const wireAnswer = z.looseObject({
  token: headerSecret.optional().catch(undefined),
  sharedSecret: headerSecret.optional().catch(undefined),
  providerId: opaqueId.optional().catch(undefined),
})

/** Reads the answer to `REQUEST_RESHARE`; undefined when it tells nothing. */
export function findNotificationAnswer(
  json: unknown,
): { sharedSecret?: string; providerId?: string } | undefined {
  const wire = wireAnswer.safeParse(json).data
  const sharedSecret = wire?.sharedSecret ?? wire?.token
  const providerId = wire?.providerId
  if (sharedSecret === undefined && providerId === undefined) return undefined
  return {
    ...(sharedSecret === undefined ? {} : { sharedSecret }),
    ...(providerId === undefined ? {} : { providerId }),
  }
}
