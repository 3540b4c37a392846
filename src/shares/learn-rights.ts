import { inTransaction } from '../platform/db.ts'
import type { Rights } from '../store/types.ts'
import { changeTaken } from './change-shares.ts'
import type { ShareContext } from './context.ts'
import { type Changes, publishChanges } from './end-shares.ts'
import { findReceivedById } from './received-repo.ts'
import type { ShareRole } from './types.ts'

/**
 * What the server of a share says of our rights, where its message did not: Nextcloud and ownCloud tell by
 * WebDAV only, changes as well. What was passed on of the share follows.
 */
export async function learnRights(ctx: ShareContext, id: string, rights: Rights): Promise<void> {
  const share = await findReceivedById(ctx.db, id)
  if (share === undefined) return
  const role: ShareRole = rights.write ? 'editor' : 'viewer'
  if (share.role === role && (share.mayReshare ?? false) === rights.share) return
  const { note, expiresAtMs } = share
  const changes: Changes = { given: [], received: [] }
  const terms = { role, note, expiresAtMs, mayReshare: rights.share }
  await inTransaction(ctx.db, (tx) => changeTaken(ctx, tx, { share, terms }, changes))
  publishChanges(ctx, changes)
}
