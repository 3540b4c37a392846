import type { OcmNotification } from '../ocm/notification.ts'
import { type Db, inTransaction } from '../platform/db.ts'
import { changeGiven, changeTaken, narrowed, type Terms, termsOf } from './change-shares.ts'
import type { ShareContext } from './context.ts'
import { type Changes, publishChanges } from './end-shares.ts'
import { changeGroupTerms } from './groups/group-shares-repo.ts'
import { holdGiven, holdReceived } from './held-shares.ts'
import { findPassedFor, getTakenFrom } from './notice-subject.ts'
import { listReceivedFrom } from './received-repo.ts'
import { isLive } from './share-states.ts'
import type { ReceivedShare } from './types.ts'

/** From the sender of a share, or from who asked us to pass one on: it allows something else now. */
export async function receiveChange(
  ctx: ShareContext,
  notice: OcmNotification,
  peerHost: string,
): Promise<undefined> {
  const passed = await findPassedFor(ctx, notice, peerHost)
  const taken = passed === undefined ? await getTakenFrom(ctx, notice, peerHost) : undefined
  const changes: Changes = { given: [], received: [] }
  await inTransaction(ctx.db, async (tx) => {
    if (passed !== undefined) await changePassed(ctx, tx, { notice, id: passed.share.id }, changes)
    if (taken !== undefined) await changeAllTaken(ctx, tx, { notice, taken }, changes)
  })
  publishChanges(ctx, changes)
}

/** Whoever asked for the share may take from it, and give no more than they have. */
async function changePassed(
  ctx: ShareContext,
  tx: Db,
  { notice, id }: { notice: OcmNotification; id: string },
  changes: Changes,
): Promise<void> {
  const held = await holdGiven(tx, id)
  if (held?.parent === undefined || !isLive(held.share, ctx.clock.nowMs())) return
  const terms = narrowed(termsIn(notice, held.share), termsOf(held.parent))
  await changeGiven(ctx, tx, { share: held.share, terms }, changes)
}

/** Of a share for a group each member has one of their own, and who joins later gets it as it is then. */
async function changeAllTaken(
  ctx: ShareContext,
  tx: Db,
  { notice, taken }: { notice: OcmNotification; taken: ReceivedShare },
  changes: Changes,
): Promise<void> {
  for (const { id } of await listReceivedFrom(tx, taken.peerHost, taken.providerId)) {
    const share = await holdReceived(tx, id)
    if (share !== undefined) await changeTaken(ctx, tx, { share, terms: termsIn(notice, share) }, changes)
  }
  await changeGroupTerms(tx, taken, (before) => termsIn(notice, before))
}

function termsIn({ permissions = [], expiresAtMs, note }: OcmNotification, before: Terms): Terms {
  return {
    role: permissions.includes('write') ? 'editor' : 'viewer',
    mayReshare: permissions.includes('share'),
    expiresAtMs: expiresAtMs === undefined ? before.expiresAtMs : expiresAtMs || undefined,
    note: note ?? before.note,
  }
}
