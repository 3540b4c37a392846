import { ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import type { Principal } from '../../platform/principal.ts'
import type { Versions } from '../../store/kept/versions.ts'
import type { StorePath } from '../../store/types.ts'
import type { DavAnswer, DavCall } from '../call.ts'
import { remove } from '../collections.ts'
import { identityHeaders } from '../file-answer.ts'
import { get, head } from '../get.ts'
import type { DavMethod, DavMount, Drive } from '../mount.ts'
import { options } from '../options.ts'
import { areaPrefixes, enterOwn } from '../own-area.ts'
import { propfind } from '../propfind.ts'
import { checkRestoreTarget } from './restore-target.ts'

const NOT_YOURS = 'There are no such versions, or they are not yours.'

export interface VersionMountDeps {
  versionsOf(userId: string): Promise<Versions>
  /** Where the file with this id is in the user's own drive; undefined when it is not there. */
  findPath(userId: string, fileId: string): Promise<StorePath | undefined>
  openDrive(principal: Principal): Promise<Drive>
}

/**
 * What a user's files contained before, in Nextcloud's shape: `/dav/versions/<user>/versions/<file id>/
 * <version>`. MOVE or COPY to `/dav/versions/<user>/restore/<name>` makes it the present content; what
 * was present becomes a version.
 */
export function versionMounts(deps: VersionMountDeps): DavMount[] {
  return areaPrefixes('versions').map((prefix) => ({
    prefix,
    async open(request) {
      const own = await enterOwn(request, NOT_YOURS)
      const [area, ...path] = own.path
      const { principal } = own
      const { userId } = principal
      if (area !== 'versions') throw new NotFoundError(NOT_YOURS)
      const { store } = await deps.versionsOf(userId)
      const methods = versionMethods((call) => restore(call, principal, deps))
      return { key: `versions:${userId}`, store: () => store, path, userId, methods }
    },
  }))
}

function versionMethods(restoring: DavMethod): ReadonlyMap<string, DavMethod> {
  return new Map<string, DavMethod>([
    ['OPTIONS', options],
    ['PROPFIND', propfind],
    ['GET', get],
    ['HEAD', head],
    ['DELETE', remove],
    ['MOVE', restoring],
    ['COPY', restoring],
  ])
}

async function restore(call: DavCall, principal: Principal, deps: VersionMountDeps): Promise<DavAnswer> {
  const [fileId = '', version, ...rest] = call.session.path
  checkRestoreTarget(call)
  if (version === undefined || rest.length > 0) throw new ForbiddenError('Name one version of one file.')
  const path = await deps.findPath(principal.userId, fileId)
  if (path === undefined) throw new NotFoundError('The file of this version is gone; look into the trash.')
  const drive = (await deps.openDrive(principal)).store(call.lockTokens)
  const versions = await deps.versionsOf(principal.userId)
  const { entry } = await versions.restore({ fileId, version }, drive, path, call.signal)
  return { status: 204, headers: identityHeaders(entry) }
}
