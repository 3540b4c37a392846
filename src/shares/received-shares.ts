import type { ShareNotice } from '../ocm/notification.ts'
import { type Db, inTransaction, isUniqueViolation } from '../platform/db.ts'
import { ConflictError, NotFoundError } from '../platform/errors.ts'
import type { PageAsk } from '../platform/paging.ts'
import type { ShareContext } from './context.ts'
import { type Changes, endPassedOn, publishChanges } from './end-shares.ts'
import { isToldToSender, moveAnswered } from './groups/answer-for-group.ts'
import { holdRow } from './held-rows-repo.ts'
import { candidateNames, checkChosenName, isFreeAtHome, nameTaken, toMountName } from './mount-names.ts'
import { secretOf } from './receive-share.ts'
import { findReceived, listReceived, pageReceived, renameMount } from './received-repo.ts'
import { publish, publishReceived } from './share-events.ts'
import { nextState, type ShareEvent, type ShareState, stateAt } from './share-states.ts'
import { moveReceived } from './transitions.ts'
import type { ReceivedShare } from './types.ts'

/** What a user has been given, newest first; a share past its end counts as revoked. */
export async function listReceivedShares(
  ctx: ShareContext,
  userId: string,
  state?: ShareState,
): Promise<ReceivedShare[]> {
  // Only revoked ones may stand under another state: those past their end.
  const stored = await listReceived(ctx.db, userId, state === 'revoked' ? undefined : state)
  const all = stored.map((share) => toPresent(ctx, share))
  return state === undefined ? all : all.filter((share) => share.state === state)
}

/** A page of that. */
export async function pageReceivedShares(
  ctx: ShareContext,
  userId: string,
  page: PageAsk,
  state?: ShareState,
): Promise<ReceivedShare[]> {
  const found = await pageReceived(ctx.db, userId, page, { state, nowMs: ctx.clock.nowMs() })
  return found.map((share) => toPresent(ctx, share))
}

/** One share the user has been given. */
export async function getReceivedShare(
  ctx: ShareContext,
  userId: string,
  id: string,
): Promise<ReceivedShare> {
  const share = await findReceived(ctx.db, userId, id)
  if (share === undefined) throw new NotFoundError('You have been given no such share.')
  return toPresent(ctx, share)
}

/**
 * Accepts a share: it appears in the drive under its name or the next free one (`name (2)`); a name that
 * was chosen on purpose must be free. The sender is told, when reachable.
 */
export async function acceptShare(
  ctx: ShareContext,
  userId: string,
  id: string,
  chosenName?: string,
): Promise<ReceivedShare> {
  const share = await getReceivedShare(ctx, userId, id)
  nextState(share.state, 'accept')
  if (share.state === 'accepted' && share.mountName !== undefined) return share
  if (share.dataOffer === 'only') throw onlyForCopying(share)
  const home = await ctx.spaces.spaceOf(userId)
  const names =
    chosenName === undefined
      ? candidateNames(toMountName(share.name), share.kind)
      : [checkChosenName(chosenName)]
  for (const name of names) {
    if (!(await isFreeAtHome(home, name))) continue
    const accepted = await tryAccept(ctx, share, name)
    if (accepted !== undefined) return await lookedAt(ctx, accepted)
  }
  throw nameTaken(chosenName ?? share.name)
}

/** Accepts a share that does not appear in the drive, with what `alongside` writes in the same transaction. */
export async function acceptUnmounted(
  ctx: ShareContext,
  share: ReceivedShare,
  alongside: (tx: Db) => Promise<void>,
): Promise<ReceivedShare> {
  return await answer(ctx, share, 'accept', { alongside })
}

function onlyForCopying({ name }: ReceivedShare): ConflictError {
  return new ConflictError(`${name} is offered for a copy only; say where the copy is to go (copyTo).`, {
    code: 'COPY_ONLY',
  })
}

/** What a message leaves open, such as whether it is a folder, its server tells whoever opens it. */
async function lookedAt(ctx: ShareContext, share: ReceivedShare): Promise<ReceivedShare> {
  if (share.source === 'local') return share
  await ctx.learnRoot(share)
  return await getReceivedShare(ctx, share.userId, share.id)
}

/** Refuses a share, or leaves one that was accepted; the sender is told, when reachable. */
export async function endShare(
  ctx: ShareContext,
  userId: string,
  id: string,
  event: 'decline' | 'leave',
): Promise<ReceivedShare> {
  const share = await getReceivedShare(ctx, userId, id)
  if (event === 'decline' && share.state === 'accepted') {
    throw new ConflictError('The share has been accepted; leave it instead.', { code: 'SHARE_STATE' })
  }
  return await answer(ctx, share, event)
}

/** Gives an accepted share another name in the drive. */
export async function renameShareMount(ctx: ShareContext, share: ReceivedShare, name: string): Promise<void> {
  checkChosenName(name)
  try {
    await renameMount(ctx.db, share.id, name)
  } catch (error) {
    throw isUniqueViolation(error) ? nameTaken(name) : error
  }
}

/** Undefined when another share took the name first. */
async function tryAccept(
  ctx: ShareContext,
  share: ReceivedShare,
  name: string,
): Promise<ReceivedShare | undefined> {
  try {
    if (share.state !== 'accepted') return await answer(ctx, share, 'accept', { mountName: name })
    // Its data was copied before, without a place in the drive.
    await renameMount(ctx.db, share.id, name)
    return { ...share, mountName: name }
  } catch (error) {
    if (isUniqueViolation(error)) return undefined
    throw error
  }
}

/** Stores the recipient's answer, and in the same transaction what has to be told to the sender. */
async function answer(
  ctx: ShareContext,
  share: ReceivedShare,
  event: ShareEvent,
  { mountName, alongside }: { mountName?: string; alongside?: (tx: Db) => Promise<void> } = {},
): Promise<ReceivedShare> {
  const changes: Changes = { given: [], received: [] }
  const done = await inTransaction(ctx.db, async (tx) => {
    if (share.source === 'local') await holdRow(tx, { givenId: share.providerId })
    const received = await moveReceived(tx, share, event, mountName)
    if (received === undefined) throw new NotFoundError('You have been given no such share.')
    await alongside?.(tx)
    if (received.share.state === received.from) return { received: received.share }
    if (event !== 'accept') await endPassedOn(ctx, tx, share.id, changes)
    if (share.source === 'local') {
      const outgoing = await moveAnswered(tx, share.providerId, event)
      return { received: received.share, outgoing: outgoing?.share }
    }
    if (await isToldToSender(tx, share, event)) await tellSender(ctx, tx, share, noticeOf(event))
    return { received: received.share }
  })
  publishChanges(ctx, changes)
  publishReceived(ctx, done.received)
  if (done.outgoing !== undefined) publish(ctx, done.outgoing)
  return done.received
}

async function tellSender(ctx: ShareContext, tx: Db, share: ReceivedShare, type: ShareNotice): Promise<void> {
  const sharedSecret = secretOf(ctx, share)
  await ctx.messages.enqueue(tx, {
    ...{ userId: share.userId, side: 'received', subjectId: share.id, peerHost: share.peerHost },
    content: {
      notification: {
        ...{ type, resourceType: share.kind, providerId: share.providerId },
        ...(sharedSecret === '' ? {} : { sharedSecret }),
      },
    },
  })
}

/**
 * A recipient who leaves says SHARE_DECLINED, as one who never took it. SHARE_UNSHARED would mean the same
 * (OCM 1.4 Share Notifications), but Nextcloud and ownCloud 10 take that from senders only.
 */
function noticeOf(event: ShareEvent): ShareNotice {
  return event === 'accept' ? 'SHARE_ACCEPTED' : 'SHARE_DECLINED'
}

function toPresent(ctx: ShareContext, share: ReceivedShare): ReceivedShare {
  return { ...share, state: stateAt(share, ctx.clock.nowMs()) }
}
