import { inTransaction } from '../platform/db.ts'
import type { Rights } from '../store/types.ts'
import { changeTaken } from './change-shares.ts'
import type { ShareContext } from './context.ts'
import { type Changes, publishChanges } from './end-shares.ts'
import { holdReceived } from './held-shares.ts'
import { findReceivedById } from './received-repo.ts'
import type { ReceivedShare, ShareRole } from './types.ts'

/**
 * What the server of a share says of our rights, where its message did not: Nextcloud and ownCloud tell by
 * WebDAV only, changes as well. What was passed on of the share follows.
 */
export async function learnRights(ctx: ShareContext, id: string, rights: Rights): Promise<void> {
  // Asked at every look at such a share, and nearly always nothing new: that holds nobody up.
  const before = await findReceivedById(ctx.db, id)
  if (before === undefined || hasRights(before, rights)) return
  const changes: Changes = { given: [], received: [] }
  await inTransaction(ctx.db, async (tx) => {
    const share = await holdReceived(tx, id)
    if (share === undefined || hasRights(share, rights)) return
    const { note, expiresAtMs } = share
    const terms = { role: roleOf(rights), note, expiresAtMs, mayReshare: rights.share }
    await changeTaken(ctx, tx, { share, terms }, changes)
  })
  publishChanges(ctx, changes)
}

function hasRights({ role, mayReshare = false }: ReceivedShare, rights: Rights): boolean {
  return role === roleOf(rights) && mayReshare === rights.share
}

function roleOf({ write }: Rights): ShareRole {
  return write ? 'editor' : 'viewer'
}
