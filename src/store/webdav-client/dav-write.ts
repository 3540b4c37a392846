import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { type AppError, BadRequestError } from '../../platform/errors.ts'
import { checkChecksums, hashOfDeclared } from '../hashing/checksum-types.ts'
import type {
  Checksums,
  ChecksumType,
  StorePath,
  WriteConditions,
  WriteOptions,
  WriteSource,
} from '../types.ts'
import type { DavClient, DavRequest } from './dav-client.ts'

/** The names of ownCloud's `OC-Checksum`, the strongest first. */
const CHECKSUM_NAMES: [ChecksumType, string][] = [
  ['sha256', 'SHA256'],
  ['sha1', 'SHA1'],
  ['md5', 'MD5'],
  ['crc32c', 'CRC32C'],
  ['adler32', 'ADLER32'],
]

/** A body up to here is read before it is sent, so that it can be sent again with another credential. */
const SMALL_BYTES = 64 * 1024

/**
 * PUT of a file, streamed unless it is small (RFC 9110 9.3.4). True when nothing was there before. A body that is not what
 * was declared is cut off before its last bytes are sent, so that the other server discards it.
 */
export async function writeDav(
  dav: DavClient,
  path: StorePath,
  source: WriteSource,
  options: WriteOptions,
): Promise<boolean> {
  const wrong: { error?: unknown } = {}
  const { signal } = options
  const declared = declaredBy(source, options)
  const bytes = checkedBody(chunksOf(source), declared, wrong)
  if ((declared.sizeBytes ?? Number.POSITIVE_INFINITY) <= SMALL_BYTES) {
    return await put(dav, path, {
      headers: writeHeaders(source, options),
      body: await collect(bytes),
      signal,
    })
  }
  const body = Readable.from(bytes, { objectMode: false })
  // When the server answers early, nobody listens any more to what becomes of the rest.
  body.on('error', () => undefined)
  try {
    return await put(dav, path, { headers: writeHeaders(source, options), body, signal })
  } catch (error) {
    // When our own check ended the body, the broken connection is only its consequence.
    throw wrong.error ?? error
  } finally {
    body.destroy()
  }
}

async function put(
  dav: DavClient,
  path: StorePath,
  request: Pick<DavRequest, 'headers' | 'body' | 'signal'>,
): Promise<boolean> {
  const answer = await dav.send({ method: 'PUT', path, ...request }, [200, 201, 204])
  return answer.status === 201
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

/** `If-Match` and `If-None-Match` (RFC 9110 13.1) of the conditions. */
export function conditionHeaders(conditions: WriteConditions = {}): Record<string, string> {
  const { ifMatch, ifNoneMatch } = conditions
  return {
    ...(ifMatch === undefined ? {} : { 'If-Match': etagList(ifMatch) }),
    ...(ifNoneMatch === undefined ? {} : { 'If-None-Match': etagList(ifNoneMatch) }),
  }
}

function etagList(etags: readonly string[] | '*'): string {
  return etags === '*' ? '*' : etags.map((etag) => `"${etag}"`).join(', ')
}

interface Declared {
  sizeBytes: number | undefined
  expected: Checksums
}

function declaredBy(source: WriteSource, options: WriteOptions): Declared {
  const staged = 'staged' in source ? source.staged : undefined
  return {
    sizeBytes: options.sizeBytes ?? staged?.sizeBytes,
    expected: options.expected ?? staged?.checksums ?? {},
  }
}

function writeHeaders(source: WriteSource, options: WriteOptions): Record<string, string> {
  const { sizeBytes, expected } = declaredBy(source, options)
  const checksum = CHECKSUM_NAMES.find(([type]) => expected[type] !== undefined)
  return {
    'Content-Type': options.mediaType ?? 'application/octet-stream',
    ...(sizeBytes === undefined ? {} : { 'Content-Length': `${sizeBytes}` }),
    ...(options.mtimeMs === undefined ? {} : { 'X-OC-Mtime': `${Math.floor(options.mtimeMs / 1000)}` }),
    ...(checksum === undefined ? {} : { 'OC-Checksum': `${checksum[1]}:${expected[checksum[0]]}` }),
    ...conditionHeaders(options.conditions),
  }
}

function chunksOf(source: WriteSource): AsyncIterable<Uint8Array> {
  return 'staged' in source ? createReadStream(source.staged.localPath) : source
}

/** Passes chunks on one late, so that the last is only sent once everything has been found right. */
async function* checkedBody(
  chunks: AsyncIterable<Uint8Array>,
  declared: Declared,
  wrong: { error?: unknown },
): AsyncGenerator<Uint8Array> {
  const hash = Object.keys(declared.expected).length > 0 ? hashOfDeclared(declared.expected) : undefined
  let sizeBytes = 0
  let held: Uint8Array | undefined
  try {
    for await (const chunk of chunks) {
      if (chunk.length === 0) continue
      sizeBytes += chunk.length
      if (sizeBytes > (declared.sizeBytes ?? sizeBytes)) throw wrongLength(declared.sizeBytes, 'more')
      hash?.update(chunk)
      if (held !== undefined) yield held
      held = chunk
    }
    if (sizeBytes < (declared.sizeBytes ?? 0)) throw wrongLength(declared.sizeBytes, 'fewer')
    if (hash !== undefined) checkChecksums(hash.checksums(), declared.expected)
  } catch (error) {
    wrong.error = error instanceof Error ? error : new Error(String(error))
    throw error
  }
  if (held !== undefined) yield held
}

function wrongLength(sizeBytes: number | undefined, what: 'more' | 'fewer'): AppError {
  return new BadRequestError(
    `The body has ${what} than the ${sizeBytes} bytes that were declared. Send it again.`,
    { code: 'LENGTH_MISMATCH' },
  )
}
