import { PeerError } from '../ocm/peer-error.ts'
import { inTransaction } from '../platform/db.ts'
import { messageOf } from '../platform/errors.ts'
import type { ShareContext } from './context.ts'
import { secretOfGiven, unsharedMessage } from './end-shares.ts'
import { holdRow } from './held-rows-repo.ts'
import { listMessagesOf } from './kept-messages-repo.ts'
import type { MessageEnds } from './message-attempt.ts'
import type { MessageAnswer } from './message-content.ts'
import { deleteMessage, failMessage } from './messages-repo.ts'
import { setOffered } from './offers/pushes-repo.ts'
import { findOutgoing, setRecipientName } from './outgoing-repo.ts'
import { isUnknownThere, mayHaveArrived, toPeerAppError } from './peer-failures.ts'
import { publish } from './share-events.ts'
import { findNextState } from './share-states.ts'
import { moveOutgoing } from './transitions.ts'
import type { OutgoingMessage, OutgoingShare } from './types.ts'

/** What the ends of messages mean to shares. `ctx` is asked when a message ends, not before. */
export function createMessageEnds(ctx: () => ShareContext): MessageEnds {
  return {
    isWanted: async ({ type, subjectId }) =>
      type !== 'SHARE' || (await findOutgoing(ctx().db, subjectId))?.state === 'sending',
    arrived: (message, answer) => arrived(ctx(), message, answer),
    givenUp: (message, error) =>
      message.type === 'SHARE' ? shareGivenUp(ctx(), message, error) : noticeGivenUp(ctx(), message, error),
  }
}

async function arrived(ctx: ShareContext, message: OutgoingMessage, answer: MessageAnswer): Promise<void> {
  if (message.type !== 'SHARE') return deleteMessage(ctx.db, message.id)
  const { subjectId: id } = message
  const moved = await inTransaction(ctx.db, async (tx) => {
    await holdRow(tx, { givenId: id })
    await deleteMessage(tx, message.id)
    if (answer.isOffered !== undefined) await setOffered(tx, id, answer.isOffered)
    if (answer.recipientDisplayName) await setRecipientName(tx, id, answer.recipientDisplayName)
    const share = await findOutgoing(tx, id)
    // Taken back meanwhile: the end of the share is in the queue behind this.
    if (share === undefined || findNextState(share.state, 'arrive') === undefined) return undefined
    return await moveOutgoing(tx, id, 'arrive')
  })
  if (moved !== undefined && moved.from !== moved.share.state) publish(ctx, moved.share)
}

/** The share never came to stand there. What may have arrived without our knowing is taken back. */
async function shareGivenUp(ctx: ShareContext, message: OutgoingMessage, error: unknown): Promise<void> {
  const failed = await inTransaction(ctx.db, async (tx): Promise<OutgoingShare | undefined> => {
    await holdRow(tx, { givenId: message.subjectId })
    const share = await findOutgoing(tx, message.subjectId)
    if (share === undefined || findNextState(share.state, 'fail') === undefined) {
      await deleteMessage(tx, message.id)
      return undefined
    }
    for (const behind of await listMessagesOf(tx, message)) {
      if (behind.id !== message.id) await deleteMessage(tx, behind.id)
    }
    const isTakenBack = message.mayHaveArrived || mayHaveArrived(error)
    await failMessage(tx, message.id, messageOf(toPeerAppError(error)), isTakenBack)
    if (isTakenBack) await ctx.messages.enqueue(tx, unsharedMessage(share, secretOfGiven(ctx, share)))
    return (await moveOutgoing(tx, share.id, 'fail'))?.share
  })
  ctx.messages.wake()
  if (failed !== undefined) publish(ctx, failed)
}

const CHANGES = ['SHARE_CHANGE_PERMISSION', 'RESHARE_CHANGE_PERMISSION']

/**
 * Who does not know the share, or this kind of notice, needs not be told of its end or change. Every other
 * refusal stays to be seen, because the two servers now disagree about the share. That a change was refused there is
 * said in its own words: ownCloud 10 hears of changes only from who passed a share on.
 */
async function noticeGivenUp(ctx: ShareContext, message: OutgoingMessage, error: unknown): Promise<void> {
  if (CHANGES.includes(message.type) && error instanceof PeerError && error.status === 403)
    return await failMessage(ctx.db, message.id, refusedChange(message))
  if (message.type !== 'SHARE_ACCEPTED' && isUnknownThere(error)) await deleteMessage(ctx.db, message.id)
  else await failMessage(ctx.db, message.id, messageOf(toPeerAppError(error)))
}

function refusedChange({ peerHost }: OutgoingMessage): string {
  return `${peerHost} does not take notices of changed shares (HTTP 403). The change holds here all the same, at once; there it shows with the next access. Nothing else needs to be done.`
}
