import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from './http-server.ts'

/** A drive in memory that speaks as much WebDAV as the command needs, and lies when told to. */
export class TinyDrive {
  /** Path → content; folders are undefined. Paths are decoded, without a slash at the end. */
  readonly entries = new Map<string, Buffer | undefined>([['', undefined]])
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers'] }[] = []
  /** Bytes served instead of the true ones. */
  readonly corrupt = new Set<string>()
  /** Closes the connection in the middle of these. */
  readonly cut = new Set<string>()
  showChecksums = true
  /** What somebody else does when a file has come. */
  afterPut: (() => void) | undefined
  readonly prefix: string

  constructor(prefix: string) {
    this.prefix = prefix
  }

  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = decodeURIComponent((request.url ?? '').slice(this.prefix.length)).replace(/^\/|\/$/g, '')
    const method = request.method ?? ''
    this.requests.push({ method, path, headers: request.headers })
    const body = await readBody(request)
    if (method === 'PUT') this.put(path, body, request, response)
    else if (method === 'MKCOL') this.makeFolder(path, response)
    else if (!this.entries.has(path)) response.writeHead(404).end()
    else if (method === 'PROPFIND') this.propfind(path, String(request.headers.depth), response)
    else if (method === 'GET') this.get(path, response)
    else if (method === 'DELETE') this.remove(path, response)
    else if (method === 'COPY') this.copy(path, request, response)
    else if (method === 'MOVE') this.move(path, request, response)
    else response.writeHead(405).end()
  }

  private put(path: string, body: Buffer, request: IncomingMessage, response: ServerResponse): void {
    if (!this.entries.has(parentOf(path))) response.writeHead(409).end()
    else if (request.headers['if-none-match'] === '*' && this.entries.has(path)) response.writeHead(412).end()
    else {
      this.entries.set(path, this.corrupt.has(path) ? Buffer.from('something else') : body)
      this.afterPut?.()
      response.writeHead(201).end()
    }
  }

  private makeFolder(path: string, response: ServerResponse): void {
    if (this.entries.has(path)) response.writeHead(405).end()
    else if (!this.entries.has(parentOf(path))) response.writeHead(409).end()
    else {
      this.entries.set(path, undefined)
      response.writeHead(201).end()
    }
  }

  private propfind(path: string, depth: string, response: ServerResponse): void {
    const members = [...this.entries.keys()].filter(
      (key) => key !== '' && key !== path && parentOf(key) === path,
    )
    const shown = depth === '1' ? [path, ...members] : [path]
    const xml = shown.map((key) => this.describe(key)).join('')
    response.writeHead(207, { 'Content-Type': 'application/xml' })
    response.end(
      `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:o="http://owncloud.org/ns">${xml}</d:multistatus>`,
    )
  }

  private describe(path: string): string {
    const content = this.entries.get(path)
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    const href = `${this.prefix}/${encoded}${content === undefined && path !== '' ? '/' : ''}`
    const checksums =
      this.showChecksums && content !== undefined
        ? `<o:checksums><o:checksum>${checksumOf(content)}</o:checksum></o:checksums>`
        : ''
    const facts =
      content === undefined
        ? '<d:resourcetype><d:collection/></d:resourcetype>'
        : `<d:resourcetype/><d:getcontentlength>${content.length}</d:getcontentlength>${checksums}`
    const time = '<d:getlastmodified>Sat, 21 Nov 2026 03:00:00 GMT</d:getlastmodified>'
    const missing =
      '<d:propstat><d:prop><d:quota/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>'
    return `<d:response><d:href>${href}</d:href>${missing}<d:propstat><d:prop>${facts}${time}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
  }

  private get(path: string, response: ServerResponse): void {
    const content = this.entries.get(path) ?? Buffer.alloc(0)
    response.writeHead(200, { 'Content-Length': content.length })
    if (this.cut.has(path)) {
      response.write(content.subarray(0, content.length >> 1), () => response.destroy())
      return
    }
    response.end(this.corrupt.has(path) ? Buffer.alloc(content.length, 'x') : content)
  }

  private remove(path: string, response: ServerResponse): void {
    for (const key of this.entries.keys())
      if (key === path || key.startsWith(`${path}/`)) this.entries.delete(key)
    response.writeHead(204).end()
  }

  private move(path: string, request: IncomingMessage, response: ServerResponse): void {
    const destination = this.destinationOf(request)
    if (request.headers.overwrite === 'F' && this.entries.has(destination))
      return void response.writeHead(412).end()
    this.entries.set(destination, this.entries.get(path))
    this.entries.delete(path)
    response.writeHead(201).end()
  }

  private destinationOf(request: IncomingMessage): string {
    const { pathname } = new URL(String(request.headers.destination))
    return decodeURIComponent(pathname.slice(this.prefix.length + 1))
  }

  private copy(path: string, request: IncomingMessage, response: ServerResponse): void {
    const destination = this.destinationOf(request)
    for (const [key, content] of [...this.entries]) {
      if (key === path || key.startsWith(`${path}/`))
        this.entries.set(destination + key.slice(path.length), content)
    }
    response.writeHead(201).end()
  }
}

function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
}

function checksumOf(content: Buffer): string {
  return `SHA256:${createHash('sha256').update(content).digest('hex')}`
}
