import { findHost } from '../ocm/address.ts'
import {
  InboxRefusedError,
  type MeshInbox,
  type NotificationType,
  type OcmNotification,
  type ShareNotice,
} from '../ocm/types.ts'
import { ConflictError } from '../platform/errors.ts'
import { equalSecrets, sha256Hex } from '../platform/ids.ts'
import type { ShareContext } from './context.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { receiveShare, secretOf } from './receive-share.ts'
import { findReceivedFrom, listReceivedByProviderId } from './received-repo.ts'
import { publish, publishReceived } from './share-events.ts'
import type { ShareEvent } from './share-states.ts'
import { moveOutgoing, moveReceived } from './transitions.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'
import { useInvitation } from './use-invitation.ts'

/** What messages of other servers mean to our users and their files. */
export function createMeshInbox(ctx: ShareContext): MeshInbox {
  return {
    receiveShare: (share, peerHost) => receiveShare(ctx, share, peerHost),
    receiveNotification: (notification, peerHost) => receiveNotification(ctx, notification, peerHost),
    inviteAccepted: (invite) => useInvitation(ctx, invite),
    async findPeerOfShare(providerId, sharedSecret, keyid) {
      const hosts = await listPeersOfShare(ctx, providerId, sharedSecret)
      if (hosts.length < 2) return hosts[0]
      // `host#1`, `https://host/ocm#signature`: a choice of whose key is tried, which must have signed all the same.
      return hosts.find((host) => host === findHost(keyid ?? ''))
    },
  }
}

const RECIPIENT_EVENTS: Record<ShareNotice, ShareEvent> = {
  SHARE_ACCEPTED: 'accept',
  SHARE_DECLINED: 'decline',
  SHARE_UNSHARED: 'leave',
}

function isShareNotice(type: NotificationType): type is ShareNotice {
  return Object.hasOwn(RECIPIENT_EVENTS, type)
}

/** From the recipient's server about a share we gave, or from the sender's that it is withdrawn. */
async function receiveNotification(
  ctx: ShareContext,
  notice: OcmNotification,
  peerHost: string,
): Promise<undefined> {
  const { type, providerId, sharedSecret } = notice
  if (!isShareNotice(type)) throw new InboxRefusedError('notification-unsupported')
  const outgoing = await findOutgoing(ctx.db, providerId)
  if (outgoing !== undefined && isWithPeer(outgoing, peerHost) && isOpenedBy(outgoing, sharedSecret)) {
    await applyAnswer(ctx, outgoing, RECIPIENT_EVENTS[type])
    return
  }
  const received =
    type === 'SHARE_UNSHARED' ? await findReceivedFrom(ctx.db, peerHost, providerId) : undefined
  const isOurs = received !== undefined && received.source === 'remote'
  if (!isOurs || !isSecretOf(ctx, received, sharedSecret)) throw new InboxRefusedError('share-unknown')
  const moved = await moveReceived(ctx.db, received, 'revoke')
  if (moved !== undefined && moved.from !== moved.share.state) publishReceived(ctx, moved.share)
}

async function applyAnswer(ctx: ShareContext, share: OutgoingShare, event: ShareEvent): Promise<void> {
  try {
    const moved = await moveOutgoing(ctx.db, share.id, event)
    if (moved !== undefined && moved.from !== moved.share.state) publish(ctx, moved.share)
  } catch (error) {
    // An answer that comes too late, such as an acceptance of what was revoked, changes nothing.
    if (!(error instanceof ConflictError)) throw error
    ctx.log.info({ shareId: share.id, event, state: share.state }, 'notification came too late')
  }
}

/**
 * The hosts a notification about this share may come from. Ids of several servers may be equal; then only
 * the secret tells which share is meant.
 */
async function listPeersOfShare(
  ctx: ShareContext,
  providerId: string,
  sharedSecret: string | undefined,
): Promise<string[]> {
  const outgoing = await findOutgoing(ctx.db, providerId)
  const hosts = new Set<string>()
  if (outgoing?.recipient.type === 'remote' && isOpenedBy(outgoing, sharedSecret)) {
    hosts.add(outgoing.recipient.host)
  }
  for (const share of await listReceivedByProviderId(ctx.db, providerId)) {
    if (isSecretOf(ctx, share, sharedSecret)) hosts.add(share.peerHost)
  }
  return [...hosts]
}

function isWithPeer(share: OutgoingShare, peerHost: string): boolean {
  return share.recipient.type === 'remote' && share.recipient.host === peerHost
}

function isOpenedBy(share: OutgoingShare, secret: string | undefined): boolean {
  return secret === undefined || equalSecrets(sha256Hex(secret), share.secretHash ?? '')
}

function isSecretOf(ctx: ShareContext, share: ReceivedShare, secret: string | undefined): boolean {
  return secret === undefined || equalSecrets(secret, secretOf(ctx, share))
}
