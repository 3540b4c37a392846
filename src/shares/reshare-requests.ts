import { formatAddress } from '../ocm/address.ts'
import { InboxRefusedError } from '../ocm/mesh-inbox.ts'
import type { NotificationAnswer, OcmNotification } from '../ocm/notification.ts'
import { AppError } from '../platform/errors.ts'
import { termsOf } from './change-shares.ts'
import type { ShareContext } from './context.ts'
import { secretOfGiven } from './end-shares.ts'
import { TOO_MANY_RESHARES } from './insert-given.ts'
import { findOutgoing, listOutgoingWith } from './outgoing-repo.ts'
import { giveShare, newShare } from './outgoing-shares.ts'
import { getRecipient } from './recipients.ts'
import { isLive } from './share-states.ts'
import type { OutgoingShare } from './types.ts'

/**
 * `REQUEST_RESHARE`: the recipient of a share asks us, its owner's server, to share with a third person. Both
 * then have the same rights, and the third loses theirs with the share of who asked. The answer names the new
 * share, for `RESHARE_UNDO`. Throws `InboxRefusedError`.
 */
export async function reshareFor(
  ctx: ShareContext,
  parent: OutgoingShare,
  notice: OcmNotification,
): Promise<NotificationAnswer> {
  const owner = await ctx.users.findUserById(parent.ownerUserId)
  const { shareWith, shareType } = notice
  const mayAsk =
    ctx.config.reshareRequests === 'accept' && parent.mayReshare && isLive(parent, ctx.clock.nowMs())
  if (!mayAsk || owner === undefined || shareWith === undefined) throw new InboxRefusedError('not-allowed')
  if (shareType === 'group') throw new InboxRefusedError('share-type-unsupported')
  const place = await ctx.spaces.findFile(parent.fileId)
  if (place === undefined && parent.via === undefined) throw new InboxRefusedError('share-unknown')
  try {
    const recipient = await getRecipient(ctx, owner, formatAddress(shareWith))
    const before = await findSame(ctx, parent, recipient)
    const { fileId: id, name, kind, via } = parent
    const subject = { id, name, kind, ...(via === undefined ? {} : { via }) }
    const share: OutgoingShare = {
      ...newShare(ctx, owner, subject, recipient),
      ...termsOf(parent),
      note: `Passed on by ${formatAddress(parent.recipient)}`,
      parentId: parent.id,
    }
    if (before === undefined) await giveShare(ctx, owner, share, 0)
    return answerOf(ctx, before ?? (await findOutgoing(ctx.db, share.id)) ?? share)
  } catch (error) {
    throw refusalOf(error)
  }
}

/** A repeat of the request is answered as the first was. */
async function findSame(ctx: ShareContext, parent: OutgoingShare, recipient: OutgoingShare['recipient']) {
  const others = await listOutgoingWith(ctx.db, parent.fileId, recipient)
  return others.find((share) => share.parentId === parent.id && isLive(share, ctx.clock.nowMs()))
}

function answerOf(ctx: ShareContext, share: OutgoingShare): NotificationAnswer {
  const sharedSecret = secretOfGiven(ctx, share)
  return { providerId: share.id, ...(sharedSecret === undefined ? {} : { sharedSecret }) }
}

function refusalOf(error: unknown): unknown {
  if (!(error instanceof AppError)) return error
  if (error.code === TOO_MANY_RESHARES) return new InboxRefusedError('too-many-reshares')
  return new InboxRefusedError(error.status === 404 ? 'recipient-unknown' : 'not-allowed')
}
