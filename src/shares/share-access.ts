import { UnauthenticatedError } from '../platform/errors.ts'
import { equalSecrets, sha256Hex } from '../platform/ids.ts'
import {
  type FileStore,
  LockGuardStore,
  type LockRegistry,
  type Rights,
  RightsStore,
  type StorePath,
  SubtreeStore,
} from '../store/index.ts'
import type { ShareContext } from './context.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { isLive } from './share-states.ts'
import { type OutgoingShare, rightsOf } from './types.ts'

/** Compared with where there is no share, so that a missing one takes as long as a wrong secret. */
const NO_HASH = sha256Hex('')

/** What the holder of a share's secret gets: fits WebDAV's `DavSession` but for the path. */
export interface ShareAccess {
  /** Names the tree, for moves within it. */
  key: string
  ownerUserId: string
  /** Whose the locks are that the recipient takes: the share's, never the owner's. */
  lockUserId: string
  rights: Rights
  isFile: boolean
  /** The shared tree, with the role's rights, quota and locks of the owner's space observed. */
  store(lockTokens: readonly string[]): FileStore
}

/**
 * Lets a federated recipient in (OCM 1.4 Resource Access). Unknown, withdrawn, declined, over, or another
 * secret: the answer is the same 401, so that nobody learns which shares there are (RFC 9110 15.5.2).
 */
export async function openShareAccess(
  ctx: ShareContext,
  locks: LockRegistry,
  id: string,
  secret: string,
): Promise<ShareAccess> {
  const share = await findOutgoing(ctx.db, id)
  const isRight = equalSecrets(sha256Hex(secret), share?.secretHash ?? NO_HASH)
  if (share?.secretHash === undefined || !isRight || !isLive(share, ctx.clock.nowMs())) throw closed()
  const store = await sharedStore(ctx, share)
  const lockUserId = `share:${id}`
  return {
    key: lockUserId,
    ownerUserId: share.ownerUserId,
    lockUserId,
    rights: rightsOf(share.role),
    isFile: share.kind === 'file',
    store: (tokens) => new LockGuardStore(store, { locks, tokens, userId: lockUserId }),
  }
}

/** The shared entry as a store of its own, with the rights of the role; for recipients here and abroad. */
export async function sharedStore(
  ctx: ShareContext,
  share: Pick<OutgoingShare, 'id' | 'ownerUserId' | 'role'>,
): Promise<FileStore> {
  const space = await ctx.spaces.spaceOf(share.ownerUserId)
  return new RightsStore(new SubtreeStore(space, () => findSharedPath(ctx, share.id)), rightsOf(share.role))
}

/** Asked at every call, so that a share that was withdrawn closes at once for stores that are in use too. */
async function findSharedPath(ctx: ShareContext, id: string): Promise<StorePath | undefined> {
  const share = await findOutgoing(ctx.db, id)
  if (share === undefined || !isLive(share, ctx.clock.nowMs())) return undefined
  const place = await ctx.spaces.findFile(share.fileId)
  return place?.ownerUserId === share.ownerUserId ? place.path : undefined
}

function closed(): UnauthenticatedError {
  return new UnauthenticatedError('This share does not exist, has been withdrawn, or needs another secret.')
}
