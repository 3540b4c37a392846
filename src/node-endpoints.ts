import type { Shares } from './shares/index.ts'
import { parsePath, type StorePath } from './store/index.ts'
import type {
  DriveRef,
  EndpointResolver,
  Places,
  ShareRef,
  TransferDestination,
  TransferSource,
} from './transfers/index.ts'

/** Where the ends of a job lie, and by what right: drives and shares are known here, the rest by `places`. */
export function createEndpointResolver(shares: Shares, places: Places): EndpointResolver {
  return {
    resolveSource: (userId, ref) =>
      'url' in ref || 'endpoint' in ref
        ? places.resolveSource(userId, ref)
        : resolveSource(shares, userId, ref),
    resolveDestination: (userId, ref) =>
      'url' in ref || 'endpoint' in ref
        ? places.resolveDestination(userId, ref)
        : resolveDestination(shares, userId, ref),
  }
}

async function resolveSource(
  shares: Shares,
  userId: string,
  ref: DriveRef | ShareRef,
): Promise<TransferSource> {
  const below = parsePath('shareId' in ref ? (ref.path ?? '') : ref.path)
  const place = 'shareId' in ref ? { shareId: ref.shareId, path: below } : { path: below }
  const remote = await shares.remoteAccess(userId, place)
  if (remote === undefined) return localSource(shares, userId, place)
  const { store, hostLabel, urlOf, headers, renew } = remote
  return { store, path: remote.path, remote: { label: hostLabel, urlOf, credentials: { headers, renew } } }
}

/** A share of this node is read through the drive where it stands there; one that is only copied stands nowhere. */
async function localSource(
  shares: Shares,
  userId: string,
  place: { path: StorePath; shareId?: string },
): Promise<TransferSource> {
  const { path, shareId } = place
  if (shareId === undefined) return { store: await shares.drives.driveOf(userId), path }
  const { store, mountPath } = await shares.openReceived(userId, shareId)
  if (mountPath === undefined) return { store, path }
  return { store: await shares.drives.driveOf(userId), path: [...mountPath, ...path] }
}

async function resolveDestination(
  shares: Shares,
  userId: string,
  ref: DriveRef,
): Promise<TransferDestination> {
  return { store: await shares.drives.driveOf(userId), path: parsePath(ref.path) }
}
