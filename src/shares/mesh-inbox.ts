import {
  InboxRefusedError,
  type MeshInbox,
  type OcmNotification,
  type OcmShare,
  type ShareNotice,
} from '../ocm/types.ts'
import { isUniqueViolation } from '../platform/db.ts'
import { ConflictError } from '../platform/errors.ts'
import { equalSecrets, newId, sha256Hex } from '../platform/ids.ts'
import { findContact } from './contacts-repo.ts'
import type { ShareContext } from './context.ts'
import { useInvitation } from './invitations.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { publish, publishReceived } from './outgoing-shares.ts'
import { findReceivedFrom, insertReceived, listReceivedByProviderId } from './received-repo.ts'
import type { ShareEvent } from './share-states.ts'
import { moveOutgoing, moveReceived } from './transitions.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'

/** What messages of other servers mean to our users and their files. */
export function createMeshInbox(ctx: ShareContext): MeshInbox {
  return {
    receiveShare: (share, peerHost) => receiveShare(ctx, share, peerHost),
    receiveNotification: (notification, peerHost) => receiveNotification(ctx, notification, peerHost),
    inviteAccepted: (invite) => useInvitation(ctx, invite),
    findPeerOfShare: (providerId, sharedSecret) => findPeerOfShare(ctx, providerId, sharedSecret),
  }
}

async function receiveShare(
  ctx: ShareContext,
  share: OcmShare,
  peerHost: string,
): Promise<{ recipientDisplayName: string }> {
  const { id } = share.shareWith
  const user = (await ctx.users.findUserByName(id)) ?? (await ctx.users.findUserById(id))
  if (user === undefined) throw new InboxRefusedError('recipient-unknown')
  if (ctx.config.mustInvite) {
    const { id: remoteUserId, host } = share.sender
    const contact = await findContact(ctx.db, { userId: user.id, host, remoteUserId })
    if (contact === undefined) throw new InboxRefusedError('not-invited')
  }
  const received = toReceived(ctx, share, { peerHost, userId: user.id })
  if (await storeOnce(ctx, received)) publishReceived(ctx, received)
  return { recipientDisplayName: user.displayName }
}

/**
 * A repeat of a message must not make a second share: a server and its `providerId` name one. False when
 * the same share is there already; another content under the same name is refused.
 */
async function storeOnce(ctx: ShareContext, share: ReceivedShare): Promise<boolean> {
  const before = await findReceivedFrom(ctx.db, share.peerHost, share.providerId)
  if (before === undefined) {
    try {
      await insertReceived(ctx.db, share)
      return true
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
    }
  }
  const present = before ?? (await findReceivedFrom(ctx.db, share.peerHost, share.providerId))
  if (present === undefined || !isSameShare(ctx, present, share)) throw new InboxRefusedError('share-changed')
  return false
}

function isSameShare(ctx: ShareContext, a: ReceivedShare, b: ReceivedShare): boolean {
  const facts = (share: ReceivedShare) =>
    JSON.stringify([
      share.userId,
      share.owner.id,
      share.owner.host,
      share.sender.id,
      share.sender.host,
      share.name,
      share.kind,
      share.role,
      share.webdavUri,
      share.expiresAtMs,
    ])
  return facts(a) === facts(b) && equalSecrets(secretOf(ctx, a), secretOf(ctx, b))
}

function secretOf(ctx: ShareContext, share: ReceivedShare): string {
  return share.secretSealed === undefined ? '' : ctx.seal.open(share.secretSealed)
}

function toReceived(
  ctx: ShareContext,
  share: OcmShare,
  to: { peerHost: string; userId: string },
): ReceivedShare {
  return {
    id: newId(),
    userId: to.userId,
    source: 'remote',
    peerHost: to.peerHost,
    providerId: share.providerId,
    owner: { ...share.owner, displayName: share.ownerDisplayName || share.owner.id },
    sender: { ...share.sender, displayName: share.senderDisplayName || share.sender.id },
    name: share.name,
    kind: share.resourceType,
    role: share.webdav.permissions.includes('write') ? 'editor' : 'viewer',
    note: share.description,
    webdavUri: share.webdav.uri,
    secretSealed: ctx.seal.seal(share.webdav.sharedSecret),
    state: 'pending',
    mountName: undefined,
    rootFacts: undefined,
    createdAtMs: ctx.clock.nowMs(),
    expiresAtMs: share.expiresAtMs,
  }
}

const RECIPIENT_EVENTS: Record<ShareNotice, ShareEvent> = {
  SHARE_ACCEPTED: 'accept',
  SHARE_DECLINED: 'decline',
  SHARE_UNSHARED: 'leave',
}

/** From the recipient's server about a share we gave, or from the sender's that it is withdrawn. */
async function receiveNotification(
  ctx: ShareContext,
  notice: OcmNotification,
  peerHost: string,
): Promise<void> {
  const { type, providerId, sharedSecret } = notice
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
 * The host a notification about this share must come from. Ids of several servers may be equal; then
 * only the secret tells which share is meant.
 */
async function findPeerOfShare(
  ctx: ShareContext,
  providerId: string,
  sharedSecret: string | undefined,
): Promise<string | undefined> {
  const outgoing = await findOutgoing(ctx.db, providerId)
  const hosts = new Set<string>()
  if (outgoing?.recipient.type === 'remote' && isOpenedBy(outgoing, sharedSecret)) {
    hosts.add(outgoing.recipient.host)
  }
  for (const share of await listReceivedByProviderId(ctx.db, providerId)) {
    if (isSecretOf(ctx, share, sharedSecret)) hosts.add(share.peerHost)
  }
  return hosts.size === 1 ? [...hosts][0] : undefined
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
