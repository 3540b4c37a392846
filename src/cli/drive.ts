import type { Readable } from 'node:stream'
import { AuthType, createClient, type RequestDataPayload, type WebDAVClient } from 'webdav'
import { type Checksums, parseChecksums, strongestOf } from './checksums.ts'
import { toDavError } from './dav-error.ts'
import { CliError } from './exit.ts'
import { type FoundEntry, PROPFIND_BODY, parseMultistatus, type TreeEntry } from './multistatus.ts'
import { agents } from './name-lookup.ts'

export interface DriveOptions {
  /** The address of the root, with a slash at its end. */
  root: string
  authorization?: string | undefined
  /** Appended to every address; the query of a URL that the user gave. */
  query?: string
  signal?: AbortSignal
}

export interface PutOptions {
  /** Undefined when the length is not known, as for standard input. */
  sizeBytes?: number | undefined
  mtimeMs?: number | undefined
  overwrite: boolean
  /** Known beforehand; the server refuses a body that differs (`OC-Checksum`). */
  expected?: Checksums
}

interface DavRequest {
  headers?: Record<string, string>
  data?: RequestDataPayload | Readable
  folder?: boolean
}

interface DavResponse {
  status: number
  headers: { get(name: string): string | null }
  body: Readable
  text(): Promise<string>
}

/** A tree of files behind WebDAV. Paths are decoded names below its root. */
export class Drive {
  readonly root: string
  private readonly client: WebDAVClient
  private readonly query: string
  private readonly signal: AbortSignal | undefined

  constructor(options: DriveOptions) {
    this.root = options.root
    this.query = options.query ?? ''
    this.signal = options.signal
    // The client's own Basic breaks on letters outside Latin-1, so the header is given ready-made.
    const headers: Record<string, string> =
      options.authorization === undefined ? {} : { Authorization: options.authorization }
    this.client = createClient(options.root, { authType: AuthType.None, headers, ...agents })
  }

  /** The address of a path. */
  urlOf(path: readonly string[], folder = false): string {
    return (
      this.root + path.map(encodeURIComponent).join('/') + (folder && path.length > 0 ? '/' : '') + this.query
    )
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

  /** The bytes of a file and what the answer says of them. */
  async read(
    path: readonly string[],
  ): Promise<{ body: Readable; sizeBytes: number | undefined; checksums: Checksums }> {
    const response = await this.send('GET', path, { headers: { 'Accept-Encoding': 'identity' } })
    const length = response.headers.get('content-length')
    const checksums = parseChecksums(response.headers.get('oc-checksum') ?? undefined)
    return { body: response.body, sizeBytes: length === null ? undefined : Number(length), checksums }
  }

  /** Streams a file to its place; answers the checksums the server shows for it. */
  async put(path: readonly string[], body: Readable, options: PutOptions): Promise<Checksums> {
    const headers: Record<string, string> = { 'Content-Type': 'application/octet-stream' }
    if (options.sizeBytes !== undefined) headers['Content-Length'] = String(options.sizeBytes)
    if (options.mtimeMs !== undefined) headers['X-OC-Mtime'] = String(Math.floor(options.mtimeMs / 1000))
    if (!options.overwrite) headers['If-None-Match'] = '*'
    const type = strongestOf(options.expected ?? {})
    if (type !== undefined) headers['OC-Checksum'] = `${type.toUpperCase()}:${options.expected?.[type]}`
    const response = await this.send('PUT', path, { headers, data: body })
    const shown = parseChecksums(response.headers.get('oc-checksum') ?? undefined)
    response.body.resume()
    return shown.sha256 === undefined ? { ...(await this.find(path))?.checksums, ...shown } : shown
  }

  async makeFolder(path: readonly string[]): Promise<void> {
    await this.sendAndDrop('MKCOL', path, { folder: true })
  }

  async remove(path: readonly string[]): Promise<void> {
    await this.sendAndDrop('DELETE', path)
  }

  /** A copy made by the server itself; folders with all below them. */
  async copy(from: readonly string[], to: readonly string[], overwrite: boolean): Promise<void> {
    const headers = { Destination: this.urlOf(to), Overwrite: overwrite ? 'T' : 'F', Depth: 'infinity' }
    await this.sendAndDrop('COPY', from, { headers })
  }

  private async propfind(path: readonly string[], depth: '0' | '1'): Promise<FoundEntry[]> {
    const headers = {
      Depth: depth,
      'Content-Type': 'application/xml; charset=utf-8',
      Accept: 'application/xml',
    }
    const response = await this.send('PROPFIND', path, {
      headers,
      data: PROPFIND_BODY,
      folder: depth === '1',
    })
    if (response.status === 207) return parseMultistatus(await response.text())
    response.body.resume()
    throw new CliError(`${this.urlOf(path)} is not a place in a WebDAV drive.`, {
      code: 'NOT_WEBDAV',
      status: 405,
    })
  }

  private async head(path: readonly string[]): Promise<TreeEntry | undefined> {
    const response = await this.send('HEAD', path)
    const mtimeMs = Date.parse(response.headers.get('last-modified') ?? '')
    response.body.resume()
    return {
      name: path.at(-1) ?? '',
      kind: 'file',
      sizeBytes: Number(response.headers.get('content-length') ?? 0),
      mtimeMs: Number.isNaN(mtimeMs) ? undefined : mtimeMs,
      checksums: {},
    }
  }

  private async sendAndDrop(
    method: string,
    path: readonly string[],
    request: DavRequest = {},
  ): Promise<void> {
    const response = await this.send(method, path, request)
    response.body.resume()
  }

  private async send(
    method: string,
    path: readonly string[],
    request: DavRequest = {},
  ): Promise<DavResponse> {
    const url = this.urlOf(path, request.folder)
    try {
      const response = await this.client.customRequest('/', {
        method,
        url,
        headers: request.headers ?? {},
        ...(request.data === undefined ? {} : { data: request.data as RequestDataPayload }),
        ...(this.signal === undefined ? {} : { signal: this.signal }),
      })
      return response as unknown as DavResponse
    } catch (error) {
      throw await toDavError(new URL(url).host, `/${path.join('/')}`, error)
    }
  }
}
