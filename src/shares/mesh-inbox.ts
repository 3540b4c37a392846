import { findHost } from '../ocm/address.ts'
import { shareNumber } from '../ocm/legacy/share-number.ts'
import type { MeshInbox } from '../ocm/mesh-inbox.ts'
import type { NotificationType } from '../ocm/notification.ts'
import { sha256Hex } from '../platform/ids.ts'
import type { ShareContext } from './context.ts'
import { createTokenGiver } from './give-token.ts'
import { listGroupSharesByProviderId } from './groups/group-shares-repo.ts'
import { isOpenedBy, isSecretOf } from './notice-subject.ts'
import { findOutgoing, findOutgoingBySecret } from './outgoing-repo.ts'
import { receiveNotice } from './receive-notice.ts'
import { receiveShare } from './receive-share.ts'
import { listReceivedByProviderId } from './received-repo.ts'
import { useInvitation } from './use-invitation.ts'

/** What messages of other servers mean to our users and their files. */
export function createMeshInbox(ctx: ShareContext): MeshInbox {
  return {
    receiveShare: (share, peerHost) => receiveShare(ctx, share, peerHost),
    receiveNotification: (notification, peerHost) => receiveNotice(ctx, notification, peerHost),
    exchangeToken: createTokenGiver(ctx),
    heardFrom: (host) => ctx.messages.heardFrom(host),
    inviteAccepted: (invite) => useInvitation(ctx, invite),
    async findNumberedShare(number, sharedSecret) {
      if (!/^\d{1,10}$/.test(number) || sharedSecret === '') return undefined
      const share = await findOutgoingBySecret(ctx.db, sha256Hex(sharedSecret))
      return share !== undefined && shareNumber(share.id) === number ? share.id : undefined
    },
    async findPeerOfShare(providerId, sharedSecret, keyid, type) {
      const hosts = await listPeersOfShare(ctx, { providerId, sharedSecret, type })
      if (hosts.length < 2) return hosts[0]
      // `host#1`, `https://host/ocm#signature`: a choice of whose key is tried, which must have signed all the same.
      return hosts.find((host) => host === findHost(keyid ?? ''))
    },
  }
}

/** What only whoever asked for a share says of it. */
const OF_ASKERS: readonly (NotificationType | undefined)[] = ['RESHARE_UNDO', 'RESHARE_CHANGE_PERMISSION']

/**
 * The hosts a notification about this share may come from. Ids of several servers may be equal; then only
 * the secret tells which share is meant.
 */
async function listPeersOfShare(
  ctx: ShareContext,
  about: { providerId: string; sharedSecret: string | undefined; type: NotificationType | undefined },
): Promise<string[]> {
  const { providerId, sharedSecret, type } = about
  const hosts = new Set<string>()
  const share = await findOutgoing(ctx.db, providerId)
  if (share !== undefined && isOpenedBy(share, sharedSecret)) {
    const isOfAsker = OF_ASKERS.includes(type) && share.parentId !== undefined
    const speaker = isOfAsker ? await findOutgoing(ctx.db, share.parentId ?? '') : share
    if (speaker?.recipient.type === 'remote') hosts.add(speaker.recipient.host)
  }
  for (const received of await listReceivedByProviderId(ctx.db, providerId)) {
    if (isSecretOf(ctx, received, sharedSecret)) hosts.add(received.peerHost)
  }
  for (const { facts, peerHost } of await listGroupSharesByProviderId(ctx.db, providerId)) {
    if (isSecretOf(ctx, facts, sharedSecret)) hosts.add(peerHost)
  }
  return [...hosts]
}
