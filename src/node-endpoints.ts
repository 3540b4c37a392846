import { BadRequestError } from './platform/errors.ts'
import type { Shares } from './shares/index.ts'
import { parsePath } from './store/index.ts'
import type { DriveRef, EndpointResolver, PlaceRef, ShareRef, TransferSource } from './transfers/index.ts'

/** What transfers may know of shares: where the ends of a job lie, and by what right. */
export function createEndpointResolver(shares: Shares): EndpointResolver {
  return {
    resolveSource: (userId, ref) => resolveSource(shares, userId, ref),
    async resolveDestination(userId, ref) {
      if (!isHere(ref)) throw notYet()
      return { store: await shares.drives.driveOf(userId), path: parsePath(ref.path) }
    },
  }
}

async function resolveSource(shares: Shares, userId: string, ref: PlaceRef): Promise<TransferSource> {
  if (!isHere(ref)) throw notYet()
  const below = parsePath('shareId' in ref ? (ref.path ?? '') : ref.path)
  const path = 'shareId' in ref ? [...(await shares.pathOfShare(userId, ref.shareId)), ...below] : below
  const remote = await shares.remoteAccess(userId, { path })
  if (remote === undefined) return { store: await shares.drives.driveOf(userId), path }
  const { store, hostLabel, urlOf, headers, renew } = remote
  return { store, path: remote.path, remote: { label: hostLabel, urlOf, credentials: { headers, renew } } }
}

function isHere(ref: PlaceRef): ref is DriveRef | ShareRef {
  return 'shareId' in ref || ('path' in ref && !('endpoint' in ref))
}

function notYet(): BadRequestError {
  return new BadRequestError('This node copies from drives and shares only.')
}
