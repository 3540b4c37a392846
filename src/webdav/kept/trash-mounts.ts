import { ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import type { Principal } from '../../platform/principal.ts'
import type { Trash } from '../../store/kept/trash.ts'
import { checkLocks } from '../../store/locks/lock-check.ts'
import type { DavAnswer, DavCall } from '../call.ts'
import { remove } from '../collections.ts'
import { identityHeaders } from '../file-answer.ts'
import { get, head } from '../get.ts'
import type { DavMethod, DavMount, Drive } from '../mount.ts'
import { options } from '../options.ts'
import { areaPrefixes, enterOwn } from '../own-area.ts'
import { propfind } from '../propfind.ts'
import { checkRestoreTarget } from './restore-target.ts'

const NOT_YOURS = 'There is no such trash, or it is not yours.'

export interface TrashMountDeps {
  trashOf(userId: string): Promise<Trash>
  openDrive(principal: Principal): Promise<Drive>
}

/**
 * What a user deleted, in Nextcloud's shape: `/dav/trashbin/<user>/trash/<name>.d<seconds>`. DELETE is for
 * good, of the trash itself too; MOVE to `/dav/trashbin/<user>/restore/<name>` puts back where it was.
 */
export function trashMounts({ trashOf, openDrive }: TrashMountDeps): DavMount[] {
  return areaPrefixes('trashbin').map((prefix) => ({
    prefix,
    async open(request) {
      const own = await enterOwn(request, NOT_YOURS)
      const [area, ...path] = own.path
      const { principal } = own
      const { userId } = principal
      if (area !== 'trash') throw new NotFoundError(NOT_YOURS)
      const trash = await trashOf(userId)
      const methods = trashMethods(trash, () => openDrive(principal))
      return { key: `trash:${userId}`, store: () => trash.store, path, userId, methods }
    },
  }))
}

function trashMethods(trash: Trash, openDrive: () => Promise<Drive>): ReadonlyMap<string, DavMethod> {
  return new Map<string, DavMethod>([
    ['OPTIONS', options],
    ['PROPFIND', propfind],
    ['GET', get],
    ['HEAD', head],
    ['DELETE', (call) => (call.session.path.length === 0 ? empty(trash) : remove(call))],
    ['MOVE', (call) => restore(call, trash, openDrive)],
  ])
}

async function empty(trash: Trash): Promise<DavAnswer> {
  await trash.empty()
  return { status: 204 }
}

async function restore(call: DavCall, trash: Trash, openDrive: () => Promise<Drive>): Promise<DavAnswer> {
  const [name = '', ...rest] = call.session.path
  checkRestoreTarget(call)
  if (name === '' || rest.length > 0)
    throw new ForbiddenError('Only what was deleted comes back, as a whole.')
  const store = (await openDrive()).store(call.lockTokens)
  const { locks } = call.context
  const asker = { tokens: call.lockTokens, userId: call.session.userId, isNew: true }
  const { entry } = await trash.restore(name, (path) => checkLocks({ locks, store }, path, asker))
  return { status: 201, headers: identityHeaders(entry) }
}
