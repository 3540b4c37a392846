import type { Db } from '../platform/db.ts'
import type { ShareContext } from './context.ts'
import { listMessagesOf } from './kept-messages-repo.ts'
import type { NewMessage } from './message-queue.ts'
import { deleteMessage } from './messages-repo.ts'
import { listDownstream } from './outgoing-repo.ts'
import { type ChangedReceived, publish, publishReceived } from './share-events.ts'
import { moveLocalCounterparts, moveOutgoing, type Transition } from './transitions.ts'
import type { OutgoingMessage, OutgoingShare } from './types.ts'

/** What changed in a transaction, to be published after it. */
export interface Changes {
  given: OutgoingShare[]
  received: ChangedReceived[]
}

/** Tells live pages, and sends what the transaction has stored for other servers. */
export function publishChanges(ctx: ShareContext, changes: Changes): void {
  ctx.messages.wake()
  for (const share of changes.given) publish(ctx, share)
  for (const share of changes.received) publishReceived(ctx, share)
}

/**
 * Ends a share one of our users gave, with all that stands on it: what its recipient here passed on, and what
 * it was asked to pass on itself. The other servers are told as soon as they are reachable.
 */
export async function endGiven(ctx: ShareContext, tx: Db, id: string, changes: Changes): Promise<void> {
  const ended = await moveOutgoing(tx, id, 'revoke')
  if (ended === undefined || ended.from === ended.share.state) return
  changes.given.push(ended.share)
  if (ended.share.recipient.type === 'remote') await tellRecipient(ctx, tx, ended)
  for (const counterpart of await moveLocalCounterparts(tx, id, 'revoke')) {
    if (counterpart.from === counterpart.share.state) continue
    changes.received.push({ ...counterpart.share, before: counterpart.from })
    await endPassedOn(ctx, tx, counterpart.share.id, changes)
  }
  for (const child of await listDownstream(tx, { parentId: id })) await endGiven(ctx, tx, child.id, changes)
}

/** Ends what was passed on of a share that one of our users was given, for there is no way to it any more. */
export async function endPassedOn(
  ctx: ShareContext,
  tx: Db,
  receivedId: string,
  changes: Changes,
): Promise<void> {
  for (const share of await listDownstream(tx, { receivedId })) await endGiven(ctx, tx, share.id, changes)
}

/** The message that a share has ended. Nextcloud and ownCloud want its secret, oCIS the recipient's id. */
export function unsharedMessage(share: OutgoingShare, sharedSecret?: string): NewMessage {
  return {
    ...{ userId: share.ownerUserId, side: 'given', subjectId: share.id, peerHost: share.recipient.host },
    content: {
      notification: {
        ...{ type: 'SHARE_UNSHARED', resourceType: share.kind, providerId: share.id },
        grantee: share.recipient.id,
        ...(sharedSecret === undefined ? {} : { sharedSecret }),
      },
    },
  }
}

/** The secret of a share we gave, as long as it lives. */
export function secretOfGiven(ctx: ShareContext, share: OutgoingShare): string | undefined {
  return share.secretSealed === undefined ? undefined : ctx.seal.open(share.secretSealed)
}

/** A share that nobody can have seen is not taken back but not sent. */
async function tellRecipient(
  ctx: ShareContext,
  tx: Db,
  { from, share }: Transition<OutgoingShare>,
): Promise<void> {
  const waiting = await listMessagesOf(tx, { side: 'given', subjectId: share.id })
  const nowMs = ctx.clock.nowMs()
  const isOnItsWay = (message: OutgoingMessage) => (message.claimedUntilMs ?? 0) > nowMs
  for (const message of waiting) if (!isOnItsWay(message)) await deleteMessage(tx, message.id)
  const mayStand =
    from === 'pending' ||
    from === 'accepted' ||
    (from === 'sending' && waiting.some((message) => isOnItsWay(message) || message.mayHaveArrived))
  if (mayStand) await ctx.messages.enqueue(tx, unsharedMessage(share, secretOfGiven(ctx, share)))
}
