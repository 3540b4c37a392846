import type { ShareContext } from './context.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'

/** Tells live pages that a share one of our users gave has changed. */
export function publish(ctx: ShareContext, share: OutgoingShare): void {
  ctx.events.publish('share', { userId: share.ownerUserId, shareId: share.id, state: share.state })
}

/** Tells live pages that a share one of our users was given has changed. */
export function publishReceived(ctx: ShareContext, share: ReceivedShare): void {
  ctx.events.publish('share', { userId: share.userId, shareId: share.id, state: share.state })
}
