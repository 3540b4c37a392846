import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export interface FakeRequest {
  method: string
  /** Without the query, as it came. */
  path: string
  /** Path and query, as they came. */
  uri: string
  query: URLSearchParams
  /** Lower-case names; of a repeated header the values, joined by `, `. */
  headers: Record<string, string>
  body: Buffer
}

export interface FakeAnswer {
  status: number
  headers?: Record<string, string>
  body?: string | Buffer | Readable
}

/** A request that a fake has received, or has made itself, for assertions. */
export interface SeenRequest {
  method: string
  path: string
  headers: Record<string, string>
  body: string
  status: number
}

/** An HTTP server on loopback that knows itself under a name and notes what it is asked. */
export class FakeHttpServer {
  readonly host: string
  readonly url: string
  readonly requests: SeenRequest[] = []
  private readonly server: Server

  private constructor(server: Server, name: string) {
    this.server = server
    this.host = `${name}:${(server.address() as AddressInfo).port}`
    this.url = `http://${this.host}`
  }

  static async listen(
    name: string,
    answer: (request: FakeRequest) => Promise<FakeAnswer>,
    port = 0,
  ): Promise<FakeHttpServer> {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    const fake = new FakeHttpServer(server, name)
    server.on('request', (request, response) => void fake.serve(request, response, answer))
    return fake
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async serve(
    incoming: IncomingMessage,
    response: ServerResponse,
    answer: (request: FakeRequest) => Promise<FakeAnswer>,
  ): Promise<void> {
    const request = await readRequest(incoming)
    const given = await answer(request).catch((error: Error) => ({ status: 599, body: error.stack ?? '' }))
    const { method, uri, headers, body } = request
    this.requests.push({ method, path: uri, headers, body: textOf(body), status: given.status })
    await writeAnswer(response, given, method === 'HEAD')
  }
}

async function readRequest(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const uri = incoming.url ?? '/'
  const [path = '/', query = ''] = uri.split('?', 2)
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
  return {
    ...{ method: incoming.method ?? '', path, uri, headers },
    query: new URLSearchParams(query),
    body: Buffer.concat(chunks),
  }
}

async function writeAnswer(response: ServerResponse, answer: FakeAnswer, isHead: boolean): Promise<void> {
  const { status, headers = {}, body = '' } = answer
  const isStream = body instanceof Readable
  const length = isStream ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
  response.writeHead(status, { ...length, ...headers })
  // A reader may hang up in the middle; that is its right.
  if (isStream && !isHead) await pipeline(body, response).catch(() => undefined)
  else response.end(isHead || isStream ? undefined : body)
}

/** Bodies of files are of no use in assertions, and may be large. */
function textOf(body: Buffer): string {
  return body.length > 100_000 ? `(${body.length} bytes)` : body.toString('utf8')
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): FakeAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(value),
  }
}

/** What PHP and Go servers answer when something went wrong that they did not expect. */
export function html(status: number, text: string): FakeAnswer {
  return {
    status,
    headers: { 'Content-Type': 'text/html; charset=UTF-8' },
    body: `<!DOCTYPE html>\n<html><body>${text}</body></html>\n`,
  }
}

/** The body as a JSON object; undefined for everything else. */
export function findObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
