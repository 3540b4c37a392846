import { type Db, inTransaction } from '../platform/db.ts'
import { regularly } from '../platform/regularly.ts'
import type { ShareContext } from './context.ts'
import { type Changes, endGiven, endPassedOn, publishChanges } from './end-shares.ts'
import { holdGiven, holdReceived } from './held-shares.ts'
import { deleteFailedBefore } from './kept-messages-repo.ts'
import { MESSAGE_LIFE_MS } from './message-queue.ts'
import { listOrphans, listOverdueOutgoing } from './outgoing-repo.ts'
import { deleteEndedBefore, listOverdueReceived } from './received-repo.ts'
import { isLive } from './share-states.ts'
import { moveReceived } from './transitions.ts'

const EVERY_MS = 60_000
const BATCH = 100
/** How long a message that was given up can be seen. */
const KEEP_FAILED_MS = 30 * 86_400_000
/** How long what other servers shared is remembered after it ended, counted from when it came. */
const KEEP_ENDED_MS = 90 * 86_400_000

/** Ends what is over, once a minute, until the signal aborts; access ends by itself in the same moment. */
export function tidyRegularly(ctx: ShareContext, signal: AbortSignal): Promise<void> {
  return regularly(
    ctx.clock,
    { everyMs: EVERY_MS, signal },
    () => tidyShares(ctx),
    (err) => ctx.log.error({ err }, 'ending shares that are over failed'),
  )
}

/** One round: shares past their end, shares of what was deleted, and what ended or was given up long ago. */
export async function tidyShares(ctx: ShareContext): Promise<void> {
  const nowMs = ctx.clock.nowMs()
  await endOverdueGiven(ctx, nowMs)
  await endOverdueReceived(ctx, nowMs)
  await endOrphans(ctx)
  await deleteFailedBefore(ctx.db, nowMs - KEEP_FAILED_MS)
  await deleteEndedBefore(ctx.db, nowMs - KEEP_ENDED_MS, BATCH)
}

/** Ends the shares of what is in no drive any more, of one user or of all; their recipients are told. */
export async function endOrphans(ctx: ShareContext, ownerUserId?: string): Promise<void> {
  await endAll(ctx, () => listOrphans(ctx.db, { limit: BATCH, ownerUserId }))
}

async function endOverdueGiven(ctx: ShareContext, nowMs: number): Promise<void> {
  const list = () => listOverdueOutgoing(ctx.db, nowMs, BATCH)
  await endAll(ctx, list, async (tx, id) => {
    const held = await holdGiven(tx, id)
    // Listed, and put off since.
    return held !== undefined && !isLive(held.share, nowMs)
  })
}

async function endAll(
  ctx: ShareContext,
  list: () => Promise<{ id: string }[]>,
  isDue: (tx: Db, id: string) => Promise<boolean> = async () => true,
): Promise<void> {
  for (;;) {
    const found = await list()
    if (found.length === 0) return
    const changes: Changes = { given: [], received: [] }
    for (const { id } of found) {
      await inTransaction(ctx.db, async (tx) => {
        if (await isDue(tx, id)) await endGiven(ctx, tx, id, changes)
      })
    }
    publishChanges(ctx, changes)
    // Nothing moved although it was listed: no reason to list it again now.
    if (changes.given.length === 0) return
  }
}

/**
 * The end of what another server gave is not written down while that server may have put it off and the message is
 * under way: nothing opens it meanwhile, and an extension would not bring back what stands as withdrawn.
 */
async function endOverdueReceived(ctx: ShareContext, nowMs: number): Promise<void> {
  const times = { localMs: nowMs, remoteMs: nowMs - MESSAGE_LIFE_MS }
  for (const share of await listOverdueReceived(ctx.db, times, BATCH)) {
    const changes: Changes = { given: [], received: [] }
    await inTransaction(ctx.db, async (tx) => {
      const held = await holdReceived(tx, share.id)
      // Listed, and put off since.
      if (held === undefined || isLive(held, nowMs)) return
      const moved = await moveReceived(tx, held, 'revoke')
      if (moved === undefined || moved.from === moved.share.state) return
      changes.received.push({ ...moved.share, before: moved.from })
      await endPassedOn(ctx, tx, share.id, changes)
    })
    publishChanges(ctx, changes)
  }
}
