import { inTransaction } from '../platform/db.ts'
import { BadRequestError, ConflictError, ForbiddenError, NotFoundError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { formatPath } from '../store/paths.ts'
import type { Entry, StorePath } from '../store/types.ts'
import { getActor, type ShareContext } from './context.ts'
import { giveHere, giveThere } from './give-share.ts'
import { findOutgoing, listOutgoing, listOutgoingWith } from './outgoing-repo.ts'
import { listReceived } from './received-repo.ts'
import { getRecipient } from './recipients.ts'
import { publish, publishReceived } from './share-events.ts'
import { isLive } from './share-states.ts'
import { moveLocalCounterpart, moveOutgoing } from './transitions.ts'
import type { OutgoingShare, ShareRole } from './types.ts'

export interface NewShare {
  path: StorePath
  /** `user@host`, or the name of a user of this node. */
  shareWith: string
  role: ShareRole
  note: string
  expiresAtMs: number | undefined
}

/** Shares an entry of the user's own files. When the other server refuses, nothing is left behind. */
export async function createShare(
  ctx: ShareContext,
  userId: string,
  input: NewShare,
): Promise<OutgoingShare> {
  const owner = await getActor(ctx, userId)
  if (input.expiresAtMs !== undefined && input.expiresAtMs <= ctx.clock.nowMs()) {
    throw new BadRequestError('The share would be over before it begins; choose a later end.')
  }
  const entry = await getShareable(ctx, userId, input.path)
  const recipient = await getRecipient(ctx, owner, input.shareWith)
  const share: OutgoingShare = {
    id: newId(),
    ownerUserId: userId,
    fileId: entry.id,
    name: entry.name,
    kind: entry.kind,
    role: input.role,
    recipient,
    secretHash: undefined,
    state: 'pending',
    note: input.note,
    createdAtMs: ctx.clock.nowMs(),
    expiresAtMs: input.expiresAtMs,
  }
  await refuseDuplicate(ctx, share)
  if (recipient.type === 'local') await giveHere(ctx, owner, share)
  else await giveThere(ctx, owner, share, entry.sizeBytes)
  publish(ctx, share)
  return (await findOutgoing(ctx.db, share.id)) ?? share
}

/** What a user has shared, newest first; of one entry when a path is given. */
export async function listShares(
  ctx: ShareContext,
  userId: string,
  path?: StorePath,
): Promise<OutgoingShare[]> {
  if (path === undefined) return await listOutgoing(ctx.db, userId)
  const home = await ctx.spaces.spaceOf(userId)
  return await listOutgoing(ctx.db, userId, (await home.stat(path)).id)
}

/** One share the user has given. */
export async function getShare(ctx: ShareContext, userId: string, id: string): Promise<OutgoingShare> {
  const share = await findOutgoing(ctx.db, id)
  if (share?.ownerUserId !== userId) throw new NotFoundError('You have given no such share.')
  return share
}

/**
 * Ends a share: access is over when this returns, whether or not the other server can be told now. The
 * notice to it is stored in the same transaction and delivered as soon as it is reachable.
 */
export async function revokeShare(ctx: ShareContext, userId: string, id: string): Promise<void> {
  const share = await getShare(ctx, userId, id)
  const done = await inTransaction(ctx.db, async (tx) => {
    const outgoing = await moveOutgoing(tx, id, 'revoke')
    const isRemote = share.recipient.type === 'remote'
    if (isRemote && (outgoing?.from === 'pending' || outgoing?.from === 'accepted')) {
      await ctx.notices.enqueue(tx, {
        peerHost: share.recipient.host,
        type: 'SHARE_UNSHARED',
        resourceType: share.kind,
        providerId: id,
      })
    }
    return { outgoing, received: isRemote ? undefined : await moveLocalCounterpart(tx, id, 'revoke') }
  })
  ctx.notices.wake()
  if (done.outgoing !== undefined) publish(ctx, done.outgoing.share)
  if (done.received !== undefined) publishReceived(ctx, done.received.share)
}

/** Only what is the user's own can be shared: a received share may not be handed on without a grant. */
export async function getShareable(ctx: ShareContext, userId: string, path: StorePath): Promise<Entry> {
  if (path.length === 0) throw new BadRequestError('The whole drive cannot be shared; choose a folder in it.')
  const mounts = await listReceived(ctx.db, userId, 'accepted')
  const mount = mounts.find((share) => share.mountName === path[0])
  if (mount !== undefined) {
    throw new ForbiddenError(
      `${formatPath(path)} belongs to ${mount.owner.displayName}; only the owner can share it with others.`,
      { code: 'RESHARE_REFUSED' },
    )
  }
  const home = await ctx.spaces.spaceOf(userId)
  return await home.stat(path)
}

async function refuseDuplicate(ctx: ShareContext, share: OutgoingShare): Promise<void> {
  const others = await listOutgoingWith(ctx.db, share.fileId, share.recipient)
  if (!others.some((other) => isLive(other, ctx.clock.nowMs()))) return
  throw new ConflictError(
    `${share.name} is already shared with ${share.recipient.displayName}; revoke that share first to change it.`,
    { code: 'ALREADY_SHARED' },
  )
}
