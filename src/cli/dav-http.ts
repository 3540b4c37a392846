import type { Readable } from 'node:stream'
import { type Dispatcher, request } from 'undici'
import { withoutSecret } from './arc-url.ts'
import { toDavError, toStatusError } from './dav-error.ts'
import { CliError } from './exit.ts'
import { createDispatcher, dispatcher } from './name-lookup.ts'

export interface DavRequest {
  headers?: Record<string, string>
  body?: string | Buffer | Readable
  signal?: AbortSignal | undefined
}

export interface DavResponse {
  status: number
  header(name: string): string | undefined
  body: Dispatcher.ResponseData['body']
}

export interface DavHttpOptions {
  authorization?: string | undefined
  /** No longer without a byte than this. */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
}

/** Lets the rest of an answer pass, so that its connection is free again. */
export function drop({ body }: { body: Readable }): void {
  body.on('error', () => undefined).resume()
}

/** Ends an answer of which nothing more is wanted, and its connection. */
export function hangUp({ body }: { body: Readable }): void {
  body.on('error', () => undefined).destroy()
}

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 307, 308])
/** Servers check and store a whole file between its last byte and their answer. */
const DEFAULT_TIMEOUT_MS = 300_000

/** 303 leads to something to be read (RFC 9110 15.4.4): whatever else was asked for is not repeated there. */
function isFollowed(method: string, status: number): boolean {
  return REDIRECTS.has(status) || (status === 303 && (method === 'GET' || method === 'HEAD'))
}

/** Requests to WebDAV and plain web servers over kept connections, as many as there is work at a time. */
export class DavHttp {
  private readonly options: DavHttpOptions
  private readonly dispatcher: Dispatcher

  constructor(options: DavHttpOptions) {
    this.options = options
    this.dispatcher = options.timeoutMs === undefined ? dispatcher : createDispatcher(options.timeoutMs)
  }

  /** An answer of 200 to 299; all others are thrown as `CliError` that begins with `name`. */
  async send(method: string, url: string, name: string, sent: DavRequest = {}): Promise<DavResponse> {
    let target = new URL(url)
    let mayLogIn = true
    for (let count = 0; ; count += 1) {
      const response = await this.once(method, target, sent, mayLogIn)
      if (response.status >= 200 && response.status < 300) return response
      const next = isFollowed(method, response.status) ? response.header('location') : undefined
      if (next === undefined) throw await toDavError(target.host, name, response)
      drop(response)
      const from = target.origin
      target = this.follow(target, next, { name, count, sent, status: response.status })
      // Nor to the first server again: another one chose what it is asked for.
      mayLogIn &&= target.origin === from
    }
  }

  /** Where a redirect leads; bodies that were streamed are gone, and TLS is never given up. */
  private follow(
    from: URL,
    location: string,
    { name, count, sent, status }: { name: string; count: number; sent: DavRequest; status: number },
  ): URL {
    const next = URL.parse(location, from.href)
    if (next === null || !/^https?:$/.test(next.protocol)) throw toStatusError(from.host, name, status)
    const isStreamed = sent.body !== undefined && typeof sent.body !== 'string' && !Buffer.isBuffer(sent.body)
    if (count >= MAX_REDIRECTS || isStreamed || (from.protocol === 'https:' && next.protocol === 'http:')) {
      const place = withoutSecret(next.href)
      throw new CliError(`${name}: ${from.host} redirects to ${place}; name that address.`, {
        code: 'REDIRECTED',
        status,
      })
    }
    return next
  }

  private async once(method: string, url: URL, sent: DavRequest, mayLogIn: boolean): Promise<DavResponse> {
    const { authorization, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = this.options
    const signals = [signal, sent.signal].filter((one) => one !== undefined)
    const withLogin = mayLogIn && authorization !== undefined ? { authorization } : {}
    try {
      const answer = await request(url, {
        method: method as Dispatcher.HttpMethod,
        headers: { 'user-agent': 'causeway', ...withLogin, ...sent.headers },
        body: sent.body ?? null,
        dispatcher: this.dispatcher,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        ...(signals.length === 0
          ? {}
          : { signal: signals.length === 1 ? signals[0] : AbortSignal.any(signals) }),
      })
      const header = (name: string) => [answer.headers[name]].flat()[0]
      return { status: answer.statusCode, header, body: answer.body }
    } catch (error) {
      throw await toDavError(url.host, url.pathname, error)
    }
  }
}
