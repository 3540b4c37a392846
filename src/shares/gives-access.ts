import type { ShareContext } from './context.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { isLive } from './share-states.ts'
import type { OutgoingShare } from './types.ts'

/** True while a share gives access: it lives, and so does the one it was made on request of. */
export async function givesAccess(
  ctx: Pick<ShareContext, 'db' | 'clock'>,
  share: Pick<OutgoingShare, 'state' | 'expiresAtMs' | 'parentId'>,
): Promise<boolean> {
  const nowMs = ctx.clock.nowMs()
  if (!isLive(share, nowMs)) return false
  if (share.parentId === undefined) return true
  const parent = await findOutgoing(ctx.db, share.parentId)
  return parent !== undefined && isLive(parent, nowMs)
}
