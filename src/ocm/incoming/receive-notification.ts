import { readNotification } from '../dialects/standard.ts'
import type { OcmAnswer } from './ocm-answer.ts'
import { OcmRefusal } from './ocm-answer.ts'
import type { SealedMessage } from './origin.ts'
import type { Reception } from './reception.ts'

/** `POST /notifications`: must be signed by the peer that the share is with. */
export async function receiveNotification(
  room: Reception,
  sealed: SealedMessage,
  json: unknown,
): Promise<OcmAnswer> {
  const notification = readNotification(json)
  const inbox = room.inbox()
  const peerHost = await inbox.findPeerOfShare(notification.providerId, notification.sharedSecret)
  if (peerHost === undefined) throw new OcmRefusal(400, 'RESOURCE_NOT_FOUND')
  await room.origin.prove(sealed, peerHost)
  await inbox.receiveNotification(notification, peerHost)
  return { status: 201, body: {} }
}
