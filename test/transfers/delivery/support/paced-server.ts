import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'

const CHUNK_BYTES = 64 * 1024

export interface Served {
  path: string
  start: number
  bytes: number
  authorization: string | undefined
}

/** A foreign web server on loopback whose files come as fast as a test wants; ranges, If-Range and etags. */
export class PacedServer {
  readonly served: Served[] = []
  /** Between two chunks of 64 KiB. */
  pauseMs = 0
  private readonly files = new Map<string, Buffer>()
  private readonly server: Server

  private constructor() {
    this.server = createServer((request, response) => void this.answer(request, response))
  }

  static async start(): Promise<PacedServer> {
    const paced = new PacedServer()
    paced.server.listen(0, '127.0.0.1')
    await once(paced.server, 'listening')
    return paced
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Content that differs everywhere, so that a byte in the wrong place is found. */
  put(path: string, sizeBytes: number): Buffer {
    const content = Buffer.alloc(sizeBytes)
    const salt = createHash('sha256').update(path).digest().readUInt32LE()
    for (let at = 0; at + 4 <= sizeBytes; at += 4)
      content.writeUInt32LE((salt + at * 2_654_435_761) >>> 0, at)
    this.files.set(path, content)
    return content
  }

  gets(path: string): Served[] {
    return this.served.filter((one) => one.path === path)
  }

  async close(): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname)
    const content = this.files.get(path)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end()
      return
    }
    if (content === undefined) {
      response.writeHead(404).end()
      return
    }
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (start >= content.length && start > 0) {
      response.writeHead(416, { 'Content-Range': `bytes */${content.length}` }).end()
      return
    }
    response.writeHead(start > 0 ? 206 : 200, {
      ETag: `"${createHash('sha256').update(path).digest('hex').slice(0, 12)}"`,
      'Last-Modified': 'Fri, 20 Nov 2026 10:00:00 GMT',
      'Accept-Ranges': 'bytes',
      'Content-Length': content.length - start,
      ...(start > 0 ? { 'Content-Range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
    })
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    await this.send(
      { path, start, bytes: 0, authorization: request.headers.authorization },
      content,
      response,
    )
  }

  private async send(served: Served, content: Buffer, response: ServerResponse): Promise<void> {
    this.served.push(served)
    const paced = this.paced(served, content)
    await pipeline(paced, response).catch(() => undefined)
  }

  private async *paced(served: Served, content: Buffer): AsyncGenerator<Buffer> {
    for (let at = served.start; at < content.length; at += CHUNK_BYTES) {
      const chunk = content.subarray(at, at + CHUNK_BYTES)
      served.bytes += chunk.length
      yield chunk
      if (this.pauseMs > 0) await delay(this.pauseMs)
    }
  }
}
