import { AppError, BadRequestError, ForbiddenError, PayloadTooLargeError } from '../../platform/errors.ts'
import { toHttpDate } from '../../platform/http-date.ts'
import type { WriteOptions } from '../../store/types.ts'
import { WHOLE_NAME } from '../../store/uploads/names.ts'
import type { UploadArea } from '../../store/uploads/upload-area.ts'
import type { DavAnswer, DavCall } from '../call.ts'
import { identityHeaders } from '../file-answer.ts'
import { parseIfHeader } from '../if-header.ts'
import { writeOptions } from '../put.ts'
import { parseTarget } from '../target.ts'
import { declaredTotal } from './declared-total.ts'
import { openDestination } from './destination.ts'

/**
 * MOVE of `.file`: the parts become a file, by the same road as a PUT (rights, locks, quota, conditions,
 * checksums, one atomic step). They are read once, hashed on the way, and never held in memory. When it
 * is refused they stay, so that the client can mend and repeat; damaged ones go, nobody knows which it is.
 */
export async function assemble(call: DavCall, area: UploadArea): Promise<DavAnswer> {
  const [id, name, ...rest] = call.session.path
  if (id === undefined || name !== WHOLE_NAME || rest.length > 0) {
    throw new ForbiddenError(`Only the whole of an upload can be moved: its ${WHOLE_NAME}.`)
  }
  const destination = await openDestination(call)
  const options = assembleOptions(call)
  const declared = declaredTotal(call) ?? (await area.get(id)).totalBytes
  try {
    const { entry, created } = await area.assemble(id, (parts, body) => {
      const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
      checkTotal(sizeBytes, declared, call.context.maxUploadBytes)
      return destination.store(call.lockTokens).write(destination.path, body, { ...options, sizeBytes })
    })
    const headers: Record<string, string> = {
      ...identityHeaders(entry),
      'Last-Modified': toHttpDate(entry.mtimeMs),
    }
    if (options.mtimeMs !== undefined) headers['X-OC-MTime'] = 'accepted'
    return { status: created ? 201 : 204, headers }
  } catch (error) {
    if (error instanceof AppError && error.code === 'CHECKSUM_MISMATCH') await area.remove(id)
    throw error
  }
}

function checkTotal(sizeBytes: number, declared: number | undefined, maxBytes: number): void {
  if (declared !== undefined && declared !== sizeBytes) {
    const message = `The parts have ${sizeBytes} bytes where ${declared} were declared. Send what is missing.`
    throw new BadRequestError(message, { code: 'LENGTH_MISMATCH' })
  }
  if (sizeBytes > maxBytes) throw new PayloadTooLargeError(`A file may have at most ${maxBytes} bytes here.`)
}

/** What the headers say of the file; the etag of an `If` header is checked once more when it is published. */
function assembleOptions(call: DavCall): WriteOptions {
  const options = writeOptions(call)
  const conditions = { ...options.conditions }
  const etag = etagOfDestination(call)
  if (etag !== undefined) conditions.ifMatch ??= [etag]
  if (call.header('overwrite')?.trim().toUpperCase() === 'F') conditions.ifNoneMatch ??= '*'
  return { ...options, conditions }
}

/** `If: <destination> (["etag"])`, as the desktop clients write it: one list, one tag, the destination's. */
function etagOfDestination(call: DavCall): string | undefined {
  const header = call.header('if')
  const lists = header === undefined ? [] : parseIfHeader(header)
  const [list] = lists
  if (lists.length !== 1 || list?.tag === undefined) return undefined
  const named = parseTarget(list.tag).segments.join('/')
  if (named !== parseTarget((call.header('destination') ?? '/').trim()).segments.join('/')) return undefined
  return list.conditions.find((condition) => condition.kind === 'etag' && !condition.negated)?.value
}
