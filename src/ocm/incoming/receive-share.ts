import { OutboundError } from '../../platform/outbound-error.ts'
import { trimmedOf } from '../../platform/trim.ts'
import { readShare } from '../dialects/standard.ts'
import type { PeerInfo } from '../types.ts'
import { type OcmAnswer, OcmRefusal, recipientUnknown } from './ocm-answer.ts'
import type { SealedMessage } from './origin.ts'
import type { Reception } from './reception.ts'

/** `POST /shares`: the sender's host must have signed it and must own what it shares. */
export async function receiveShare(
  room: Reception,
  sealed: SealedMessage,
  json: unknown,
): Promise<OcmAnswer> {
  const share = readShare(json)
  if (share.expiresAtMs !== undefined && share.expiresAtMs <= room.clock.nowMs()) {
    throw OcmRefusal.invalid({ name: 'expiration', message: 'EXPIRED' })
  }
  const peerHost = share.sender.host
  await room.origin.prove(sealed, peerHost)
  // Resharing for owners elsewhere is not agreed upon, so nobody may speak for another server.
  if (share.owner.host !== peerHost) throw new OcmRefusal(403, 'OWNER_NOT_ON_SENDING_SERVER')
  if (share.shareWith.host !== room.host) throw recipientUnknown()
  const uri = await absoluteUri(room, share.webdav.uri, peerHost)
  const inbox = room.inbox()
  const { recipientDisplayName } = await inbox.receiveShare(
    { ...share, webdav: { ...share.webdav, uri } },
    peerHost,
  )
  return { status: 201, body: { recipientDisplayName } }
}

/** An address we could never open is refused now, while the sender is there to be told. */
async function absoluteUri(room: Reception, uri: string, peerHost: string): Promise<string> {
  const isAbsolute = /^[a-z][a-z0-9+.-]*:/i.test(uri)
  const url = isAbsolute ? uri : composeUri(await room.discovery.discover(peerHost), uri)
  try {
    await room.outbound.check(url)
  } catch (error) {
    if (isForbidden(error))
      throw OcmRefusal.invalid({ name: 'protocol.webdav.uri', message: 'INVALID_FORMAT' })
    room.log.info({ peer: peerHost, err: error }, 'shared resource is not reachable yet')
  }
  return url
}

function isForbidden(error: unknown): boolean {
  return error instanceof OutboundError && (error.reason === 'bad-url' || error.reason === 'address-refused')
}

/** A relative URI is a key below the sender's WebDAV prefix (OCM 1.4 "Resource Access"). */
function composeUri(peer: PeerInfo, uri: string): string {
  const prefix = peer.resourceTypes.find((type) => type.webdavPath !== undefined)?.webdavPath
  if (prefix === undefined)
    throw OcmRefusal.invalid({ name: 'protocol.webdav.uri', message: 'INVALID_FORMAT' })
  const scheme = new URL(peer.endPoint).protocol
  const path = [prefix, uri].map((part) => trimmedOf(part, '/')).filter((part) => part !== '')
  return `${scheme}//${peer.host}/${path.join('/')}`
}
