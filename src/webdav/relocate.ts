import { BadGatewayError, BadRequestError, ForbiddenError } from '../platform/errors.ts'
import { isWithin } from '../store/paths.ts'
import type { StorePath, WriteResult } from '../store/types.ts'
import type { DavAnswer, DavCall } from './call.ts'
import { parseZeroOrInfinity, requireInfinity } from './depth.ts'
import { identityHeaders } from './file-answer.ts'
import { parseTarget } from './target.ts'

/** MOVE (RFC 4918 9.9). */
export async function move(call: DavCall): Promise<DavAnswer> {
  const { from, to, overwrite } = await readRelocation(call)
  if (from.length === 0) throw new ForbiddenError('The root cannot be moved.')
  if (call.header('depth') !== undefined) {
    requireInfinity(call.header('depth'), (await call.store.stat(from)).kind === 'folder')
  }
  // A folder moved into itself would vanish; one moved over its own parent would be deleted first.
  if (isWithin(to, from) || isWithin(from, to)) throw overlapping()
  return answer(await call.store.move(from, to, { overwrite }))
}

/** COPY: within a drive (RFC 4918 9.8), or from or to another server (WLCG HTTP-TPC). */
export async function copy(call: DavCall): Promise<DavAnswer> {
  return (await call.context.thirdParty?.serve(call)) ?? (await copyHere(call))
}

async function copyHere(call: DavCall): Promise<DavAnswer> {
  const { from, to, overwrite } = await readRelocation(call)
  const depth = parseZeroOrInfinity(call.header('depth'))
  // A folder alone may be copied into itself; with its members that would never end.
  const isInside = isWithin(to, from) && (depth === 'infinity' || to.length === from.length)
  if (isInside || isWithin(from, to)) throw overlapping()
  const done = answer(await call.store.copy(from, to, { overwrite, depth }))
  return isThirdPartyClient(call) ? { ...done, status: 201, ...TOLD } : done
}

/** How the clients of HTTP-TPC, which do not see that both ends are one, know that it went well. */
const TOLD = { body: 'success: Created\n' }

function isThirdPartyClient({ header }: DavCall): boolean {
  return ['credential', 'x-number-of-streams', 'requirechecksumverification'].some(
    (name) => header(name) !== undefined,
  )
}

interface Relocation {
  from: StorePath
  to: StorePath
  overwrite: boolean
}

/**
 * Where to, from `Destination` and `Overwrite` (RFC 4918 10.3, 10.6). Another server, and another store
 * of this one, is a 502 by 9.8.5: never may a foreign address be taken for a local path.
 */
async function readRelocation({ session, context, header }: DavCall): Promise<Relocation> {
  const text = header('destination')
  if (text === undefined) throw new BadRequestError('COPY and MOVE need a Destination header.')
  const target = parseTarget(text.trim())
  if (!context.isOwn(target)) {
    throw new BadGatewayError(
      'The destination is on another server; this request works inside this one only.',
    )
  }
  const destination = await context.open(target)
  if (destination.key !== session.key) {
    throw new BadGatewayError('Source and destination lie in different drives; transfer the files instead.')
  }
  if (destination.path.length === 0) throw new ForbiddenError('The root cannot be replaced.')
  return { from: session.path, to: destination.path, overwrite: parseOverwrite(header('overwrite')) }
}

function parseOverwrite(header: string | undefined): boolean {
  const text = header?.trim().toUpperCase() ?? 'T'
  if (text !== 'T' && text !== 'F') throw new BadRequestError('Overwrite must be T or F.')
  return text === 'T'
}

function overlapping(): ForbiddenError {
  return new ForbiddenError('Source and destination are the same, or one lies inside the other.')
}

function answer({ entry, created }: WriteResult): DavAnswer {
  return { status: created ? 201 : 204, headers: identityHeaders(entry) }
}
