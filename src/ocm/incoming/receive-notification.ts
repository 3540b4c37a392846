import { findHost } from '../address.ts'
import { readNotification, writeNotificationAnswer } from '../dialects/standard.ts'
import type { OcmNotification } from '../notification.ts'
import { SignatureError } from '../signatures/signature-error.ts'
import { type OcmAnswer, OcmRefusal } from './ocm-answer.ts'
import type { SealedMessage } from './origin.ts'
import type { Reception } from './reception.ts'

/** `POST /notifications`: must be signed by the peer that the share, or the person, is with. */
export async function receiveNotification(
  room: Reception,
  sealed: SealedMessage,
  json: unknown,
): Promise<OcmAnswer> {
  const notification = readNotification(json)
  const peerHost = await peerOf(room, sealed, notification)
  await room.origin.prove(sealed, peerHost)
  const answer = await room.inbox().receiveNotification(notification, peerHost)
  await room.peers.succeeded(peerHost, 'notification-received')
  return { status: 201, body: writeNotificationAnswer(answer) }
}

async function peerOf(
  room: Reception,
  sealed: SealedMessage,
  notification: OcmNotification,
): Promise<string> {
  const { signature } = sealed
  if (notification.type === 'USER_REMOVED') return signerOf(signature?.keyid)
  const { providerId, sharedSecret } = notification
  const { type } = notification
  const peerHost = await room.inbox().findPeerOfShare(providerId, sharedSecret, signature?.keyid, type)
  if (peerHost === undefined) throw new OcmRefusal(400, 'RESOURCE_NOT_FOUND')
  // The server that a share is with can be guessed; unsigned, only the secret tells that it is the sender.
  if (signature !== undefined || sharedSecret !== undefined) return peerHost
  if (await isOfOcis(room, notification, peerHost)) return peerHost
  throw new SignatureError('SIGNATURE_REQUIRED', 'neither signed nor with the secret of the share')
}

/**
 * oCIS proves nothing: it names the share and its recipient, and that is all. From a server known as one,
 * that never signs, what can only take rights away is believed. Whose the share is `inbox` compares.
 */
async function isOfOcis(room: Reception, { type, grantee }: OcmNotification, host: string): Promise<boolean> {
  if (type !== 'SHARE_UNSHARED' || grantee === undefined) return false
  const peer = await room.discovery.discover(host).catch(() => undefined)
  if (peer === undefined || peer.capabilities.includes('http-sig')) return false
  return (await room.peers.chooseDialect(peer)) === 'ocis'
}

/** About a person there is no share, no secret and so no proof but the signature: its key id names the host. */
function signerOf(keyid: string | undefined): string {
  const host = keyid === undefined ? undefined : findHost(keyid)
  if (host !== undefined) return host
  throw new SignatureError('SIGNATURE_REQUIRED', 'a notification about a person must be signed')
}
