import { UnauthenticatedError } from '../platform/errors.ts'
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
import { findBySecret } from './find-by-secret.ts'
import { givesAccess } from './gives-access.ts'
import { findGrant, findOutgoing } from './outgoing-repo.ts'
import { passedOnStore } from './passed-on.ts'
import { placeInShare } from './place-in-share.ts'
import { type OutgoingShare, rightsOf } from './types.ts'

/** What the holder of a share's secret gets: fits WebDAV's `DavSession` but for the path. */
export interface ShareAccess {
  /** Names the tree, for moves within it. */
  key: string
  shareId: string
  ownerUserId: string
  /** Whose the locks are that the recipient takes: the share's, never the owner's. */
  lockUserId: string
  rights: Rights
  isFile: boolean
  /** The shared tree, with the role's rights, quota and locks of the owner's space observed. */
  store(lockTokens: readonly string[]): FileStore
  /** The place inside the share that an address below its own means. */
  pathOf(names: StorePath): StorePath
}

/**
 * Lets a federated recipient in (OCM 1.4 Resource Access), by the secret of the share or an access token.
 * Unknown, withdrawn, declined, over, another secret, one that had to be exchanged, or a recipient whose
 * server was denied: the answer is the same 401, so that nobody learns which shares there are (RFC 9110
 * 15.5.2). Without `id`, the secret alone names the share (OCM 1.0).
 */
export async function openShareAccess(
  ctx: ShareContext,
  locks: LockRegistry,
  secret: string,
  id?: string,
): Promise<ShareAccess> {
  const share = await findBySecret(ctx, secret)
  if (share === undefined || (id !== undefined && share.id !== id)) throw closed()
  const { type, host } = share.recipient
  if (type === 'remote' && (await ctx.isDenied(host))) throw closed()
  const store = await sharedStore(ctx, share)
  const lockUserId = `share:${share.id}`
  const isFile = share.kind === 'file'
  return {
    key: lockUserId,
    shareId: share.id,
    ownerUserId: share.ownerUserId,
    lockUserId,
    rights: rightsOf(share.role, share.mayReshare),
    isFile,
    store: (tokens) => new LockGuardStore(store, { locks, tokens, userId: lockUserId }),
    pathOf: (names) => placeInShare({ isFile, name: share.name }, names),
  }
}

/** A share as the store behind it needs it. */
type Shared = Pick<OutgoingShare, 'id' | 'ownerUserId' | 'role' | 'mayReshare' | 'via'> & {
  /** For who hides from visitors what is there: to them a folder that takes files can be written. */
  isDrop?: boolean
}

/**
 * The shared entry as a store of its own, with the rights of the role; for recipients here and abroad.
 * `isOpen` is asked at every call whether this recipient has it still.
 */
export async function sharedStore(
  ctx: ShareContext,
  share: Shared,
  isOpen?: (() => Promise<boolean>) | undefined,
): Promise<FileStore> {
  const store = await wholeStore(ctx, share)
  return isOpen === undefined
    ? store
    : new SubtreeStore(store, async () => ((await isOpen()) ? [] : undefined))
}

async function wholeStore(ctx: ShareContext, share: Shared): Promise<FileStore> {
  const { via } = share
  if (via !== undefined) return await passedOnStore(ctx, { ...share, via })
  const space = await ctx.spaces.spaceOf(share.ownerUserId)
  const inside = new SubtreeStore(space, () => findSharedPath(ctx, share.id))
  return new RightsStore(inside, () => rightsNow(ctx, share))
}

/** Asked at every call as well: less rights are for who is inside, too. Of a share that is gone its place tells. */
async function rightsNow(ctx: ShareContext, share: Shared): Promise<Rights> {
  const { role, mayReshare } = (await findGrant(ctx.db, share.id)) ?? share
  return rightsOf(share.isDrop && role === 'uploader' ? 'editor' : role, mayReshare)
}

/** Asked at every call, so that a share that was withdrawn closes at once for stores that are in use too. */
async function findSharedPath(ctx: ShareContext, id: string): Promise<StorePath | undefined> {
  const share = await findOutgoing(ctx.db, id)
  if (share === undefined || !(await givesAccess(ctx, share))) return undefined
  const place = await ctx.spaces.findFile(share.fileId)
  return place?.ownerUserId === share.ownerUserId ? place.path : undefined
}

function closed(): UnauthenticatedError {
  return new UnauthenticatedError('This share does not exist, has been withdrawn, or needs another secret.')
}
