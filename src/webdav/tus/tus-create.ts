import {
  AppError,
  BadRequestError,
  MethodNotAllowedError,
  PayloadTooLargeError,
  PreconditionFailedError,
} from '../../platform/errors.ts'
import { parsePath } from '../../store/paths.ts'
import type { StorePath, WriteOptions } from '../../store/types.ts'
import { ChecksumMismatchError } from '../../store/uploads/append-stretch.ts'
import type { ResumableFacts } from '../../store/uploads/resumable-types.ts'
import { type DavAnswer, type DavCall, findEntry, hasBody } from '../call.ts'
import { decideConditions } from '../conditions.ts'
import type { ResumablePlace } from '../mount.ts'
import { conditionHeaders } from '../preconditions.ts'
import { checkBeforeBody, writeOptions } from '../put.ts'
import { appendBody, finish, finishedHeaders } from './tus-append.ts'
import {
  byteCount,
  checkBytesType,
  checkVersion,
  parseMetadata,
  parseUploadChecksum,
  progressHeaders,
} from './tus-headers.ts'

/**
 * POST to a folder of a drive (tus 1.0, creation): a file that will come piece by piece begins. What can be
 * refused is refused now: rights, locks, conditions, room. The body may already hold bytes of it
 * (creation-with-upload); all of them are a file at once, as by PUT.
 */
export async function createUpload(call: DavCall): Promise<DavAnswer> {
  const place = call.session.resumable
  if (place === undefined) throw new MethodNotAllowedError('Nothing is made by POST here.')
  checkVersion(call)
  const lengthBytes = lengthOf(call)
  const metadata = parseMetadata(call.header('upload-metadata'))
  const path = destinationOf(call, metadata)
  const options = optionsOf(call, metadata)
  const atFile = callAt(call, path, lengthBytes)
  await checkEarly(atFile)
  if (hasBody(call.body)) checkBytesType(call)
  if (lengthBytes !== undefined && lengthBytes === call.body.declaredBytes) {
    return writeAtOnce(atFile, place, options)
  }
  const upload = await place.uploads.create(call.session.userId, factsOf(call, path, lengthBytes, options))
  const Location = place.hrefOf(upload.id)
  if (!hasBody(call.body)) return { status: 201, headers: { Location, ...progressHeaders(upload) } }
  const grown = await appendBody(atFile, place, upload)
  if (grown.offsetBytes !== lengthBytes) {
    return { status: 201, headers: { Location, ...progressHeaders(grown) } }
  }
  return { status: 201, headers: { Location, ...(await finish(atFile, place, grown, lengthBytes)) } }
}

function lengthOf(call: DavCall): number | undefined {
  const lengthBytes = byteCount(call, 'Upload-Length')
  const isDeferred = call.header('upload-defer-length') === '1'
  if (isDeferred === (lengthBytes !== undefined)) {
    throw new BadRequestError('The request needs Upload-Length, or Upload-Defer-Length: 1.', {
      code: 'INVALID_LENGTH',
    })
  }
  checkSize(call, Math.max(lengthBytes ?? 0, call.body.declaredBytes ?? 0))
  return lengthBytes
}

/** Throws `PayloadTooLargeError` for more than one file may have. */
export function checkSize({ context }: DavCall, sizeBytes: number): void {
  if (sizeBytes <= context.maxUploadBytes) return
  throw new PayloadTooLargeError(`A file may have at most ${context.maxUploadBytes} bytes here.`)
}

/** `filename` may be a path below the folder that is asked: ownCloud's desktop client asks the root. */
function destinationOf(call: DavCall, metadata: ReadonlyMap<string, string>): StorePath {
  const name = parsePath(metadata.get('filename') ?? metadata.get('name') ?? '')
  if (name.length > 0) return [...call.session.path, ...name]
  throw new BadRequestError('Upload-Metadata must say the filename.', { code: 'INVALID_METADATA' })
}

/** The time and the checksum of the whole, from the headers of a PUT or from the metadata. */
function optionsOf(call: DavCall, metadata: ReadonlyMap<string, string>): WriteOptions {
  const ofMetadata = new Map([
    ['x-oc-mtime', metadata.get('mtime')],
    ['oc-checksum', metadata.get('checksum')?.trim().replace(' ', ':')],
  ])
  const header = (name: string) => call.header(name) ?? ofMetadata.get(name)
  const { sizeBytes: _ofBody, signal: _ofRequest, ...options } = writeOptions({ ...call, header })
  return options
}

/** The same request as if it had been sent to the file itself. */
function callAt(call: DavCall, path: StorePath, declaredBytes: number | undefined): DavCall {
  const body = { ...call.body, accept: () => call.body.accept(), declaredBytes }
  return { ...call, session: { ...call.session, path }, body }
}

async function checkEarly(call: DavCall): Promise<void> {
  const headers = conditionHeaders(call.header)
  if (Object.values(headers).some((value) => value !== undefined)) {
    const existing = await findEntry(call.store, call.session.path)
    if (decideConditions(headers, existing, false) === 'failed') {
      throw new PreconditionFailedError('What is there is not what the request expects; look again.')
    }
  }
  await checkBeforeBody(call)
}

async function writeAtOnce(call: DavCall, place: ResumablePlace, options: WriteOptions): Promise<DavAnswer> {
  const lengthBytes = call.body.declaredBytes ?? 0
  const ofBody = parseUploadChecksum(call)
  const expected = { ...ofBody, ...options.expected }
  const write = { ...options, expected, sizeBytes: lengthBytes, signal: call.signal }
  const { entry } = await call.store.write(call.session.path, call.body.accept(), write).catch((error) => {
    const isOfBody = error instanceof AppError && error.code === 'CHECKSUM_MISMATCH' && ofBody !== undefined
    throw isOfBody ? new ChecksumMismatchError(error.message) : error
  })
  const id = place.uploads.newId()
  const headers = await finishedHeaders(call, entry, options)
  place.uploads.rememberFinished(call.session.userId, id, { lengthBytes, headers })
  return { status: 201, headers: { Location: place.hrefOf(id), ...headers } }
}

function factsOf(
  call: DavCall,
  path: StorePath,
  lengthBytes: number | undefined,
  { mtimeMs, expected, conditions }: WriteOptions,
): ResumableFacts {
  return {
    path,
    metadata: call.header('upload-metadata') ?? '',
    ...(lengthBytes === undefined ? {} : { lengthBytes }),
    ...(mtimeMs === undefined ? {} : { mtimeMs }),
    ...(expected === undefined ? {} : { expected }),
    ...(conditions === undefined ? {} : { conditions }),
  }
}
