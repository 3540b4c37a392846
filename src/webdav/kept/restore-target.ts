import { BadGatewayError, BadRequestError, ForbiddenError } from '../../platform/errors.ts'
import type { DavCall } from '../call.ts'
import { parseTarget } from '../target.ts'

/** Restoring is a MOVE to `…/restore/<anything>` (Nextcloud); any other destination is refused. */
export function checkRestoreTarget(call: DavCall): void {
  const text = call.header('destination')
  if (text === undefined) throw new BadRequestError('MOVE needs a Destination header.')
  const { context } = call
  const target = parseTarget(text.trim())
  if (!context.isOwn(target)) throw new BadGatewayError('The destination is on another server.')
  const [asked, wanted] = [context.namesOf(call.target), context.namesOf(target)]
  const area = asked.slice(0, asked.length - call.session.path.length - 1)
  const isRestore = [...area, 'restore'].every((name, index) => wanted[index] === name)
  if (isRestore && wanted.length === area.length + 2) return
  throw new ForbiddenError(
    'From here things move to the folder "restore" beside it only: that puts them back.',
  )
}
