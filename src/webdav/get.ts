import { Readable } from 'node:stream'
import { MethodNotAllowedError, RangeNotSatisfiableError, UnavailableError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Entry, FileContent } from '../store/types.ts'
import type { DavAnswer, DavCall } from './call.ts'
import { isIfRangeCurrent } from './conditions.ts'
import { answerContentDigest } from './digest-answers.ts'
import { fileHeaders } from './file-answer.ts'
import { folderPage } from './folder-page.ts'
import { contentRange, decideRange, partHead, partsEnd, type SatisfiableRange } from './ranges.ts'
import { findZipOrder, zipFolder } from './zip/zip-folder.ts'

/** GET: a file, parts of it, or a folder: as a small page that lists it, or packed (RFC 9110 9.3.1, RFC 4918 9.4). */
export async function get(call: DavCall): Promise<DavAnswer> {
  if (call.header('range') !== undefined) return getWithRange(call)
  try {
    return whole(call, await call.store.read(call.session.path, undefined, call.signal))
  } catch (error) {
    // The common case costs one call; only what is not a file costs another.
    if (error instanceof MethodNotAllowedError) return folder(call)
    throw error
  }
}

/** HEAD: what GET would say of the whole, without a body. */
export async function head(call: DavCall): Promise<DavAnswer> {
  const entry = await call.store.stat(call.session.path)
  if (entry.kind === 'folder') return folder(call, { isHead: true })
  return { status: 200, headers: { ...fileHeaders(call, entry), 'Content-Length': `${entry.sizeBytes}` } }
}

function folder(call: DavCall, { isHead = false } = {}): Promise<DavAnswer> {
  const order = findZipOrder(call)
  return order === undefined ? folderPage(call, { isHead }) : zipFolder(call, order)
}

function whole(call: DavCall, { entry, body }: FileContent): DavAnswer {
  const headers = {
    ...fileHeaders(call, entry),
    ...answerContentDigest(call.header, entry.checksums),
    'Content-Length': `${entry.sizeBytes}`,
  }
  return { status: 200, headers, body }
}

const MAX_TRIES = 3

/** Positions are judged by a size, so the bytes must come from the file that had it: read again otherwise. */
async function getWithRange(call: DavCall): Promise<DavAnswer> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const entry = await call.store.stat(call.session.path)
    if (entry.kind === 'folder') return folder(call)
    const answer = await rangeAnswer(call, entry)
    if (answer !== undefined) return answer
  }
  throw new UnavailableError('The file is being changed; ask again.', { retryAfterSeconds: 1 })
}

async function rangeAnswer(call: DavCall, entry: Entry): Promise<DavAnswer | undefined> {
  const isCurrent = isIfRangeCurrent(call.header('if-range'), entry)
  const outcome = decideRange(isCurrent ? call.header('range') : undefined, entry.sizeBytes)
  if (outcome.kind === 'unsatisfiable') throw new RangeNotSatisfiableError(entry.sizeBytes)
  if (outcome.kind === 'whole')
    return whole(call, await call.store.read(call.session.path, undefined, call.signal))
  const [first, ...others] = outcome.ranges
  if (first === undefined) return undefined
  const content = await readSame(call, entry, first)
  if (content === undefined) return undefined
  return others.length === 0 ? onePart(call, content) : manyParts(call, content, others)
}

async function readSame(
  call: DavCall,
  entry: Entry,
  range: SatisfiableRange,
): Promise<FileContent | undefined> {
  const content = await call.store.read(call.session.path, range, call.signal)
  if (content.entry.etag === entry.etag) return content
  if (!Buffer.isBuffer(content.body)) content.body.destroy()
  return undefined
}

function onePart(call: DavCall, { entry, range, body }: FileContent): DavAnswer {
  const headers = {
    ...fileHeaders(call, entry),
    'Content-Range': contentRange(range, entry.sizeBytes),
    'Content-Length': `${range.end - range.start + 1}`,
  }
  return { status: 206, headers, body }
}

function manyParts(call: DavCall, first: FileContent, others: SatisfiableRange[]): DavAnswer {
  const { entry } = first
  const boundary = newId()
  const ranges = [first.range, ...others]
  const headOf = (range: SatisfiableRange) => partHead(boundary, entry.mediaType, range, entry.sizeBytes)
  const lengthBytes = ranges.reduce(
    (sum, range) => sum + Buffer.byteLength(headOf(range)) + range.end - range.start + 1,
    Buffer.byteLength(partsEnd(boundary)),
  )
  async function* parts(): AsyncGenerator<string | Buffer> {
    yield headOf(first.range)
    yield* chunksOf(first)
    for (const range of others) {
      const content = await readSame(call, entry, range)
      // Half an answer is sent: cutting it is the only honest way to say that the file changed.
      if (content === undefined) throw new UnavailableError('The file changed while it was read.')
      yield headOf(range)
      yield* chunksOf(content)
    }
    yield partsEnd(boundary)
  }
  const headers = {
    ...fileHeaders(call, entry),
    'Content-Type': `multipart/byteranges; boundary=${boundary}`,
    'Content-Length': `${lengthBytes}`,
  }
  const body = Readable.from(parts(), { objectMode: false })
  // A generator that was never started frees nothing.
  body.once('close', () => {
    if (!Buffer.isBuffer(first.body)) first.body.destroy()
  })
  return { status: 206, headers, body }
}

async function* chunksOf({ body }: FileContent): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(body)) yield body
  else yield* body
}
