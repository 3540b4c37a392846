import { AppError, BadRequestError, ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import type { OcsCall, OcsData, OcsDeps } from '../types.ts'
import { flagOf, idInPath, requireProgram } from './inputs.ts'
import { changesOf, newShareOf, shareTypeOf } from './share-input.ts'
import { givenView, receivedView } from './share-view.ts'
import type { OcsGivenShare, OcsReceivedShare } from './types.ts'

/** `GET shares`: what I gave, of one file with `path`, of what lies in a folder with `subfiles`, or what I was given; with `reshares` also what others passed on of it. */
export async function listShares(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId } = await call.authenticate()
  const { query } = call
  if (flagOf(query, 'shared_with_me')) return await listSharedWithMe(deps, call, true)
  const path = query.get('path') ?? ''
  const isFolder = flagOf(query, 'subfiles')
  if (path !== '' && isFolder && (await deps.sharing.kindOf(userId, path)) === 'file') {
    throw new BadRequestError('This is a file; what lies in it cannot be listed.')
  }
  const below = path === '' ? undefined : { path, isFolder }
  const given = await deps.sharing.listGiven(userId, below)
  const reshares = flagOf(query, 'reshares') ? await deps.sharing.listReshares(userId, below) : []
  return await givenViews(deps, [...given, ...reshares])
}

/** `GET shares/pending`: what people here want to share with me. */
export function listPendingShares(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  return listSharedWithMe(deps, call, false)
}

/** `GET shares/{id}`. */
export async function getShare(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId } = await call.authenticate()
  const found = await deps.numbers.find(idInPath(call))
  if (found?.kind === 'given') return await givenViews(deps, [await deps.sharing.getGiven(userId, found.id)])
  const received = await deps.sharing.listReceived(userId)
  const share = received.find(({ id }) => found?.kind === 'received' && id === found.id)
  if (share === undefined) throw noSuchShare()
  return await receivedViews(deps, call, [share])
}

/** `POST shares`. */
export async function createShare(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId } = await call.authenticate()
  requireProgram(call)
  const values = await call.values()
  const path = values.get('path') ?? ''
  if (path === '') throw new NotFoundError('Say with "path" which file or folder to share.')
  const type = shareTypeOf(values.get('shareType'), deps.sharing.features)
  const share = newShareOf({ path, type, kind: await deps.sharing.kindOf(userId, path) }, values)
  const created = await deps.sharing.create(userId, share).catch(asRefusal)
  return await oneGivenView(deps, created)
}

/** `PUT shares/{id}`: what is not named stays as it is. */
export async function changeShare(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId } = await call.authenticate()
  requireProgram(call)
  const share = await getGiven(deps, userId, call)
  const values = await call.values()
  const changes = changesOf(share, values)
  if (Object.keys(changes).length === 0) throw new BadRequestError('Say what is to change.')
  return await oneGivenView(deps, await deps.sharing.change(userId, share.id, changes).catch(asRefusal))
}

/** `DELETE shares/{id}`: the giver ends it, a receiver leaves it. */
export async function deleteShare(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId } = await call.authenticate()
  requireProgram(call)
  const found = await deps.numbers.find(idInPath(call))
  if (found?.kind === 'given') await deps.sharing.end(userId, found.id)
  else if (found?.kind === 'received') await deps.sharing.leave(userId, found.id)
  else throw noSuchShare()
  return []
}

async function listSharedWithMe(deps: OcsDeps, call: OcsCall, isAccepted: boolean): Promise<OcsData> {
  const { userId } = await call.authenticate()
  const path = call.query.get('path') ?? ''
  const shares = (await deps.sharing.listReceived(userId)).filter(
    (share) =>
      share.source === 'local' &&
      share.isAccepted === isAccepted &&
      (path === '' || path === share.mountPath),
  )
  return await receivedViews(deps, call, shares)
}

async function getGiven(deps: OcsDeps, userId: string, call: OcsCall): Promise<OcsGivenShare> {
  const found = await deps.numbers.find(idInPath(call))
  if (found?.kind !== 'given') throw noSuchShare()
  return await deps.sharing.getGiven(userId, found.id)
}

async function givenViews({ numbers }: OcsDeps, shares: readonly OcsGivenShare[]): Promise<OcsData[]> {
  const ofShares = await numbers.numbersOf(
    'given',
    shares.map(({ id }) => id),
  )
  const ofFiles = await numbers.numbersOf(
    'file',
    shares.map(({ item }) => item.fileId),
  )
  return shares.map((share) =>
    givenView(share, { share: ofShares.get(share.id) ?? 0, file: ofFiles.get(share.item.fileId) ?? 0 }),
  )
}

async function oneGivenView(deps: OcsDeps, share: OcsGivenShare): Promise<OcsData> {
  return (await givenViews(deps, [share]))[0] ?? []
}

async function receivedViews(
  { numbers }: OcsDeps,
  call: OcsCall,
  shares: readonly OcsReceivedShare[],
): Promise<OcsData[]> {
  const { userName } = await call.authenticate()
  const receiver = { id: userName, displayName: userName }
  const ofShares = await numbers.numbersOf(
    'received',
    shares.map(({ id }) => id),
  )
  const ofFiles = await numbers.numbersOf(
    'file',
    shares.map(({ fileId }) => fileId),
  )
  return shares.map((share) => {
    const pair = { share: ofShares.get(share.id) ?? 0, file: ofFiles.get(share.fileId) ?? 0 }
    return receivedView(share, pair, receiver)
  })
}

/** A peer that fails is no failure of this server, for which clients would take a 502 or 503. */
function asRefusal(error: unknown): never {
  if (!(error instanceof AppError) || error.status < 500) throw error
  throw new ForbiddenError(error.message, { code: error.code, cause: error })
}

function noSuchShare(): NotFoundError {
  return new NotFoundError('There is no such share.')
}
