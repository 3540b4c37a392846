import {
  AppError,
  BadGatewayError,
  MethodNotAllowedError,
  NotImplementedError,
} from '../../platform/errors.ts'
import { checkPath, formatPath } from '../../store/paths.ts'
import type { ByteRange, Entry, FileContent, StorePath } from '../../store/types.ts'
import { type DavClient, discard } from '../../store/webdav-client/dav-client.ts'
import { type DavRootFacts, toDavEntry } from '../../store/webdav-client/dav-entry.ts'
import { readDav } from '../../store/webdav-client/dav-read.ts'
import { checksumsOfHeaders, WANT_DIGESTS } from '../../store/webdav-client/digests.ts'
import { type IndexMember, isIndexPage, parseIndexPage } from './http-index.ts'

const MAX_PAGE_BYTES = 16 * 1024 * 1024
/** A page has names only; what its files are is asked for each, so many at a time. */
const HEADS_AT_A_TIME = 8
/** Statuses of servers that answer GET but not HEAD; a presigned GET answers 403. */
const NO_HEAD = new Set([400, 403, 405, 501])
const HEADERS = { 'Accept-Encoding': 'identity', ...WANT_DIGESTS }

export interface HttpStoreOptions extends DavRootFacts {
  dav: DavClient
}

/** A server that speaks only HTTP: files by HEAD and GET, folders by the pages that list them. */
export class HttpStore {
  private readonly options: HttpStoreOptions

  constructor(options: HttpStoreOptions) {
    this.options = options
  }

  async stat(path: StorePath): Promise<Entry> {
    checkPath(path)
    const headers = await this.head(path)
    const isPage = /^text\/html\b/i.test(headers['content-type'] ?? '')
    const hasLength = headers['content-length'] !== undefined
    if (isPage && (!hasLength || this.options.dav.urlOf(path).endsWith('/'))) {
      const page = await this.readPage(path)
      if (page !== undefined) return this.folder(path)
    }
    if (!hasLength) throw this.unknownSize(path)
    return this.file(path, headers)
  }

  async list(path: StorePath): Promise<Entry[]> {
    checkPath(path)
    const page = await this.readPage(path)
    if (page === undefined) throw this.noListing(path)
    const members = parseIndexPage(page.html, page.url)
    const entries = await this.statAll(path, members)
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async read(path: StorePath, range?: ByteRange, signal?: AbortSignal): Promise<FileContent> {
    checkPath(path)
    return await readDav(this.options, path, { range, signal, stat: () => this.stat(path) })
  }

  /** A plain server has no folders of its own; names with slashes are all it knows. */
  folder(path: StorePath): Entry {
    const resource = { href: '', isCollection: true, properties: new Map<string, string>() }
    return toDavEntry(resource, path, this.options)
  }

  private file(path: StorePath, headers: Record<string, string>): Entry {
    const properties = new Map([
      ['DAV:getcontentlength', headers['content-length'] ?? ''],
      ['DAV:getlastmodified', headers['last-modified'] ?? ''],
      ['DAV:getetag', headers.etag ?? ''],
      ['DAV:getcontenttype', headers['content-type'] ?? ''],
      ['http://owncloud.org/nschecksums', headers['oc-checksum'] ?? ''],
    ])
    const entry = toDavEntry({ href: '', isCollection: false, properties }, path, this.options)
    return { ...entry, checksums: { ...entry.checksums, ...checksumsOfHeaders(headers) } }
  }

  /** The headers of the whole file: of HEAD, or of a GET for its first byte. */
  private async head(path: StorePath): Promise<Record<string, string>> {
    const { dav } = this.options
    try {
      return (await dav.send({ method: 'HEAD', path, headers: HEADERS }, [200])).headers
    } catch (error) {
      if (!(error instanceof AppError) || !NO_HEAD.has(error.status)) {
        if (!(error instanceof BadGatewayError)) throw error
      }
    }
    const answer = await dav.request(
      { method: 'GET', path, headers: { ...HEADERS, Range: 'bytes=0-0' } },
      [200, 206, 416],
    )
    answer.body.on('error', () => undefined).destroy()
    return answer.status === 200 ? answer.headers : wholeOf(answer.headers)
  }

  /** Undefined when the page is no listing. */
  private async readPage(path: StorePath): Promise<{ html: string; url: string } | undefined> {
    const { dav } = this.options
    const url = dav.urlOf(path).replace(/([^/])$/, '$1/')
    const request = { method: 'GET', path, isFolder: true, headers: { Accept: 'text/html' } }
    const answer = await dav.request(request, [200])
    if (!/^text\/html\b/i.test(answer.headers['content-type'] ?? '')) {
      await discard(answer.body)
      return undefined
    }
    const html = await this.collect(answer.body as AsyncIterable<Buffer>)
    return isIndexPage(html) ? { html, url } : undefined
  }

  private async collect(body: AsyncIterable<Buffer>): Promise<string> {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    for await (const chunk of body) {
      sizeBytes += chunk.length
      if (sizeBytes > MAX_PAGE_BYTES)
        throw new BadGatewayError(`${this.options.dav.host} sent a listing that is too long.`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  /** Links that lead nowhere are left out. */
  private async statAll(path: StorePath, members: readonly IndexMember[]): Promise<Entry[]> {
    const entries: Entry[] = []
    const rest = members.values()
    const work = async () => {
      for (const { name, kind } of rest) {
        const at = [...path, name]
        const entry = kind === 'folder' ? this.folder(at) : await this.stat(at).catch(absent)
        if (entry !== undefined) entries.push(entry)
      }
    }
    await Promise.all(Array.from({ length: HEADS_AT_A_TIME }, work))
    return entries
  }

  private unknownSize(path: StorePath): AppError {
    const message = `${this.options.dav.host} does not say how long ${formatPath(path)} is, so a copy could not be told from a broken one.`
    return new AppError(411, 'SIZE_UNKNOWN', message)
  }

  private noListing(path: StorePath): AppError {
    return new MethodNotAllowedError(
      `${this.options.dav.host} lists no members of ${formatPath(path)}: it speaks no WebDAV, and its page is no listing. Copy its files one by one.`,
    )
  }
}

function absent(error: unknown): undefined {
  if (error instanceof AppError && [403, 404, 411].includes(error.status)) return undefined
  throw error
}

/** From the answer for a part: the length of the whole, and no checksum, which might be of the part. */
function wholeOf(headers: Record<string, string>): Record<string, string> {
  const total = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]
  const { 'content-length': _, digest: __, ...rest } = headers
  return total === undefined ? rest : { ...rest, 'content-length': total }
}

/** The error for what only WebDAV has. */
export function needsWebDav(what: string, host: string): AppError {
  return new NotImplementedError(`${host} speaks HTTP without WebDAV; it cannot ${what}.`)
}
