import { BadGatewayError, BadRequestError, ForbiddenError, LockedError } from '../../platform/errors.ts'
import type { FileStore, StorePath } from '../../store/types.ts'
import type { DavCall } from '../call.ts'
import { isBlocked } from '../put.ts'
import { parseTarget } from '../target.ts'

/** Restoring is a MOVE to `…/restore/<anything>` (Nextcloud); any other destination is refused. */
export function checkRestoreTarget(call: DavCall): void {
  const text = call.header('destination')
  if (text === undefined) throw new BadRequestError('MOVE needs a Destination header.')
  const target = parseTarget(text.trim())
  if (!call.context.isOwn(target)) throw new BadGatewayError('The destination is on another server.')
  const asked = call.target.segments
  const area = asked.slice(0, asked.length - call.session.path.length - 1)
  const isRestore = [...area, 'restore'].every((name, index) => target.segments[index] === name)
  if (isRestore && target.segments.length === area.length + 2) return
  throw new ForbiddenError(
    'From here things move to the folder "restore" beside it only: that puts them back.',
  )
}

/** Throws `LockedError` when a lock protects what would change, or the folder that would get a member. */
export async function checkUnlocked(call: DavCall, store: FileStore, path: StorePath): Promise<void> {
  const locks = await call.context.locks.covering(await store.locate(path), { withFolder: true })
  if (!isBlocked(locks, call.lockTokens, call.session.userId)) return
  throw new LockedError('The place it would come back to is locked; the request does not name the lock.')
}
