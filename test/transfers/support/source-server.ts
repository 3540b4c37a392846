import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Entry } from '../../../src/store/types.ts'

export interface SeenRequest {
  method: string
  path: string
  range: string | undefined
  ifRange: string | undefined
  authorization: string | undefined
}

interface ServedFile {
  content: Buffer
  etag: string
  mtimeMs: number
}

/** What a test lets happen to the next requests for a file, instead of a plain answer. */
export type Mischief =
  | { kind: 'status'; status: number; headers?: Record<string, string> }
  | { kind: 'cut'; afterBytes: number }
  | { kind: 'stall'; afterBytes: number }
  | { kind: 'corrupt' }
  | { kind: 'plain' }
  /** Says and sends a range that begins elsewhere. */
  | { kind: 'wrong-range' }
  | { kind: 'wrong-length'; extraBytes: number }
  | { kind: 'ignore-range' }
  | { kind: 'redirect'; to: string }

/**
 * A foreign file server on loopback: GET with ranges, If-Range and etags, a JSON listing with
 * checksums, and whatever mischief a test asks for.
 */
export class SourceServer {
  readonly requests: SeenRequest[] = []
  /** Leave checksums out of the listing. */
  withoutChecksums = false
  private readonly files = new Map<string, ServedFile>()
  private readonly mischiefs = new Map<string, Mischief[]>()
  private readonly server: Server
  private version = 0

  private constructor() {
    this.server = createServer((request, response) => this.answer(request, response))
  }

  static async start(): Promise<SourceServer> {
    const source = new SourceServer()
    source.server.listen(0, '127.0.0.1')
    await once(source.server, 'listening')
    return source
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  put(path: string, content: Buffer | string): Buffer {
    const bytes = Buffer.from(content)
    this.version++
    this.files.set(path, {
      content: bytes,
      etag: `v${this.version}`,
      mtimeMs: 1_700_000_000_000 + this.version * 1000,
    })
    return bytes
  }

  remove(path: string): void {
    this.files.delete(path)
  }

  /** The next GETs of a path go wrong like this, one after the other. */
  misbehave(path: string, ...mischiefs: Mischief[]): void {
    this.mischiefs.set(path, [...(this.mischiefs.get(path) ?? []), ...mischiefs])
  }

  gets(path: string): SeenRequest[] {
    return this.requests.filter((request) => request.method === 'GET' && request.path === path)
  }

  async close(): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://source')
    const path = decodeURIComponent(url.pathname)
    if (path === '/.entry') {
      this.answerEntry(url.searchParams.get('path') ?? '', response)
      return
    }
    this.requests.push({
      method: request.method ?? '',
      path,
      range: request.headers.range,
      ifRange: request.headers['if-range'] as string | undefined,
      authorization: request.headers.authorization,
    })
    const file = this.files.get(path)
    if (file === undefined) response.writeHead(404).end()
    else this.serve(file, this.mischiefs.get(path)?.shift(), request, response)
  }

  private serve(
    file: ServedFile,
    mischief: Mischief | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    if (mischief?.kind === 'status') {
      response.writeHead(mischief.status, mischief.headers).end('no')
      return
    }
    if (mischief?.kind === 'redirect') {
      response.writeHead(302, { Location: mischief.to }).end()
      return
    }
    const skew = mischief?.kind === 'wrong-range' ? 7 : 0
    const start = mischief?.kind === 'ignore-range' ? 0 : startOf(file, request) + skew
    if (start >= file.content.length && start > 0) {
      response.writeHead(416, { 'Content-Range': `bytes */${file.content.length}` }).end()
      return
    }
    const body = mischief?.kind === 'corrupt' ? Buffer.alloc(file.content.length, 'x') : file.content
    const extra = mischief?.kind === 'wrong-length' ? mischief.extraBytes : 0
    const end = mischief?.kind === 'ignore-range' ? file.content.length : endOf(file, request)
    const sent = Buffer.concat([body.subarray(start, end), Buffer.alloc(Math.max(0, extra))])
    const isPart = start > 0 || end < file.content.length
    response.writeHead(isPart ? 206 : 200, {
      ETag: `"${file.etag}"`,
      'Content-Length': sent.length + Math.min(0, extra),
      ...(isPart
        ? { 'Content-Range': `bytes ${start}-${end - 1}/${file.content.length}` }
        : { 'Accept-Ranges': 'bytes' }),
    })
    const payload = extra < 0 ? sent.subarray(0, extra) : sent
    if (mischief?.kind === 'cut')
      response.write(payload.subarray(0, mischief.afterBytes), () => response.destroy())
    else if (mischief?.kind === 'stall') response.write(payload.subarray(0, mischief.afterBytes))
    else response.end(payload)
  }

  /** The listing: an entry with its members. A folder is whatever some path lies below. */
  private answerEntry(path: string, response: ServerResponse): void {
    const entry = this.entryOf(path)
    if (entry === undefined) {
      response.writeHead(404).end()
      return
    }
    const prefix = path === '/' ? '/' : `${path}/`
    const names = new Set<string>()
    for (const known of this.files.keys()) {
      if (known.startsWith(prefix)) names.add(known.slice(prefix.length).split('/')[0] as string)
    }
    const members = [...names].sort().map((name) => this.entryOf(prefix + name))
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ entry, members }))
  }

  private entryOf(path: string): Entry | undefined {
    const file = this.files.get(path)
    const isFolder = path === '/' || [...this.files.keys()].some((known) => known.startsWith(`${path}/`))
    if (file === undefined && !isFolder) return undefined
    return {
      id: path,
      name: path.split('/').at(-1) ?? '',
      kind: file === undefined ? 'folder' : 'file',
      sizeBytes: file?.content.length ?? 0,
      mtimeMs: file?.mtimeMs ?? 0,
      createdAtMs: 0,
      etag: file?.etag ?? `folder-${this.version}`,
      mediaType: 'application/octet-stream',
      checksums: file === undefined || this.withoutChecksums ? {} : { sha1: sha1Of(file.content) },
      rights: { read: true, write: false, share: false },
    }
  }
}

function sha1Of(content: Buffer): string {
  return createHash('sha1').update(content).digest('hex')
}

function startOf(file: ServedFile, request: IncomingMessage): number {
  const match = /^bytes=(\d+)-/.exec(request.headers.range ?? '')
  const ifRange = request.headers['if-range']
  if (match === null || (ifRange !== undefined && ifRange !== `"${file.etag}"`)) return 0
  return Number(match[1])
}

/** The position after the last byte that is asked for. */
function endOf(file: ServedFile, request: IncomingMessage): number {
  const match = /^bytes=\d+-(\d+)$/.exec(request.headers.range ?? '')
  const ifRange = request.headers['if-range']
  const { length } = file.content
  if (match === null || (ifRange !== undefined && ifRange !== `"${file.etag}"`)) return length
  return Math.min(Number(match[1]) + 1, length)
}
