import { formatAddress } from '../address.ts'
import { EXCHANGE_TOKEN, readShare } from '../dialects/standard.ts'
import type { DataOffer, OcmShare } from '../types.ts'
import { type OcmAnswer, OcmRefusal, recipientUnknown } from './ocm-answer.ts'
import type { SealedMessage } from './origin.ts'
import type { Reception } from './reception.ts'
import { offerAt, resourceAddress } from './resource-address.ts'

/** `POST /shares`: the sender's host must have signed it and must own what it shares. */
export async function receiveShare(
  room: Reception,
  sealed: SealedMessage,
  json: unknown,
): Promise<OcmAnswer> {
  const share = fromOwner(readShare(json))
  if (share.expiresAtMs !== undefined && share.expiresAtMs <= room.clock.nowMs()) {
    throw OcmRefusal.invalid({ name: 'expiration', message: 'EXPIRED' })
  }
  // The receiver rejects a share whose requirement it cannot meet (OCM 1.4 "Code Flow").
  if (share.webdav.requirements?.includes(EXCHANGE_TOKEN) && !room.features.exchangeToken) {
    throw OcmRefusal.unsupported('REQUIREMENT_NOT_SUPPORTED')
  }
  if (room.mustExchange && !share.webdav.requirements?.includes(EXCHANGE_TOKEN)) {
    throw OcmRefusal.invalid({ name: 'protocol.webdav.requirements', message: 'REQUIRED' })
  }
  const peerHost = share.sender.host
  await room.origin.prove(sealed, peerHost)
  // Resharing for owners elsewhere is not agreed upon, so nobody may speak for another server.
  if (share.owner.host !== peerHost) throw new OcmRefusal(403, 'OWNER_NOT_ON_SENDING_SERVER')
  if (share.shareWith.host !== room.host) throw recipientUnknown()
  const uri = await resourceAddress(room, share, peerHost)
  const received = withPlace(share, uri, await offerAt(room, share, { peerHost, url: uri }))
  const { recipientDisplayName } = await room.inbox().receiveShare(received, peerHost)
  await room.peers.succeeded(peerHost, 'share-received')
  return { status: 201, body: { recipientDisplayName } }
}

function withPlace(share: OcmShare, uri: string, offer: DataOffer | undefined): OcmShare {
  const { dataOffer: _, ...webdav } = share.webdav
  return { ...share, webdav: { ...webdav, uri, ...(offer === undefined ? {} : { dataOffer: offer }) } }
}

/**
 * In the old form the owner's server sends, signs and serves what a recipient elsewhere has passed on
 * (`REQUEST_RESHARE`). Who asked for it is only its word, so that person is shown and the owner is the sender.
 */
function fromOwner(share: OcmShare): OcmShare {
  const { owner, sender, webdav } = share
  if (webdav.access !== 'basic' || owner.host === sender.host) return share
  return {
    ...share,
    sender: owner,
    senderDisplayName: share.senderDisplayName || formatAddress(sender),
  }
}
