import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Adler32 } from '../../../src/platform/adler32.ts'

export interface SeenRequest {
  method: string
  path: string
  headers: IncomingMessage['headers']
  /** Names as they were spelled. */
  names: string[]
}

/** One COPY that a test answers by hand. */
export interface FakeCopy {
  request: IncomingMessage
  response: ServerResponse
  path: string
  source: string | undefined
  destination: string | undefined
  /** Resolves when the one who ordered it has left. */
  left: Promise<void>
  accept(status?: number): void
  /** A marker in the words of XRootD, unless others are given. */
  marker(bytes: number, more?: { stripe?: number; stripes?: number; eol?: string; indent?: string }): void
  end(trailer?: string): void
  /** The connection breaks. */
  cut(): void
}

export type CopyScript = (copy: FakeCopy) => void | Promise<void>

/**
 * A server of files in memory that copies with others (WLCG HTTP-TPC) as a test scripts it; without a script
 * it fetches and sends like a good one. It speaks no WebDAV besides, as a bare storage element may.
 */
export class FakeCopier {
  readonly files = new Map<string, Buffer>()
  readonly seen: SeenRequest[] = []
  /** The `Authorization` it wants; undefined: everybody may do everything. */
  authorization: string | undefined
  /** Given to whoever asks for a macaroon with the right authorization, and accepted besides it. */
  macaroon: string | undefined
  tellsDigests = true
  isCopier = true
  /** What DELETE and HEAD say of a file that is being written is up to `script`. */
  script: CopyScript | undefined
  private readonly server = createServer((request, response) => void this.answer(request, response))

  static async start(): Promise<FakeCopier> {
    const copier = new FakeCopier()
    copier.server.listen(0, '127.0.0.1')
    await once(copier.server, 'listening')
    return copier
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Requests of one method, oldest first. */
  asked(method: string): SeenRequest[] {
    return this.seen.filter((request) => request.method === method)
  }

  reset(): void {
    this.files.clear()
    this.seen.splice(0)
    this.authorization = this.macaroon = this.script = undefined
    this.tellsDigests = this.isCopier = true
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/', headers, rawHeaders } = request
    const path = decodeURIComponent(new URL(url, this.origin).pathname)
    const names = rawHeaders.filter((_, index) => index % 2 === 0)
    this.seen.push({ method, path, headers, names })
    response.on('error', () => undefined)
    if (!this.isLetIn(headers.authorization)) return void response.writeHead(401).end()
    if (method === 'OPTIONS') return this.options(response)
    if (method === 'POST') return this.token(request, response)
    if (method === 'HEAD' || method === 'GET') return this.give(path, method, response)
    if (method === 'PUT') return this.take(path, request, response)
    if (method === 'DELETE') return void response.writeHead(this.files.delete(path) ? 204 : 404).end()
    if (method === 'COPY' && this.isCopier) return this.copy(path, request, response)
    response.writeHead(405).end()
  }

  private isLetIn(shown: string | undefined): boolean {
    if (this.authorization === undefined) return true
    return shown === this.authorization || shown === `Bearer ${this.macaroon}`
  }

  private options(response: ServerResponse): void {
    const copy = this.isCopier ? ', COPY' : ''
    response
      .writeHead(200, {
        Allow: `GET, HEAD, PUT, DELETE${copy}`,
        Server: this.isCopier ? 'XrootD/fake' : 'fake',
      })
      .end()
  }

  private token(request: IncomingMessage, response: ServerResponse): void {
    const isAsked = request.headers['content-type'] === 'application/macaroon-request'
    if (!isAsked || this.macaroon === undefined) return void response.writeHead(405).end()
    response.writeHead(200).end(JSON.stringify({ macaroon: this.macaroon }))
  }

  private give(path: string, method: string, response: ServerResponse): void {
    const bytes = this.files.get(path)
    if (bytes === undefined) return void response.writeHead(404).end()
    const sha256 = createHash('sha256').update(bytes).digest('base64')
    const adler32 = new Adler32()
    adler32.update(bytes)
    const digest = { Digest: `adler32=${adler32.digestHex()},sha-256=${sha256}` }
    const headers = {
      'Content-Length': bytes.length,
      ETag: `"${sha256.slice(0, 16)}"`,
      'Last-Modified': new Date(1_000_000_000_000).toUTCString(),
      ...(this.tellsDigests ? digest : {}),
    }
    response.writeHead(200, headers).end(method === 'GET' ? bytes : undefined)
  }

  private async take(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    this.files.set(path, Buffer.concat(chunks))
    response.writeHead(201).end()
  }

  private async copy(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { source, destination, overwrite } = request.headers as Record<string, string | undefined>
    if (source === undefined && destination === undefined) {
      return void response.writeHead(400).end('No Source or Destination specified')
    }
    if (source !== undefined && overwrite === 'F' && this.files.has(path))
      return void response.writeHead(412).end('File exists')
    const copy = fakeCopy({ request, response, path, source, destination })
    await (this.script ?? ((one: FakeCopy) => this.copyWell(one)))(copy)
  }

  private async copyWell(copy: FakeCopy): Promise<void> {
    const proof = copy.request.headers.transferheaderauthorization
    const headers: Record<string, string> = typeof proof === 'string' ? { Authorization: proof } : {}
    copy.accept()
    copy.marker(0)
    const answer =
      copy.source === undefined
        ? await fetch(String(copy.destination), {
            ...{ method: 'PUT', headers },
            body: new Uint8Array(this.files.get(copy.path) ?? Buffer.alloc(0)),
          })
        : await fetch(copy.source, { headers })
    if (!answer.ok) return copy.end(`failure: Remote side failed with status code ${answer.status}`)
    if (copy.source !== undefined) this.files.set(copy.path, Buffer.from(await answer.arrayBuffer()))
    copy.marker(this.files.get(copy.path)?.length ?? 0)
    copy.end('success: Created')
  }
}

type Parts = Pick<FakeCopy, 'request' | 'response' | 'path' | 'source' | 'destination'>

function fakeCopy(parts: Parts): FakeCopy {
  const { response } = parts
  const left = Promise.withResolvers<void>()
  response.on('close', () => left.resolve())
  return {
    ...parts,
    left: left.promise,
    accept: (status = 202) => {
      response.writeHead(status, { 'Content-Type': 'text/perf-marker-stream' })
      response.flushHeaders()
    },
    marker(bytes, { stripe = 0, stripes = 1, eol = '\n', indent = '    ' } = {}) {
      const fields = [
        'Timestamp: 1795228308',
        `Stripe Index: ${stripe}`,
        `Stripe Bytes Transferred: ${bytes}`,
      ]
      const lines = [
        'Perf Marker',
        ...[...fields, `Total Stripe Count: ${stripes}`].map((one) => indent + one),
        'End',
      ]
      response.write(lines.map((line) => line + eol).join(''))
    },
    end: (trailer) => void response.end(trailer === undefined ? undefined : `${trailer}\n`),
    cut: () => void response.destroy(),
  }
}
