import { BadGatewayError, BadRequestError, ForbiddenError } from '../../platform/errors.ts'
import type { DavCall } from '../call.ts'
import type { DavSession } from '../mount.ts'
import { parseTarget } from '../target.ts'

/** The place that `Destination` names: a file in a drive of this node that the asker may open. */
export async function openDestination({ header, context }: DavCall): Promise<DavSession> {
  const text = header('destination')
  if (text === undefined) throw new BadRequestError('Where to? The request lacks a Destination header.')
  const target = parseTarget(text.trim())
  if (!context.isOwn(target)) throw new BadGatewayError('The destination is on another server.')
  const session = await context.open(target)
  if (session.methods !== undefined || session.path.length === 0) {
    throw new ForbiddenError('An upload ends as a file in a drive; the destination is no place for one.')
  }
  return session
}
