import { NotFoundError } from '../../platform/errors.ts'
import type { Principal } from '../../platform/principal.ts'
import { Resumables } from '../../store/uploads/resumable.ts'
import type { DavMount, DavSession, Drive, ResumablePlace } from '../mount.ts'
import { areaPrefixes, enterOwn } from '../own-area.ts'
import { creationMethods, finishedMethodsOf, uploadMethodsOf } from './tus-methods.ts'

export interface TusMountDeps {
  uploads: Resumables
  openDrive(principal: Principal): Promise<Drive>
  /** The path of the node's public address, without a slash at its end. */
  basePath: string
}

/** Where uploads into the drive of this user begin, and what addresses they get. */
export function resumablePlace(
  { uploads, basePath }: Omit<TusMountDeps, 'openDrive'>,
  { userName }: Principal,
): ResumablePlace {
  const folder = `${basePath}/dav/tus/${encodeURIComponent(userName)}`
  return { uploads, hrefOf: (id) => `${folder}/${id}` }
}

/**
 * tus 1.0 at `/dav/tus/<user>/`: POST to a folder of the drive below it begins, everything else goes to the
 * address that the POST answered. An upload is judged as the file that it will be: conditions, locks and
 * rights are those of its place in the drive. Another user's are not there (404).
 */
export function tusMounts(deps: TusMountDeps): DavMount[] {
  return areaPrefixes('tus').map((prefix) => ({
    prefix,
    async open(request) {
      const { principal, path } = await enterOwn(request, 'There are no such uploads, or they are not yours.')
      const { userId } = principal
      const drive = await deps.openDrive(principal)
      const resumable = resumablePlace(deps, principal)
      const store = (lockTokens: readonly string[]) => drive.store(lockTokens)
      const session = { key: drive.key, store, userId, resumable }
      const [id = '', ...rest] = path
      if (rest.length > 0 || !Resumables.isId(id)) return { ...session, path, methods: creationMethods }
      return { ...session, ...(await findUpload(resumable, userId, id)) }
    },
  }))
}

async function findUpload(
  place: ResumablePlace,
  userId: string,
  id: string,
): Promise<Required<Pick<DavSession, 'path' | 'methods'>>> {
  const upload = await place.uploads.find(userId, id)
  if (upload !== undefined) return { path: upload.facts.path, methods: uploadMethodsOf(place, upload) }
  const finished = place.uploads.findFinished(userId, id)
  if (finished !== undefined) return { path: [], methods: finishedMethodsOf(finished) }
  throw new NotFoundError('There is no such upload; it may have expired.')
}
