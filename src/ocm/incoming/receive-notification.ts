import { readNotification } from '../dialects/standard.ts'
import { SignatureError } from '../signatures/signature-error.ts'
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
  const { providerId, sharedSecret } = notification
  const peerHost = await inbox.findPeerOfShare(providerId, sharedSecret, sealed.signature?.keyid)
  if (peerHost === undefined) throw new OcmRefusal(400, 'RESOURCE_NOT_FOUND')
  // The server that a share is with can be guessed; unsigned, only the secret tells that it is the sender.
  if (sealed.signature === undefined && sharedSecret === undefined) {
    throw new SignatureError('SIGNATURE_REQUIRED', 'neither signed nor with the secret of the share')
  }
  await room.origin.prove(sealed, peerHost)
  await inbox.receiveNotification(notification, peerHost)
  return { status: 201, body: {} }
}
