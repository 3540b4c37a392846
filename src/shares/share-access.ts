import { UnauthenticatedError } from '../platform/errors.ts'
import { equalSecrets, sha256Hex } from '../platform/ids.ts'
import type { ShareContext } from './context.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { isLive } from './share-states.ts'
import type { OutgoingShare } from './types.ts'

/** Compared with where there is no share, so that a missing one takes as long as a wrong secret. */
const NO_HASH = sha256Hex('')

/**
 * The share that this secret opens. Unknown, withdrawn, declined, over, or another secret: the answer is
 * the same 401, so that nobody learns which shares there are (RFC 9110 15.5.2).
 */
export async function getOpenShare(ctx: ShareContext, id: string, secret: string): Promise<OutgoingShare> {
  const share = await findOutgoing(ctx.db, id)
  const isRight = equalSecrets(sha256Hex(secret), share?.secretHash ?? NO_HASH)
  const isOpen = share?.secretHash !== undefined && isRight && isLive(share, ctx.clock.nowMs())
  if (share === undefined || !isOpen) {
    throw new UnauthenticatedError('This share does not exist, has been withdrawn, or needs another secret.')
  }
  return share
}
