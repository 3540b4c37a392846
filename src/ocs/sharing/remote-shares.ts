import { NotFoundError } from '../../platform/errors.ts'
import type { OcsCall, OcsData, OcsDeps } from '../types.ts'
import { idInPath, requireProgram } from './inputs.ts'
import { bitsOf } from './permissions.ts'
import type { OcsReceivedShare } from './types.ts'

/** `GET remote_shares`: what other servers shared with me and I accepted. */
export function listRemoteShares(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  return listBy(deps, call, true)
}

/** `GET remote_shares/pending`: what waits for my answer. */
export function listPendingRemoteShares(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  return listBy(deps, call, false)
}

/** `GET remote_shares/{id}`. */
export async function getRemoteShare(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const share = await getReceived(deps, call)
  if (share.source !== 'remote') throw noSuchShare()
  return (await toViews(deps, call, [share]))[0] ?? []
}

/** `DELETE remote_shares/{id}`: I leave it. */
export async function leaveRemoteShare(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const share = await getReceived(deps, call)
  requireProgram(call)
  await deps.sharing.leave((await call.authenticate()).userId, share.id)
  return []
}

/** `POST remote_shares/pending/{id}`, and `shares/pending/{id}`: of another server or of somebody here alike. */
export async function acceptShare(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const share = await getReceived(deps, call)
  requireProgram(call)
  await deps.sharing.accept((await call.authenticate()).userId, share.id)
  return []
}

/** `DELETE remote_shares/pending/{id}`, and `shares/pending/{id}`. */
export async function declineShare(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const share = await getReceived(deps, call)
  requireProgram(call)
  await deps.sharing.decline((await call.authenticate()).userId, share.id)
  return []
}

async function listBy(deps: OcsDeps, call: OcsCall, isAccepted: boolean): Promise<OcsData> {
  const { userId } = await call.authenticate()
  const all = await deps.sharing.listReceived(userId)
  const shares = all.filter((share) => share.source === 'remote' && share.isAccepted === isAccepted)
  return await toViews(deps, call, shares)
}

async function getReceived({ sharing, numbers }: OcsDeps, call: OcsCall): Promise<OcsReceivedShare> {
  const { userId } = await call.authenticate()
  const found = await numbers.find(idInPath(call))
  const shares = found?.kind === 'received' ? await sharing.listReceived(userId) : []
  const share = shares.find(({ id }) => id === found?.id)
  if (share === undefined) throw noSuchShare()
  return share
}

async function toViews(
  { numbers }: OcsDeps,
  call: OcsCall,
  shares: readonly OcsReceivedShare[],
): Promise<OcsData[]> {
  const { userName } = await call.authenticate()
  const ids = await numbers.numbersOf(
    'received',
    shares.map(({ id }) => id),
  )
  return shares.map((share) => toView(share, ids.get(share.id) ?? 0, userName))
}

/** The secret of the share, which other servers show here, is nobody's business. */
function toView(share: OcsReceivedShare, number: number, userName: string): OcsData {
  const { mountPath } = share
  return {
    id: String(number),
    remote: `https://${share.host}/`,
    remote_id: share.providerId,
    share_token: '',
    name: share.name,
    owner: share.owner.id,
    user: userName,
    mountpoint: mountPath ?? `{{TemporaryMountPointName#/${share.name}}}`,
    accepted: share.isAccepted,
    mimetype: share.kind === 'folder' ? 'httpd/unix-directory' : share.mediaType,
    mtime: Math.floor(share.mtimeMs / 1000),
    permissions: bitsOf(share.kind, share),
    type: share.kind === 'folder' ? 'dir' : 'file',
    file_id: null,
  }
}

function noSuchShare(): NotFoundError {
  return new NotFoundError('There is no such share.')
}
