import type { Shares } from './shares/index.ts'
import { parsePath } from './store/index.ts'
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
  const path = 'shareId' in ref ? [...(await shares.pathOfShare(userId, ref.shareId)), ...below] : below
  const remote = await shares.remoteAccess(userId, { path })
  if (remote === undefined) return { store: await shares.drives.driveOf(userId), path }
  const { store, hostLabel, urlOf, headers, renew } = remote
  return { store, path: remote.path, remote: { label: hostLabel, urlOf, credentials: { headers, renew } } }
}

async function resolveDestination(
  shares: Shares,
  userId: string,
  ref: DriveRef,
): Promise<TransferDestination> {
  return { store: await shares.drives.driveOf(userId), path: parsePath(ref.path) }
}
