import { type Db, inTransaction } from '../platform/db.ts'
import { ConflictError, NotFoundError } from '../platform/errors.ts'
import type { PageAsk } from '../platform/paging.ts'
import type { ShareContext } from './context.ts'
import { type Changes, publishChanges } from './end-shares.ts'
import { holdRow } from './held-rows-repo.ts'
import { findMessage, listMessagesOfShares, listMessagesOfUser, renewMessage } from './kept-messages-repo.ts'
import { MESSAGE_LIFE_MS } from './message-queue.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { findNextState } from './share-states.ts'
import { moveOutgoing } from './transitions.ts'
import type { OutgoingMessage } from './types.ts'

/** A user's messages to other servers that have not arrived, the newest first. */
export async function listMessages(
  ctx: ShareContext,
  userId: string,
  page: PageAsk,
): Promise<OutgoingMessage[]> {
  return await listMessagesOfUser(ctx.db, userId, page)
}

/** What waits or failed of several shares, by the id of the share. */
export async function messagesOfGiven(
  ctx: ShareContext,
  shareIds: readonly string[],
): Promise<ReadonlyMap<string, OutgoingMessage[]>> {
  const all = await listMessagesOfShares(ctx.db, 'given', shareIds)
  return Map.groupBy(all, (message) => message.subjectId)
}

/** Sends a message again at once, and for another week; a share that had failed is on its way again. */
export async function retryMessage(ctx: ShareContext, userId: string, id: string): Promise<OutgoingMessage> {
  const changes: Changes = { given: [], received: [] }
  const message = await inTransaction(ctx.db, async (tx) => {
    const { type, subjectId } = await getOwnMessage(tx, userId, id)
    if (type === 'SHARE') {
      await holdRow(tx, { givenId: subjectId })
      await retryShare(tx, await getOwnMessage(tx, userId, id), changes)
    }
    const nowMs = ctx.clock.nowMs()
    await renewMessage(tx, id, { nowMs, expiresAtMs: nowMs + MESSAGE_LIFE_MS })
    return await getOwnMessage(tx, userId, id)
  })
  publishChanges(ctx, changes)
  return message
}

async function getOwnMessage(tx: Db, userId: string, id: string): Promise<OutgoingMessage> {
  const found = await findMessage(tx, id)
  if (found?.userId === userId) return found
  throw new NotFoundError('There is no such message; it may have arrived.')
}

/** What may have arrived was taken back when it was given up: there it is over, and stays so. */
async function retryShare(tx: Db, message: OutgoingMessage, changes: Changes): Promise<void> {
  const { subjectId, state, mayHaveArrived, peerHost } = message
  if (state === 'failed' && mayHaveArrived) {
    throw new ConflictError(
      `The share may have reached ${peerHost} and was taken back there; share it again.`,
      { code: 'SHARE_STATE' },
    )
  }
  const share = await findOutgoing(tx, subjectId)
  if (share === undefined || findNextState(share.state, 'retry') === undefined) {
    throw new ConflictError('The share has ended; share it again.', { code: 'SHARE_STATE' })
  }
  const moved = await moveOutgoing(tx, share.id, 'retry')
  if (moved !== undefined && moved.from !== moved.share.state) changes.given.push(moved.share)
}
