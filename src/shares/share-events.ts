import type { ShareContext } from './context.ts'
import type { ShareState } from './share-states.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'

/** Tells live pages that a share one of our users gave has changed. */
export function publish(ctx: ShareContext, share: OutgoingShare): void {
  ctx.events.publish('share', { userId: share.ownerUserId, shareId: share.id, state: share.state })
}

/** A share that was given, and where it stood before it was taken back. */
export type ChangedReceived = ReceivedShare & { before?: ShareState }

/** Tells live pages that a share one of our users was given has changed. */
export function publishReceived(ctx: ShareContext, share: ChangedReceived): void {
  const { userId, id: shareId, state, before } = share
  ctx.events.publish('share', { userId, shareId, state, ...(before === undefined ? {} : { before }) })
}
