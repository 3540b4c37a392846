import type { User } from '../accounts/types.ts'
import { inTransaction } from '../platform/db.ts'
import { BadRequestError, ConflictError, NotFoundError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { PageAsk } from '../platform/paging.ts'
import type { StorePath } from '../store/types.ts'
import { changeGiven, narrowed, type Terms, termsOf } from './change-shares.ts'
import { getActor, type ShareContext } from './context.ts'
import { type Changes, endGiven, publishChanges } from './end-shares.ts'
import { giveHere, giveThere } from './give-share.ts'
import { giveToGroup } from './groups/give-to-group.ts'
import { getHeldLive, type HeldShare } from './held-shares.ts'
import { findOutgoing, listOutgoing, listOutgoingWith } from './outgoing-repo.ts'
import { getRecipient } from './recipients.ts'
import { isLive } from './share-states.ts'
import { checkPassOn, getShareable, type Shareable } from './shareable.ts'
import type { OutgoingShare, ShareRecipient, ShareRole } from './types.ts'

export interface NewShare {
  path: StorePath
  /** `user@host`, or the name of a user of this node; with `isGroup`, the same for groups. */
  shareWith: string
  isGroup?: boolean | undefined
  role: ShareRole
  note: string
  expiresAtMs: number | undefined
  /** The recipient may pass it on. */
  mayReshare?: boolean | undefined
  /** It asks the recipient to take a copy. */
  push?: OutgoingShare['push']
}

/**
 * Shares an entry of the user's own files, or of a share that may be passed on. When the other server
 * refuses, nothing is left behind; when it is away, the share is `sending` until it has arrived.
 */
export async function createShare(
  ctx: ShareContext,
  userId: string,
  input: NewShare,
): Promise<OutgoingShare> {
  const owner = await getActor(ctx, userId)
  checkEnd(ctx, input.expiresAtMs)
  const subject = await getShareable(ctx, userId, input.path)
  const recipient = await getRecipient(ctx, owner, input.shareWith, input.isGroup)
  const { role, note, expiresAtMs, mayReshare = false } = input
  const wanted = { role, note, expiresAtMs, mayReshare }
  const terms = subject.upstream === undefined ? wanted : checkPassOn(subject.upstream, wanted, recipient)
  const share = { ...newShare(ctx, owner, subject, recipient), ...terms, push: input.push }
  await giveShare(ctx, owner, share, subject.sizeBytes)
  return (await findOutgoing(ctx.db, share.id)) ?? share
}

/** Gives a share that is ready to whom it is for; throws `ConflictError` when they have one already. */
export async function giveShare(
  ctx: ShareContext,
  owner: User,
  share: OutgoingShare,
  sizeBytes: number,
): Promise<void> {
  await refuseDuplicate(ctx, share)
  const { type, isGroup } = share.recipient
  if (type === 'local') await (isGroup ? giveToGroup : giveHere)(ctx, owner, share)
  else await giveThere(ctx, owner, share, sizeBytes)
}

/** A share as it is before anybody was told, to be read only. */
export function newShare(
  ctx: ShareContext,
  owner: User,
  subject: Pick<Shareable, 'id' | 'name' | 'kind' | 'via'>,
  recipient: ShareRecipient,
): OutgoingShare {
  return {
    id: newId(),
    ownerUserId: owner.id,
    fileId: subject.id,
    name: subject.name,
    kind: subject.kind,
    role: 'viewer',
    recipient,
    secretHash: undefined,
    state: 'pending',
    note: '',
    createdAtMs: ctx.clock.nowMs(),
    expiresAtMs: undefined,
    ...(subject.via === undefined ? {} : { via: subject.via }),
  }
}

/** What a user has shared, newest first; of one entry when a path is given. */
export async function listShares(
  ctx: ShareContext,
  userId: string,
  path?: StorePath,
  page?: PageAsk,
): Promise<OutgoingShare[]> {
  const fileId = path === undefined ? undefined : (await getShareable(ctx, userId, path)).id
  return await listOutgoing(ctx.db, userId, { fileId, page })
}

/** One share the user has given. */
export async function getShare(ctx: ShareContext, userId: string, id: string): Promise<OutgoingShare> {
  const share = await findOutgoing(ctx.db, id)
  if (share?.ownerUserId !== userId) throw new NotFoundError('You have given no such share.')
  return share
}

/**
 * Ends a share: access is over when this returns, whether or not the other server can be told now. The
 * message to it is stored in the same transaction and delivered as soon as it is reachable.
 */
export async function revokeShare(ctx: ShareContext, userId: string, id: string): Promise<void> {
  await getShare(ctx, userId, id)
  const changes: Changes = { given: [], received: [] }
  await inTransaction(ctx.db, (tx) => endGiven(ctx, tx, id, changes))
  publishChanges(ctx, changes)
}

/** What of a share is to be changed; `null` takes the end away. */
export interface ShareChange {
  role?: ShareRole | undefined
  note?: string | undefined
  expiresAtMs?: number | null | undefined
  mayReshare?: boolean | undefined
}

/** Changes a share: our own access control at once, the other server is told as soon as it is reachable. */
export async function changeShare(
  ctx: ShareContext,
  userId: string,
  id: string,
  change: ShareChange,
): Promise<OutgoingShare> {
  const share = await getShare(ctx, userId, id)
  checkEnd(ctx, change.expiresAtMs)
  const changes: Changes = { given: [], received: [] }
  await inTransaction(ctx.db, async (tx) => {
    const held = await getHeldLive(ctx, tx, id)
    const terms = limitTerms(held, withChange(held.share, change))
    await changeGiven(ctx, tx, { share: held.share, terms }, changes)
  })
  publishChanges(ctx, changes)
  return (await findOutgoing(ctx.db, id)) ?? share
}

function withChange(share: OutgoingShare, { role, note, expiresAtMs, mayReshare }: ShareChange): Terms {
  return {
    role: role ?? share.role,
    note: note ?? share.note,
    expiresAtMs: expiresAtMs === undefined ? share.expiresAtMs : (expiresAtMs ?? undefined),
    mayReshare: mayReshare ?? share.mayReshare ?? false,
  }
}

/** What stands on another share has no more than that one. */
function limitTerms({ share, upstream, parent }: HeldShare, terms: Terms): Terms {
  if (upstream !== undefined) return checkPassOn(upstream, terms, share.recipient)
  return parent === undefined ? terms : narrowed(terms, termsOf(parent))
}

function checkEnd(ctx: ShareContext, expiresAtMs: number | null | undefined): void {
  if (typeof expiresAtMs !== 'number' || expiresAtMs > ctx.clock.nowMs()) return
  throw new BadRequestError('The share would be over before it begins; choose a later end.')
}

async function refuseDuplicate(ctx: ShareContext, share: OutgoingShare): Promise<void> {
  const others = await listOutgoingWith(ctx.db, share.fileId, share.recipient)
  if (!others.some((other) => isLive(other, ctx.clock.nowMs()))) return
  throw new ConflictError(
    `${share.name} is already shared with ${share.recipient.displayName}; revoke that share first to change it.`,
    { code: 'ALREADY_SHARED' },
  )
}
