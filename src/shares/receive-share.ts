import { InboxRefusedError } from '../ocm/mesh-inbox.ts'
import type { OcmShare } from '../ocm/types.ts'
import { isUniqueViolation } from '../platform/db.ts'
import { equalSecrets, newId } from '../platform/ids.ts'
import { findContact } from './contacts-repo.ts'
import type { ShareContext } from './context.ts'
import { findGroupShare } from './groups/group-shares-repo.ts'
import { receiveGroupShare } from './groups/receive-group-share.ts'
import { findReceivedFrom, hasTooManyPending, insertReceived } from './received-repo.ts'
import { publishReceived } from './share-events.ts'
import type { ReceivedShare } from './types.ts'

/** A share of another server for one of our users, pending until they answer. Throws `InboxRefusedError`. */
export async function receiveShare(
  ctx: ShareContext,
  share: OcmShare,
  peerHost: string,
): Promise<{ recipientDisplayName: string }> {
  if (share.shareType === 'group') return await receiveGroupShare(ctx, share, peerHost)
  const { id } = share.shareWith
  const user = (await ctx.users.findUserByName(id)) ?? (await ctx.users.findUserById(id))
  if (ctx.config.mustInvite) {
    const { id: remoteUserId, host } = share.sender
    const contact = user && (await findContact(ctx.db, { userId: user.id, host, remoteUserId }))
    // Also where there is no such user: whom nobody invited does not learn who has an account.
    if (contact === undefined) throw new InboxRefusedError('not-invited')
  }
  if (user === undefined) throw new InboxRefusedError('recipient-unknown')
  if ((await findGroupShare(ctx.db, { peerHost, providerId: share.providerId })) !== undefined) {
    throw new InboxRefusedError('share-changed')
  }
  const received = toReceived(ctx, share, { peerHost, userId: user.id })
  if (await storeOnce(ctx, received)) publishReceived(ctx, received)
  return { recipientDisplayName: user.displayName }
}

/**
 * A repeat of a message must not make a second share: a server and its `providerId` name one. False when
 * the same share is there already; another content under the same name is refused, and so is what was taken back,
 * for its sender would take it as standing here.
 */
async function storeOnce(ctx: ShareContext, share: ReceivedShare): Promise<boolean> {
  const before = await findReceivedFrom(ctx.db, share.peerHost, share.providerId)
  if (before === undefined) {
    if (await hasTooManyPending(ctx.db, share.userId, share.peerHost)) throw new InboxRefusedError('too-many')
    try {
      await insertReceived(ctx.db, share)
      return true
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
    }
  }
  const present = before ?? (await findReceivedFrom(ctx.db, share.peerHost, share.providerId))
  const isSame = present !== undefined && present.state !== 'revoked' && isSameShare(ctx, present, share)
  if (!isSame) throw new InboxRefusedError('share-changed')
  return false
}

function isSameShare(ctx: ShareContext, a: ReceivedShare, b: ReceivedShare): boolean {
  return factsOf(a) === factsOf(b) && equalSecrets(secretOf(ctx, a), secretOf(ctx, b))
}

/** By what one share is told from another, but for the secret. */
export function factsOf(share: ReceivedShare): string {
  return JSON.stringify([
    share.userId,
    share.owner.id,
    share.owner.host,
    share.sender.id,
    share.sender.host,
    share.name,
    // Old servers call a folder a file, and leave it to PROPFIND what is granted.
    share.permissionsUnknown ? undefined : share.role,
    share.webdavUri,
    share.expiresAtMs,
    share.webapp?.uri,
  ])
}

/** The secret another server gave us for a share; empty for none. */
export function secretOf(ctx: ShareContext, share: Pick<ReceivedShare, 'secretSealed'>): string {
  return share.secretSealed === undefined ? '' : ctx.seal.open(share.secretSealed)
}

/** The message as the share one of our users is given. */
export function toReceived(
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
    ...accessOf(share),
    ...webappOf(ctx, share),
    ...offerOf(share),
    state: 'pending',
    mountName: undefined,
    rootFacts: undefined,
    createdAtMs: ctx.clock.nowMs(),
    expiresAtMs: share.expiresAtMs,
    mayReshare: share.webdav.permissions.includes('share') && !share.webdav.permissionsUnknown,
  }
}

/** How the share is opened, as far as its message says. */
function accessOf({
  webdav,
}: OcmShare): Pick<ReceivedShare, 'mustExchange' | 'permissionsUnknown' | 'access'> {
  return {
    ...(webdav.requirements?.includes('must-exchange-token') ? { mustExchange: true } : {}),
    ...(webdav.permissionsUnknown ? { permissionsUnknown: true } : {}),
    ...(webdav.access === 'basic' ? { access: 'basic' } : {}),
  }
}

function offerOf({ webdav }: OcmShare): Pick<ReceivedShare, 'dataOffer' | 'sizeBytes'> {
  const { dataOffer, sizeBytes } = webdav
  return {
    ...(dataOffer === undefined ? {} : { dataOffer }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  }
}

function webappOf({ seal }: ShareContext, { webapp }: OcmShare): Pick<ReceivedShare, 'webapp'> {
  if (webapp === undefined) return {}
  const { sharedSecret, ...facts } = webapp
  return { webapp: { ...facts, ...(sharedSecret ? { secretSealed: seal.seal(sharedSecret) } : {}) } }
}
