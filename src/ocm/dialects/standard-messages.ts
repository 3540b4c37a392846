import { z } from 'zod'
import { findHost } from '../address.ts'
import { exactId, shownName } from '../foreign-text.ts'
import { OcmRefusal } from '../incoming/ocm-answer.ts'
import type { AcceptedInvite, OcmNotification, OcmPerson, ShareNotice } from '../types.ts'
import { readMessage } from './read-json.ts'
import { opaqueId } from './standard-share.ts'

const notices: readonly string[] = ['SHARE_ACCEPTED', 'SHARE_DECLINED', 'SHARE_UNSHARED']

const details = z
  .looseObject({
    sharedSecret: z.string().min(1).optional().catch(undefined),
    message: z.string().optional().catch(undefined),
  })
  .catch({})

const wireNotification = z.looseObject({
  notificationType: z.string().min(1),
  resourceType: z.string().nullish(),
  providerId: opaqueId,
  notification: details,
})

/** Reads `POST /notifications`; 501 for types and resource types that are not ours. Throws `OcmRefusal`. */
export function readNotification(json: unknown): OcmNotification {
  const wire = readMessage(wireNotification, json)
  const resourceType = wire.resourceType ?? 'file'
  if (resourceType !== 'file' && resourceType !== 'folder')
    throw OcmRefusal.unsupported('RESOURCE_TYPE_NOT_SUPPORTED')
  if (!isNotice(wire.notificationType)) throw OcmRefusal.unsupported('NOTIFICATION_TYPE_NOT_SUPPORTED')
  const { sharedSecret, message } = wire.notification
  return {
    type: wire.notificationType,
    resourceType,
    providerId: wire.providerId,
    ...(sharedSecret === undefined ? {} : { sharedSecret }),
    ...(message === undefined ? {} : { message }),
  }
}

function isNotice(text: string): text is ShareNotice {
  return notices.includes(text)
}

/** Writes `POST /notifications`. */
export function writeNotification(notification: OcmNotification): Record<string, unknown> {
  const { type, resourceType, providerId, sharedSecret, message } = notification
  const inner = {
    ...(sharedSecret === undefined ? {} : { sharedSecret }),
    ...(message === undefined ? {} : { message }),
  }
  return { notificationType: type, resourceType, providerId, notification: inner }
}

/** Older Nextclouds write `userId`. */
const userId = { userID: exactId.optional(), userId: exactId.optional() }

const wireAccepted = z.looseObject({
  recipientProvider: z.string().min(1),
  token: z.string().min(1),
  ...userId,
  email: shownName,
  name: shownName,
})

/** Reads `POST /invite-accepted`. Throws `OcmRefusal`. */
export function readAcceptedInvite(json: unknown): AcceptedInvite {
  const wire = readMessage(wireAccepted, json)
  const recipientProvider = findHost(wire.recipientProvider)
  if (recipientProvider === undefined)
    throw OcmRefusal.invalid({ name: 'recipientProvider', message: 'INVALID_FORMAT' })
  const id = wire.userID ?? wire.userId
  if (id === undefined) throw OcmRefusal.invalid({ name: 'userID', message: 'REQUIRED' })
  return {
    token: wire.token,
    recipientProvider,
    recipient: { userId: id, displayName: wire.name, email: wire.email },
  }
}

/** Writes `POST /invite-accepted`; `host` is ours. */
export function writeAcceptedInvite(
  host: string,
  token: string,
  recipient: OcmPerson,
): Record<string, unknown> {
  return { recipientProvider: host, token, ...writePerson(recipient) }
}

/** The answer to `/invite-accepted`: who invited. */
export function writePerson(person: OcmPerson): Record<string, unknown> {
  return { userID: person.userId, email: person.email, name: person.displayName }
}

const wirePerson = z.looseObject({ ...userId, email: shownName, name: shownName })

/** Reads the answer to `/invite-accepted`; undefined when it names nobody. */
export function findPerson(json: unknown): OcmPerson | undefined {
  const wire = wirePerson.safeParse(json).data
  const id = wire?.userID ?? wire?.userId
  return wire === undefined || id === undefined
    ? undefined
    : { userId: id, displayName: wire.name, email: wire.email }
}
