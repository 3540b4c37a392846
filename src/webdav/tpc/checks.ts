import {
  type AppError,
  BadGatewayError,
  BadRequestError,
  ForbiddenError,
  MethodNotAllowedError,
  PayloadTooLargeError,
  PreconditionFailedError,
} from '../../platform/errors.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { OutboundError } from '../../platform/outbound-error.ts'
import type { Entry } from '../../store/types.ts'
import { type DavCall, findEntry } from '../call.ts'
import { checkBeforeBody } from '../put.ts'
import { checkRoom } from '../room.ts'
import { checkReplacing } from '../scopes/scoped-session.ts'
import type { FarFacts } from './far-end.ts'
import type { Order } from './order.ts'

/** Only who has a drive here may send this node to other servers. */
function checkAsker({ session }: DavCall): void {
  if (session.isThirdPartyCopied === true) return
  throw new ForbiddenError('Only the owner of a drive may have files copied between servers.')
}

/** Everything that forbids a file to come here: 403, 405, 409, 412, 423, 507. */
export async function checkDestination(call: DavCall, { overwrite }: Order): Promise<undefined> {
  checkAsker(call)
  const { path } = call.session
  if (path.length === 0) throw new MethodNotAllowedError('A folder stands here; name the file to make.')
  if ((await findEntry(call.store, path)) !== undefined) {
    if (!overwrite) throw exists()
    checkReplacing(call.session)
  }
  await checkBeforeBody(call)
}

function exists(): PreconditionFailedError {
  return new PreconditionFailedError('Something is there already, and Overwrite is F.')
}

/** The file that is to go from here: 403, 404, 405. */
export async function getSource(call: DavCall): Promise<Entry> {
  checkAsker(call)
  const entry = await call.store.stat(call.session.path)
  if (entry.kind === 'folder') {
    throw new MethodNotAllowedError('A folder is not copied to another server; copy its files one by one.')
  }
  if (!entry.rights.read) throw new ForbiddenError('You may not read this.')
  return entry
}

/** The rules of the node for other servers, before anything is promised. */
export async function checkReachable(outbound: Outbound, url: URL): Promise<void> {
  try {
    await outbound.check(url.href)
  } catch (error) {
    throw refusalOf(error, url)
  }
}

function refusalOf(error: unknown, { host }: URL): AppError {
  if (error instanceof OutboundError && error.reason === 'bad-url') return new BadRequestError(error.message)
  if (error instanceof OutboundError && error.reason === 'address-refused') {
    return new ForbiddenError(error.message, { code: 'ADDRESS_REFUSED' })
  }
  const message = error instanceof OutboundError ? error.message : `There is no host named ${host}.`
  return new BadGatewayError(message, { cause: error })
}

/** What the other server already said, when it said it in time: too large, no room, or something in the way. */
export async function checkRoomFor(call: DavCall, order: Order, facts: FarFacts): Promise<void> {
  if (facts.status !== 200) return
  if (order.direction === 'push') {
    if (!order.overwrite) throw exists()
    return
  }
  const { sizeBytes } = facts
  if (sizeBytes === undefined) return
  if (sizeBytes > call.context.maxUploadBytes) {
    throw new PayloadTooLargeError(`A file may have at most ${call.context.maxUploadBytes} bytes here.`)
  }
  await checkRoom(call.store, { path: call.session.path, sizeBytes })
}
