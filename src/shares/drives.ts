import {
  type FileStore,
  LockGuardStore,
  type LockRegistry,
  type Mount,
  MountedStore,
} from '../store/index.ts'
import type { ShareContext } from './context.ts'
import { isStillGiven } from './groups/group-watcher.ts'
import { listOutgoingByIds, listRecipientTypes } from './outgoing-repo.ts'
import { endShare, getReceivedShare, listReceivedShares, renameShareMount } from './received-shares.ts'
import type { RemoteShares } from './remote-shares.ts'
import { sharedStore } from './share-access.ts'
import { endOrphans } from './tidy.ts'
import type { ReceivedShare } from './types.ts'
import { RemovalWatch } from './watched-stores.ts'

/** One user's drive for one request; fits WebDAV's `Drive`. */
export interface OpenDrive {
  key: string
  /** The drive behind its locks; `lockTokens` are those the request submitted. */
  store(lockTokens: readonly string[]): FileStore
  /** How its owner shared what, as `oc:share-types` counts: 0 with users here, 1 groups, 3 links, 6 and 9 elsewhere. */
  sharedAs(): Promise<ReadonlyMap<string, readonly number[]>>
}

/** The users' drives: their own files, and the shares they accepted. */
export interface Drives {
  openDrive(userId: string): Promise<OpenDrive>
  driveOf(userId: string, lockTokens?: readonly string[]): Promise<FileStore>
}

export interface DrivesDeps {
  ctx: ShareContext
  locks: LockRegistry
  remote: RemoteShares
}

export function createDrives(deps: DrivesDeps): Drives {
  const openDrive = async (userId: string): Promise<OpenDrive> => {
    const drive = await mountedDrive(deps, userId)
    return {
      key: `drive:${userId}`,
      store: (tokens) => new LockGuardStore(drive, { locks: deps.locks, tokens, userId }),
      sharedAs: () => shareTypesOf(deps.ctx, userId),
    }
  }
  return {
    openDrive,
    driveOf: async (userId, lockTokens = []) => (await openDrive(userId)).store(lockTokens),
  }
}

/** The numbers of `oc:share-types`. */
const SHARE_TYPES = { local: 0, group: 1, link: 3, remote: 6, 'remote-group': 9 } as const

async function shareTypesOf(
  ctx: ShareContext,
  userId: string,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const types = new Map<string, number[]>()
  for (const { fileId, type } of await listRecipientTypes(ctx.db, userId, ctx.clock.nowMs())) {
    types.set(fileId, [...(types.get(fileId) ?? []), SHARE_TYPES[type]].sort())
  }
  return types
}

/** Mounts are read when they are first needed, and again after one was renamed or left. */
async function mountedDrive({ ctx, remote }: DrivesDeps, userId: string): Promise<FileStore> {
  let mounts: Promise<readonly Mount[]> | undefined
  return new MountedStore({
    home: new RemovalWatch(await ctx.spaces.spaceOf(userId), () => endOrphans(ctx, userId)),
    mounts: () => {
      mounts ??= listMounts(ctx, remote, userId)
      return mounts
    },
    onUnmount: async (shareId) => {
      await endShare(ctx, userId, shareId, 'leave')
      mounts = undefined
    },
    onRename: async (shareId, newName) => {
      await renameShareMount(ctx, await getReceivedShare(ctx, userId, shareId), newName)
      mounts = undefined
    },
  })
}

async function listMounts(
  ctx: ShareContext,
  remote: RemoteShares,
  userId: string,
): Promise<readonly Mount[]> {
  const shares = await listReceivedShares(ctx, userId, 'accepted')
  if (shares.length === 0) return []
  const local = shares.filter((share) => share.source === 'local')
  const mounts = await Promise.all([
    ...shares.filter((share) => share.source === 'remote').map((share) => remoteMount(remote, share)),
    ...(await localMounts(ctx, remote, local)),
  ])
  return mounts.filter((mount) => mount !== undefined)
}

function remoteMount(remote: RemoteShares, share: ReceivedShare): Mount | undefined {
  if (share.mountName === undefined) return undefined
  const { store, rootEntry } = remote.open(share)
  return { name: share.mountName, shareId: share.id, store, entry: rootEntry }
}

async function localMounts(
  ctx: ShareContext,
  remote: RemoteShares,
  shares: ReceivedShare[],
): Promise<Mount[]> {
  const given = await listOutgoingByIds(
    ctx.db,
    shares.map((share) => share.providerId),
  )
  const mounts = shares.map(async (share) => {
    const { id, mountName, providerId } = share
    const origin = given.find((one) => one.id === providerId)
    if (origin === undefined || mountName === undefined) return []
    const store = await sharedStore(
      ctx,
      origin,
      origin.recipient.isGroup ? () => isStillGiven(ctx, share) : undefined,
    )
    // What was passed on may lie on a server that is away.
    const entry = () =>
      origin.via === undefined ? store.stat([]) : remote.rootEntry(share, () => store.stat([]))
    return [{ name: mountName, shareId: id, store, entry }]
  })
  return (await Promise.all(mounts)).flat()
}
