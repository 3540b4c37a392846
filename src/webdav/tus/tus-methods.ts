import {
  BadRequestError,
  ConflictError,
  MethodNotAllowedError,
  PayloadTooLargeError,
} from '../../platform/errors.ts'
import type { FinishedUpload, ResumableUpload } from '../../store/uploads/resumable-types.ts'
import { type DavAnswer, type DavCall, hasBody } from '../call.ts'
import type { DavMethod, ResumablePlace } from '../mount.ts'
import { appendBody, finish } from './tus-append.ts'
import { checkSize, createUpload } from './tus-create.ts'
import { byteCount, checkBytesType, checkVersion, progressHeaders, tusAbilities } from './tus-headers.ts'

/** OPTIONS: what of tus is spoken here, to whoever asks in whatever version. */
const discover: DavMethod = async ({ context }) => ({
  status: 204,
  headers: { ...tusAbilities(context.maxUploadBytes), Allow: 'OPTIONS, POST, HEAD, PATCH, DELETE' },
})

/** Where uploads begin. */
export const creationMethods: ReadonlyMap<string, DavMethod> = new Map([
  ['OPTIONS', discover],
  ['POST', createUpload],
])

/** What can be done with an upload that has begun. */
export function uploadMethodsOf(
  place: ResumablePlace,
  upload: ResumableUpload,
): ReadonlyMap<string, DavMethod> {
  const methods = new Map<string, DavMethod>([
    ['OPTIONS', discover],
    ['HEAD', (call) => tell(call, place, upload)],
    ['PATCH', (call) => goOn(call, place, upload)],
    ['DELETE', (call) => giveUp(call, place, upload)],
  ])
  methods.set('POST', instead(methods))
  return methods
}

/** One that has become a file already, for a client that did not get the answer. */
export function finishedMethodsOf({ lengthBytes, headers }: FinishedUpload): ReadonlyMap<string, DavMethod> {
  const methods = new Map<string, DavMethod>([
    ['OPTIONS', discover],
    ['HEAD', answering({ ...headers, 'Upload-Length': `${lengthBytes}`, 'Cache-Control': 'no-store' }, 200)],
    [
      'PATCH',
      async (call) => {
        checkVersion(call)
        if (byteCount(call, 'Upload-Offset') !== lengthBytes || hasBody(call.body)) throw complete()
        return { status: 204, headers }
      },
    ],
  ])
  methods.set('POST', instead(methods))
  return methods
}

function answering(headers: Record<string, string>, status: number): DavMethod {
  return async (call) => {
    checkVersion(call)
    return { status, headers }
  }
}

/** For clients whose way lets no PATCH pass (tus 1.0, X-HTTP-Method-Override). */
function instead(methods: ReadonlyMap<string, DavMethod>): DavMethod {
  return async (call) => {
    const name = (call.header('x-http-method-override') ?? '').trim().toUpperCase()
    const method = name === 'POST' ? undefined : methods.get(name)
    if (method === undefined) throw new MethodNotAllowedError('An upload is gone on with by PATCH.')
    return method({ ...call, method: name })
  }
}

/** HEAD: how far it is. */
async function tell(call: DavCall, { uploads }: ResumablePlace, { userId, id }: ResumableUpload) {
  checkVersion(call)
  const upload = await uploads.getAtRest(userId, id)
  const { lengthBytes, metadata } = upload.facts
  const headers: Record<string, string> = { ...progressHeaders(upload), 'Cache-Control': 'no-store' }
  if (lengthBytes === undefined) headers['Upload-Defer-Length'] = '1'
  else headers['Upload-Length'] = `${lengthBytes}`
  if (metadata !== '') headers['Upload-Metadata'] = metadata
  return { status: 200, headers }
}

/** PATCH: the next bytes; with the last of them the file is there. */
async function goOn(call: DavCall, place: ResumablePlace, begun: ResumableUpload): Promise<DavAnswer> {
  checkVersion(call)
  checkBytesType(call)
  const offsetBytes = byteCount(call, 'Upload-Offset')
  if (offsetBytes === undefined) throw new BadRequestError('Upload-Offset is missing.')
  const upload = await withLength(call, place, begun)
  const { lengthBytes } = upload.facts
  const declaredBytes = call.body.declaredBytes ?? 0
  checkSize(call, offsetBytes + declaredBytes)
  if (lengthBytes !== undefined && offsetBytes + declaredBytes > lengthBytes) throw tooMuch(lengthBytes)
  const grown = await appendBody(call, place, upload, offsetBytes)
  if (grown.offsetBytes !== lengthBytes) return { status: 204, headers: progressHeaders(grown) }
  return { status: 204, headers: await finish(call, place, grown, lengthBytes) }
}

/** A length that was left open can be said once (tus 1.0, creation-defer-length). */
async function withLength(
  call: DavCall,
  { uploads }: ResumablePlace,
  upload: ResumableUpload,
): Promise<ResumableUpload> {
  const lengthBytes = byteCount(call, 'Upload-Length')
  if (lengthBytes === undefined || lengthBytes === upload.facts.lengthBytes) return upload
  if (upload.facts.lengthBytes !== undefined || lengthBytes < upload.offsetBytes) {
    throw new BadRequestError('The length of this upload is another.', { code: 'INVALID_LENGTH' })
  }
  checkSize(call, lengthBytes)
  await uploads.setLength(upload, lengthBytes)
  return { ...upload, facts: { ...upload.facts, lengthBytes } }
}

/** DELETE: given up, its bytes are gone (tus 1.0, termination). */
async function giveUp(call: DavCall, { uploads }: ResumablePlace, { userId, id }: ResumableUpload) {
  checkVersion(call)
  await uploads.remove(userId, id)
  return { status: 204 }
}

function complete(): ConflictError {
  return new ConflictError('This upload is complete; its file is in its place.', { code: 'WRONG_OFFSET' })
}

function tooMuch(lengthBytes: number): PayloadTooLargeError {
  return new PayloadTooLargeError(
    `The upload has ${lengthBytes} bytes in all, and this request goes past that.`,
  )
}
