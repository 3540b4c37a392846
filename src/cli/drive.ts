import type { Readable } from 'node:stream'
import { type Checksums, parseChecksums, strongestOf } from './checksums.ts'
import { DavHttp, type DavRequest, type DavResponse, drop, hangUp } from './dav-http.ts'
import { checkPart, type PartRequest, rangeHeaders } from './drive-ranges.ts'
import { CliError } from './exit.ts'
import { type FoundEntry, PROPFIND_BODY, parseMultistatus, type TreeEntry } from './multistatus.ts'

export interface DriveOptions {
  /** The address of the root, with a slash at its end. */
  root: string
  authorization?: string | undefined
  /** Appended to every address; the query of a URL that the user gave. */
  query?: string
  timeoutMs?: number | undefined
  signal?: AbortSignal
}

export interface PutOptions {
  /** Undefined when the length is not known, as for standard input. */
  sizeBytes?: number | undefined
  mtimeMs?: number | undefined
  overwrite: boolean
  /** Known beforehand; the server refuses a body that differs (`OC-Checksum`). */
  expected?: Checksums
  /** Ask what the server has afterwards, where its answer does not say it. */
  compare?: boolean
}

/** Bytes of a file, and what the answer says of them. */
export interface ReadAnswer {
  body: Readable
  /** Of the whole file. */
  sizeBytes: number | undefined
  checksums: Checksums
  /** Of the first byte; zero when the server sends all although a part was asked for. */
  startByte: number
  /** Only the range that was asked for comes. */
  isPart: boolean
  /** Strong, as this very answer has it: listings of some servers have others. */
  etag: string | undefined
}

/** A tree of files behind WebDAV. Paths are decoded names below its root. */
export class Drive {
  readonly root: string
  readonly http: DavHttp
  readonly query: string

  constructor(options: DriveOptions) {
    this.root = options.root
    this.query = options.query ?? ''
    this.http = new DavHttp(options)
  }

  /** The address of a path. */
  urlOf(path: readonly string[], folder = false): string {
    const names = path.map(encodeURIComponent).join('/')
    return this.root + names + (folder && path.length > 0 ? '/' : '') + this.query
  }

  /** What stands at a path, or undefined. Servers without WebDAV are asked by HEAD. */
  async find(path: readonly string[]): Promise<TreeEntry | undefined> {
    try {
      return (await this.propfind(path, '0'))[0]?.entry
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      if (error.status === 404) return undefined
      if (error.status === 405 || error.status === 501) return this.head(path)
      throw error
    }
  }

  /** The members of a folder, sorted by name. */
  async list(path: readonly string[]): Promise<TreeEntry[]> {
    const found = await this.propfind(path, '1')
    const depth = found.reduce((least, item) => Math.min(least, item.path.length), Number.POSITIVE_INFINITY)
    const members = found.filter((item) => item.path.length === depth + 1).map((item) => item.entry)
    return members.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The bytes of a file, or some of them; throws `BAD_RANGE` when others come than were asked for. */
  async read(path: readonly string[], part?: PartRequest): Promise<ReadAnswer> {
    const headers = { 'Accept-Encoding': 'identity', ...rangeHeaders(part) }
    const response = await this.send('GET', path, { headers, signal: part?.signal })
    try {
      const etag = response.header('etag')
      return {
        body: response.body,
        checksums: shownChecksums(response),
        etag: etag?.startsWith('"') ? etag : undefined,
        isPart: response.status === 206,
        ...checkPart(part, response),
      }
    } catch (error) {
      hangUp(response)
      throw error
    }
  }

  /** Streams a file to its place; answers the checksums the server shows for it. */
  async put(path: readonly string[], body: Readable | Buffer, options: PutOptions): Promise<Checksums> {
    const headers: Record<string, string> = {
      'Content-Type': 'application/octet-stream',
      ...fileHeaders(options),
    }
    if (options.sizeBytes !== undefined) headers['Content-Length'] = String(options.sizeBytes)
    const response = await this.send('PUT', path, { headers, body })
    const shown = shownChecksums(response)
    drop(response)
    if (options.compare === false || shown.sha256 !== undefined) return shown
    return { ...(await this.find(path))?.checksums, ...shown }
  }

  async makeFolder(path: readonly string[]): Promise<void> {
    await this.sendAndDrop('MKCOL', path, {}, true)
  }

  /** Folders are named with a slash at their end: some servers know them by nothing else. */
  async remove(path: readonly string[], isFolder = false): Promise<void> {
    await this.sendAndDrop('DELETE', path, {}, isFolder)
  }

  /** A copy made by the server itself; folders with all below them. */
  async copy(from: readonly string[], to: readonly string[], overwrite: boolean): Promise<void> {
    const headers = { Destination: this.urlOf(to), Overwrite: overwrite ? 'T' : 'F', Depth: 'infinity' }
    await this.sendAndDrop('COPY', from, { headers })
  }

  async move(
    from: readonly string[],
    to: readonly string[],
    { overwrite, isFolder }: { overwrite: boolean; isFolder: boolean },
  ): Promise<void> {
    const headers = { Destination: this.urlOf(to, isFolder), Overwrite: overwrite ? 'T' : 'F' }
    await this.sendAndDrop('MOVE', from, { headers }, isFolder)
  }

  /** The headers of a file, asked with HEAD and with headers of the caller. */
  async headers(path: readonly string[], headers: Record<string, string> = {}): Promise<DavResponse> {
    const response = await this.send('HEAD', path, { headers: { 'Accept-Encoding': 'identity', ...headers } })
    drop(response)
    return response
  }

  private async propfind(path: readonly string[], depth: '0' | '1'): Promise<FoundEntry[]> {
    const headers = {
      Depth: depth,
      'Content-Type': 'application/xml; charset=utf-8',
      Accept: 'application/xml',
    }
    const response = await this.send('PROPFIND', path, { headers, body: PROPFIND_BODY }, depth === '1')
    if (response.status === 207) return parseMultistatus(await response.body.text())
    drop(response)
    throw new CliError(`${this.root}${path.join('/')} is not a place in a WebDAV drive.`, {
      code: 'NOT_WEBDAV',
      status: 405,
    })
  }

  private async head(path: readonly string[]): Promise<TreeEntry | undefined> {
    try {
      return toHeadEntry(path, await this.headers(path))
    } catch (error) {
      if (error instanceof CliError && error.status === 404) return undefined
      throw error
    }
  }

  private async sendAndDrop(method: string, path: readonly string[], sent: DavRequest = {}, folder = false) {
    const response = await this.send(method, path, sent, folder)
    drop(response)
  }

  private send(
    method: string,
    path: readonly string[],
    sent: DavRequest,
    folder = false,
  ): Promise<DavResponse> {
    return this.http.send(method, this.urlOf(path, folder), `/${path.join('/')}`, sent)
  }
}

/** What is said of a file in the headers that bring it. */
export function fileHeaders({ mtimeMs, overwrite, expected }: PutOptions): Record<string, string> {
  const type = strongestOf(expected ?? {})
  return {
    ...(mtimeMs === undefined ? {} : { 'X-OC-Mtime': String(Math.floor(mtimeMs / 1000)) }),
    ...(overwrite ? {} : { 'If-None-Match': '*' }),
    ...(type === undefined || type === 'cksum'
      ? {}
      : { 'OC-Checksum': `${type.toUpperCase()}:${expected?.[type]}` }),
  }
}

function shownChecksums(response: DavResponse): Checksums {
  return parseChecksums(response.header('oc-checksum'))
}

function toHeadEntry(path: readonly string[], response: DavResponse): TreeEntry {
  const mtimeMs = Date.parse(response.header('last-modified') ?? '')
  const etag = response.header('etag')
  return {
    name: path.at(-1) ?? '',
    kind: 'file',
    sizeBytes: Number(response.header('content-length') ?? 0),
    mtimeMs: Number.isNaN(mtimeMs) ? undefined : mtimeMs,
    checksums: {},
    ...(etag?.startsWith('"') ? { etag } : {}),
  }
}
