import type { FileStore, StorePath } from '../store/index.ts'
import type { ShareContext } from './context.ts'
import { findReceived } from './received-repo.ts'
import { listReceivedShares } from './received-shares.ts'
import { notInDrive, type RemoteShares } from './remote-shares.ts'
import { stateAt } from './share-states.ts'
import type { ReceivedShare } from './types.ts'

/** A place in the drive, or in one of the user's accepted shares. */
export type ShareRef = { path: StorePath } | { shareId: string; path?: StorePath | undefined }

/** A place inside a share of another server, for those who fetch its bytes themselves. */
export interface RemoteAccess {
  shareId: string
  /** How people know the other end. */
  hostLabel: string
  /** The share with the rights of its role. */
  store: FileStore
  /** The place inside the share. */
  path: StorePath
  /** The address GET with ranges works on, for a path inside the share. */
  urlOf(path: StorePath): string
  /** Headers that prove our right, asked anew before each use; throws when the share has ended. */
  headers(): Promise<Record<string, string>>
  /** After an answer 401: true when the share opens, with other headers than before. */
  renew(): Promise<boolean>
}

/** Undefined when the place is not inside a share of another server. */
export async function findRemoteAccess(
  ctx: ShareContext,
  remote: RemoteShares,
  userId: string,
  ref: ShareRef,
): Promise<RemoteAccess | undefined> {
  const found = await findPlace(ctx, userId, ref)
  if (found === undefined || found.share.source !== 'remote') return undefined
  const { share, path } = found
  const { store, dav } = remote.open(share)
  return {
    shareId: share.id,
    hostLabel: share.peerHost,
    store,
    path,
    urlOf: (inside) => dav.urlOf(inside),
    async headers() {
      await getAccepted(ctx, userId, share.id)
      return { Authorization: (await dav.credentials.get()).header }
    },
    renew: () =>
      dav.propfind([], '0').then(
        () => true,
        () => false,
      ),
  }
}

/** Where an accepted share stands in the user's drive; throws `NotFoundError`. */
export async function pathOfShare(ctx: ShareContext, userId: string, shareId: string): Promise<StorePath> {
  const { mountName } = await getAccepted(ctx, userId, shareId)
  if (mountName === undefined) throw notInDrive()
  return [mountName]
}

/** What an accepted share holds, and where it stands in the drive if it stands there; throws `NotFoundError`. */
export async function openAccepted(
  ctx: ShareContext,
  userId: string,
  shareId: string,
): Promise<{ store: FileStore; mountPath?: StorePath }> {
  const share = await getAccepted(ctx, userId, shareId)
  const { mountName } = share
  const store = await ctx.openReceived(share)
  return { store, ...(mountName === undefined ? {} : { mountPath: [mountName] }) }
}

async function findPlace(
  ctx: ShareContext,
  userId: string,
  ref: ShareRef,
): Promise<{ share: ReceivedShare; path: StorePath } | undefined> {
  if ('shareId' in ref) return { share: await getAccepted(ctx, userId, ref.shareId), path: ref.path ?? [] }
  const [mountName, ...path] = ref.path
  const shares = await listReceivedShares(ctx, userId, 'accepted')
  const share = shares.find((one) => one.mountName === mountName)
  return share === undefined || mountName === undefined ? undefined : { share, path }
}

async function getAccepted(ctx: ShareContext, userId: string, shareId: string): Promise<ReceivedShare> {
  const share = await findReceived(ctx.db, userId, shareId)
  if (share === undefined || stateAt(share, ctx.clock.nowMs()) !== 'accepted') throw notInDrive()
  return share
}
