import { AppError, BadRequestError } from '../../platform/errors.ts'
import { toHttpDate } from '../../platform/http-date.ts'
import type { Checksums } from '../../store/types.ts'
import type { DavCall } from '../call.ts'
import { ALGORITHMS, parseDeclaredChecksums } from '../digests.ts'
import { UnsupportedMediaTypeError } from '../errors.ts'

export const TUS_VERSION = '1.0.0'

const EXTENSIONS = 'creation,creation-with-upload,creation-defer-length,checksum,expiration,termination'
const BYTES_TYPE = 'application/offset+octet-stream'

/** 412: the client speaks another version (tus 1.0, Tus-Resumable). */
export class TusVersionError extends AppError {
  override name = 'TusVersionError'
  constructor() {
    super(412, 'TUS_VERSION', `This server speaks version ${TUS_VERSION} of tus; see Tus-Version.`)
  }
}

/** What OPTIONS tells of tus (tus 1.0, Discovering). */
export function tusAbilities(maxUploadBytes: number): Record<string, string> {
  return {
    'Tus-Resumable': TUS_VERSION,
    'Tus-Version': TUS_VERSION,
    'Tus-Extension': EXTENSIONS,
    'Tus-Checksum-Algorithm': 'sha1,md5,sha256,adler32,crc32c',
    ...(Number.isFinite(maxUploadBytes) ? { 'Tus-Max-Size': `${maxUploadBytes}` } : {}),
  }
}

/** Throws `TusVersionError` for a request that is not of our version. */
export function checkVersion({ header }: DavCall): void {
  if (header('tus-resumable') !== TUS_VERSION) throw new TusVersionError()
}

/** A header that counts bytes; undefined when it is missing. Throws `BadRequestError` for no number. */
export function byteCount({ header }: DavCall, name: string): number | undefined {
  const text = header(name.toLowerCase())?.trim()
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new BadRequestError(`${name} must be a number of bytes.`, { code: 'INVALID_LENGTH' })
}

/** Bytes of a file come with a type of their own, so that nothing else is taken for them. */
export function checkBytesType({ header }: DavCall): void {
  const [type = ''] = (header('content-type') ?? '').split(';', 1)
  if (type.trim().toLowerCase() === BYTES_TYPE) return
  throw new UnsupportedMediaTypeError(`The bytes of an upload have the type ${BYTES_TYPE}.`)
}

/** `Upload-Metadata`: names, each with a value in Base64, separated by commas. */
export function parseMetadata(header: string | undefined): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>()
  for (const pair of (header ?? '').split(',')) {
    const [name = '', value = '', ...rest] = pair.trim().split(/ +/)
    if (name === '') continue
    if (rest.length > 0 || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw badMetadata(name)
    metadata.set(name.toLowerCase(), decodeText(name, value))
  }
  return metadata
}

function decodeText(name: string, value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'base64'))
  } catch {
    throw badMetadata(name)
  }
}

function badMetadata(name: string): BadRequestError {
  return new BadRequestError(`Upload-Metadata has no readable value for ${name.slice(0, 100)}.`, {
    code: 'INVALID_METADATA',
  })
}

/** `Upload-Checksum`: that of the bytes in this request. An unknown algorithm is `BadRequestError`. */
export function parseUploadChecksum({ header }: DavCall): Checksums | undefined {
  const text = header('upload-checksum')?.trim()
  if (text === undefined) return undefined
  const [algorithm = '', value = ''] = text.split(/ +/)
  if (!ALGORITHMS.has(algorithm.toLowerCase())) {
    throw new BadRequestError('That checksum algorithm is not known here; see Tus-Checksum-Algorithm.')
  }
  const hex = Buffer.from(value, 'base64').toString('hex')
  return parseDeclaredChecksums((name) => (name === 'oc-checksum' ? `${algorithm}:${hex}` : undefined))
}

/** How far an upload is, and how long it can be gone on with. */
export function progressHeaders(upload: {
  offsetBytes: number
  expiresAtMs: number
}): Record<string, string> {
  return { 'Upload-Offset': `${upload.offsetBytes}`, 'Upload-Expires': toHttpDate(upload.expiresAtMs) }
}
