import type { FileStore } from '../store/index.ts'
import type { ShareContext } from './context.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { notInDrive, type RemoteShares } from './remote-shares.ts'
import { sharedStore } from './share-access.ts'
import type { ReceivedShare } from './types.ts'

/** What one of our users was given, here or from another server, with the rights of that share. */
export async function openReceived(
  ctx: ShareContext,
  remote: RemoteShares,
  share: ReceivedShare,
): Promise<FileStore> {
  if (share.source === 'remote') return remote.open(share).store
  const origin = await findOutgoing(ctx.db, share.providerId)
  if (origin === undefined) throw notInDrive()
  return await sharedStore(ctx, origin)
}
