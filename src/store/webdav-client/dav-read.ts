import { Readable } from 'node:stream'
import { MethodNotAllowedError, RangeNotSatisfiableError } from '../../platform/errors.ts'
import type { OutboundResponse } from '../../platform/outbound.ts'
import type { ByteRange, Entry, FileContent, StorePath } from '../types.ts'
import { type DavClient, discard } from './dav-client.ts'
import { type DavRootFacts, toDavEntry } from './dav-entry.ts'
import { badAnswer } from './dav-errors.ts'
import { OWNCLOUD } from './multistatus.ts'

interface ReadOptions {
  range?: ByteRange | undefined
  signal?: AbortSignal | undefined
  /** Asks for the entry; only where the answer itself does not tell its size. */
  stat(): Promise<Entry>
}

interface Place extends DavRootFacts {
  dav: DavClient
}

/**
 * GET of a file or a part of it (RFC 9110 14), streamed. A server that knows no ranges sends everything;
 * then what was not asked for is dropped here.
 */
export async function readDav(place: Place, path: StorePath, options: ReadOptions): Promise<FileContent> {
  const { range, signal } = options
  const answer = await place.dav.request(
    { method: 'GET', path, headers: { 'Accept-Encoding': 'identity', ...rangeHeader(range) }, signal },
    [200, 206, 416],
  )
  if (answer.status === 416) return await refuseRange(answer, options)
  // A body that is destroyed before its end emits an error, which must not be fatal when nobody reads it.
  answer.body.on('error', () => undefined)
  try {
    return await toContent(place, path, answer, options)
  } catch (error) {
    answer.body.destroy()
    throw error
  }
}

async function toContent(
  place: Place,
  path: StorePath,
  answer: OutboundResponse,
  options: ReadOptions,
): Promise<FileContent> {
  const part =
    answer.status === 206 ? parseContentRange(answer.headers['content-range'], place.dav.host) : undefined
  const sizeBytes = part?.sizeBytes ?? toLength(answer.headers['content-length'])
  const isClear = sizeBytes !== undefined && (part !== undefined || isSurelyFile(answer))
  const entry = isClear ? entryOf(answer, path, place, sizeBytes) : await options.stat()
  if (entry.kind === 'folder') throw new MethodNotAllowedError('A folder has no content to read.')
  if (part !== undefined) {
    checkPart(part, options.range, place.dav.host)
    return { entry, range: { start: part.start, end: part.end }, body: answer.body }
  }
  const wanted = clip(options.range, entry.sizeBytes)
  const isWhole = wanted.start === 0 && wanted.end === entry.sizeBytes - 1
  return { entry, range: wanted, body: isWhole ? answer.body : slice(answer.body, wanted) }
}

/** Some servers, ours too, answer GET of a folder with a page of links, which must not pass for a file. */
function isSurelyFile({ headers }: OutboundResponse): boolean {
  return headers.etag !== undefined && !/^text\/html/i.test(headers['content-type'] ?? '')
}

function rangeHeader(range: ByteRange | undefined): Record<string, string> {
  return range === undefined ? {} : { Range: `bytes=${range.start}-${range.end ?? ''}` }
}

async function refuseRange(answer: OutboundResponse, options: ReadOptions): Promise<never> {
  await discard(answer.body)
  const told = /^bytes \*\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1]
  throw new RangeNotSatisfiableError(told === undefined ? (await options.stat()).sizeBytes : Number(told))
}

interface Part {
  start: number
  end: number
  sizeBytes: number | undefined
}

function parseContentRange(header: string | undefined, host: string): Part {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header ?? '')
  if (match === null) throw badAnswer(host, 'sent a part of a file without saying which')
  return {
    start: Number(match[1]),
    end: Number(match[2]),
    sizeBytes: match[3] === '*' ? undefined : Number(match[3]),
  }
}

/** Bytes from another place than asked would silently make a broken file. */
function checkPart(part: Part, range: ByteRange | undefined, host: string): void {
  const tooMuch = range?.end !== undefined && part.end > range.end
  if (range === undefined || part.start !== range.start || tooMuch || part.end < part.start) {
    throw badAnswer(host, 'sent another part of the file than was asked for')
  }
}

function clip(range: ByteRange | undefined, sizeBytes: number): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: sizeBytes - 1 }
  if (range.start >= sizeBytes) throw new RangeNotSatisfiableError(sizeBytes)
  return { start: range.start, end: Math.min(range.end ?? sizeBytes - 1, sizeBytes - 1) }
}

function slice(body: Readable, wanted: { start: number; end: number }): Readable {
  const part = Readable.from(
    (async function* () {
      let at = 0
      for await (const chunk of body as AsyncIterable<Buffer>) {
        const from = Math.max(0, wanted.start - at)
        const to = Math.min(chunk.length, wanted.end + 1 - at)
        if (from < to) yield chunk.subarray(from, to)
        at += chunk.length
        if (at > wanted.end) return
      }
    })(),
    { objectMode: false },
  )
  // A generator that was never started frees nothing.
  return part.once('close', () => body.destroy())
}

function toLength(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined
}

/** The entry as far as the headers of a GET tell it. */
function entryOf(answer: OutboundResponse, path: StorePath, place: Place, sizeBytes: number): Entry {
  const header = (name: string) => answer.headers[name] ?? ''
  const properties = new Map([
    ['DAV:getcontentlength', `${sizeBytes}`],
    ['DAV:getlastmodified', header('last-modified')],
    ['DAV:getetag', header('etag')],
    ['DAV:getcontenttype', header('content-type')],
    [`${OWNCLOUD}id`, header('oc-fileid')],
    [`${OWNCLOUD}checksums`, header('oc-checksum')],
  ])
  return toDavEntry({ href: '', isCollection: false, properties }, path, place)
}
