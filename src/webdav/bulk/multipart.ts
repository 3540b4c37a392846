import { BadRequestError } from '../../platform/errors.ts'
import { ByteReader } from './byte-reader.ts'

const MAX_LINE_BYTES = 16 * 1024
const MAX_HEADERS = 32
/** Most parts of one request; the desktop client sends 100. */
const MAX_PARTS = 1_000

/** One part: its headers by lower-case name, and a body of a known length. */
export interface MultipartPart {
  headers: ReadonlyMap<string, string>
  body: PartBody
}

/** The bytes of a part, which must be taken or dropped before the next part is asked for. */
export class PartBody implements AsyncIterable<Buffer> {
  readonly sizeBytes: number
  private readonly reader: ByteReader
  private leftBytes: number

  constructor(reader: ByteReader, sizeBytes: number) {
    this.reader = reader
    this.sizeBytes = sizeBytes
    this.leftBytes = sizeBytes
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.leftBytes > 0) {
      const piece = await this.reader.readSome(this.leftBytes)
      if (piece === undefined) throw malformed('ends within a part')
      this.leftBytes -= piece.length
      yield piece
    }
  }

  /** Passes over what nobody took. */
  async drop(): Promise<void> {
    for await (const _piece of this);
  }
}

/** The boundary of a `multipart/related` type (RFC 2046 5.1.1); throws `BadRequestError` for other types. */
export function parseBoundary(contentType: string | undefined): string {
  const [type = ''] = (contentType ?? '').split(';', 1)
  const match = /;\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType ?? '')
  const boundary = match?.[1] ?? match?.[2]
  if (type.trim().toLowerCase() !== 'multipart/related' || boundary === undefined) {
    throw new BadRequestError('The body must be multipart/related and name its boundary.')
  }
  return boundary
}

/**
 * The parts of a body, one after the other, as they come. Every part must say its length, so that its
 * bytes are counted and not searched. What is no multipart is `BadRequestError`.
 */
export async function* readMultipart(
  source: AsyncIterable<Buffer>,
  boundary: string,
): AsyncGenerator<MultipartPart> {
  const reader = new ByteReader(source)
  if (!(await isDelimiter(reader, boundary, { mayBeBlank: true }))) return
  for (let count = 1; ; count++) {
    if (count > MAX_PARTS) throw malformed(`has more than ${MAX_PARTS} parts`)
    const headers = await readHeaders(reader)
    const body = new PartBody(reader, lengthOf(headers))
    yield { headers, body }
    await body.drop()
    if ((await reader.readLine(MAX_LINE_BYTES))?.length !== 0) throw malformed('has a part of another length')
    if (!(await isDelimiter(reader, boundary, { mayBeBlank: false }))) return
  }
}

/** True when another part follows, false at the closing delimiter. */
async function isDelimiter(
  reader: ByteReader,
  boundary: string,
  { mayBeBlank }: { mayBeBlank: boolean },
): Promise<boolean> {
  let line = await reader.readLine(MAX_LINE_BYTES)
  if (mayBeBlank && line?.length === 0) line = await reader.readLine(MAX_LINE_BYTES)
  const text = line?.toString('latin1').trimEnd()
  if (text === `--${boundary}`) return true
  if (text === `--${boundary}--`) return false
  throw malformed('lacks a delimiter where one has to stand')
}

async function readHeaders(reader: ByteReader): Promise<Map<string, string>> {
  const headers = new Map<string, string>()
  for (let count = 0; ; count++) {
    const line = await reader.readLine(MAX_LINE_BYTES)
    if (line === undefined) throw malformed('ends within the headers of a part')
    if (line.length === 0) return headers
    if (count >= MAX_HEADERS) throw malformed(`has a part with more than ${MAX_HEADERS} headers`)
    const text = decode(line)
    const colon = text.indexOf(':')
    if (colon <= 0) throw malformed('has a header without a name')
    headers.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim())
  }
}

/** Names of files travel as UTF-8 in the headers of parts. */
function decode(line: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line)
  } catch {
    throw malformed('has a header that is not UTF-8')
  }
}

function lengthOf(headers: ReadonlyMap<string, string>): number {
  const text = headers.get('content-length') ?? ''
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw malformed('has a part without a Content-Length')
}

function malformed(how: string): BadRequestError {
  return new BadRequestError(`The multipart body ${how}.`, { code: 'INVALID_MULTIPART' })
}
