import { request as httpRequest } from 'node:http'
import type { SeenRequest } from './http-server.ts'

export interface Call {
  method: string
  url: string
  headers?: Record<string, string>
  body?: string | Buffer
}

export interface CallAnswer {
  status: number
  headers: Record<string, string>
  body: Buffer
  text: string
  /** Undefined when the body is not JSON. */
  json: unknown
}

export interface FakeClient {
  /** Everything that was asked, oldest first. */
  readonly sent: SeenRequest[]
  call(call: Call): Promise<CallAnswer>
}

/** The HTTP client of a fake: every name is on loopback, the port is the one of the URL. */
export function createFakeClient(): FakeClient {
  const sent: SeenRequest[] = []
  return {
    sent,
    async call(call) {
      const answer = await send(call)
      sent.push({
        method: call.method,
        path: call.url,
        headers: call.headers ?? {},
        body: String(call.body ?? ''),
        status: answer.status,
      })
      return answer
    },
  }
}

async function send({ method, url, headers = {}, body }: Call): Promise<CallAnswer> {
  const target = new URL(url)
  if (target.protocol !== 'http:') throw new Error(`${url}: the fakes speak plain http only`)
  const { promise, resolve, reject } = Promise.withResolvers<CallAnswer>()
  const bytes = body === undefined ? undefined : Buffer.from(body)
  const request = httpRequest(
    {
      ...{ host: '127.0.0.1', port: target.port || 80, method, path: target.pathname + target.search },
      agent: false,
      // A Host of the caller's own is for those who test what a wrong one does.
      headers: {
        Host: target.host,
        ...(bytes ? { 'Content-Length': String(bytes.length) } : {}),
        ...headers,
      },
    },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve(toAnswer(response.statusCode ?? 0, response.headers, chunks)))
    },
  )
  request.on('error', reject)
  request.end(bytes)
  return promise
}

function toAnswer(
  status: number,
  headers: Record<string, string | string[] | undefined>,
  chunks: Buffer[],
): CallAnswer {
  const body = Buffer.concat(chunks)
  const text = body.toString('utf8')
  const flat = Object.entries(headers).map(([name, value]) => [name, String(value)])
  return { status, headers: Object.fromEntries(flat), body, text, json: findJson(text) }
}

function findJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
