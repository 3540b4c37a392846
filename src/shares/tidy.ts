import { inTransaction } from '../platform/db.ts'
import { regularly } from '../platform/regularly.ts'
import type { ShareContext } from './context.ts'
import { type Changes, endGiven, endPassedOn, publishChanges } from './end-shares.ts'
import { deleteFailedBefore } from './kept-messages-repo.ts'
import { listOrphans, listOverdueOutgoing } from './outgoing-repo.ts'
import { deleteEndedBefore, listOverdueReceived } from './received-repo.ts'
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
  await endAll(ctx, () => listOverdueOutgoing(ctx.db, nowMs, BATCH))
  await endOverdueReceived(ctx, nowMs)
  await endOrphans(ctx)
  await deleteFailedBefore(ctx.db, nowMs - KEEP_FAILED_MS)
  await deleteEndedBefore(ctx.db, nowMs - KEEP_ENDED_MS, BATCH)
}

/** Ends the shares of what is in no drive any more, of one user or of all; their recipients are told. */
export async function endOrphans(ctx: ShareContext, ownerUserId?: string): Promise<void> {
  await endAll(ctx, () => listOrphans(ctx.db, { limit: BATCH, ownerUserId }))
}

async function endAll(ctx: ShareContext, list: () => Promise<{ id: string }[]>): Promise<void> {
  for (;;) {
    const found = await list()
    if (found.length === 0) return
    const changes: Changes = { given: [], received: [] }
    for (const { id } of found) await inTransaction(ctx.db, (tx) => endGiven(ctx, tx, id, changes))
    publishChanges(ctx, changes)
    // Nothing moved although it was listed: no reason to list it again now.
    if (changes.given.length === 0) return
  }
}

async function endOverdueReceived(ctx: ShareContext, nowMs: number): Promise<void> {
  for (const share of await listOverdueReceived(ctx.db, nowMs, BATCH)) {
    const changes: Changes = { given: [], received: [] }
    await inTransaction(ctx.db, async (tx) => {
      const moved = await moveReceived(tx, share, 'revoke')
      if (moved === undefined) return
      changes.received.push({ ...moved.share, before: moved.from })
      await endPassedOn(ctx, tx, share.id, changes)
    })
    publishChanges(ctx, changes)
  }
}
