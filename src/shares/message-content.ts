import type { NotificationAnswer, OcmNotification } from '../ocm/notification.ts'
import type { OcmClient } from '../ocm/ocm-client.ts'
import type { OcmShare } from '../ocm/types.ts'
import type { Seal } from '../platform/seal.ts'
import type { OutgoingMessage } from './types.ts'

/** What a message says. */
export type MessageContent = { share: OcmShare } | { notification: OcmNotification }

/** What the peer answered. */
export interface MessageAnswer extends NotificationAnswer {
  recipientDisplayName?: string
  isOffered?: boolean
}

/** A message as it lies in the database: the secret is sealed, and nowhere else. */
export function packMessage(
  content: MessageContent,
  seal: Seal,
): Pick<OutgoingMessage, 'type' | 'body' | 'secretSealed'> {
  if ('notification' in content) {
    const { sharedSecret, ...body } = content.notification
    const secretSealed = sharedSecret === undefined ? undefined : seal.seal(sharedSecret)
    return { type: body.type, body: JSON.stringify(body), secretSealed }
  }
  const { sharedSecret, ...webdav } = content.share.webdav
  const body = JSON.stringify({ ...content.share, webdav })
  return { type: 'SHARE', body, secretSealed: seal.seal(sharedSecret) }
}

/** Sends a stored message; throws `PeerError`. */
export async function sendMessage(
  { ocm, seal }: { ocm: Pick<OcmClient, 'notify' | 'sendShare'>; seal: Seal },
  message: OutgoingMessage,
  signal: AbortSignal | undefined,
): Promise<MessageAnswer> {
  const options = signal === undefined ? {} : { signal }
  const secret = message.secretSealed === undefined ? undefined : seal.open(message.secretSealed)
  if (message.type === 'SHARE') {
    const share = JSON.parse(message.body) as OcmShare
    const webdav = { ...share.webdav, sharedSecret: secret ?? '' }
    return await ocm.sendShare({ ...share, webdav }, options)
  }
  const body = JSON.parse(message.body) as OcmNotification
  const notification = secret === undefined ? body : { ...body, sharedSecret: secret }
  return (await ocm.notify(message.peerHost, notification, options)) ?? {}
}
