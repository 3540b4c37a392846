import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { newSecret } from '../../platform/ids.ts'
import { LoopbackServer } from '../../platform/loopback-server.ts'
import type { Outbound } from '../../platform/outbound.ts'

const USER = 'causeway'
const XML = { 'Content-Type': 'application/xml' }
/** In the form of S3, so that its words are told. */
const REDIRECT_REFUSED =
  '<Error><Code>RedirectRefused</Code><Message>The server leads elsewhere; give its own address.</Message></Error>'
/** Headers of one connection (RFC 9110 7.6.1), and what was meant for us. */
const HOP_HEADERS = new Set([
  'connection',
  'proxy-connection',
  'proxy-authorization',
  'keep-alive',
  'te',
  'upgrade',
  'host',
  'transfer-encoding',
  'expect',
])

/**
 * The proxy through which rclone reaches servers that users named (S3): every request leaves by the one
 * way out, where the address is checked and TLS is spoken, and an answer that leads elsewhere is refused,
 * so that nobody is led to a private address. Only who knows its secret may use it, and it makes no tunnels.
 */
export class StorageGate {
  private readonly outbound: Outbound
  /** Hosts whose endpoint says plain http; the way out allows that or not. */
  private readonly plainHosts = new Set<string>()
  private readonly secret = newSecret()
  private readonly server = new LoopbackServer((request, response) => void this.answer(request, response))

  constructor(outbound: Outbound) {
    this.outbound = outbound
  }

  /** How a host is spoken to from now on. */
  speak(origin: string): void {
    const { protocol, host } = new URL(origin)
    if (protocol === 'http:') this.plainHosts.add(host)
    else this.plainHosts.delete(host)
  }

  /** The proxy as Go programs take it in `HTTP_PROXY`, its secret included. */
  async address(): Promise<string> {
    const port = await this.server.port()
    return `http://${USER}:${this.secret}@127.0.0.1:${port}`
  }

  close(): Promise<void> {
    return this.server.close()
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const expected = `Basic ${Buffer.from(`${USER}:${this.secret}`).toString('base64')}`
    if (request.headers['proxy-authorization'] !== expected) return void response.writeHead(407).end()
    const url = URL.parse(request.url ?? '')
    if (url === null || url.protocol !== 'http:') return void response.writeHead(400).end()
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    try {
      await this.pass(request, response, { url, signal: gone.signal })
    } catch {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end('The server cannot be reached from here.')
    }
  }

  private async pass(
    request: IncomingMessage,
    response: ServerResponse,
    { url, signal }: { url: URL; signal: AbortSignal },
  ): Promise<void> {
    const hasBody =
      request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
    const answer = await this.outbound.request({
      method: request.method ?? 'GET',
      url: `${this.plainHosts.has(url.host) ? 'http:' : 'https:'}//${url.host}${url.pathname}${url.search}`,
      headers: headersOf(request, url.host),
      ...(hasBody && request.headers['content-length'] !== '0' ? { body: request } : {}),
      signal,
    })
    if (answer.status >= 300 && answer.status < 400 && answer.status !== 304) {
      answer.body.on('error', () => undefined).destroy()
      // Not one that S3's clients try again.
      return void response.writeHead(400, XML).end(REDIRECT_REFUSED)
    }
    const { connection: _, 'transfer-encoding': __, 'keep-alive': ___, ...headers } = answer.headers
    response.writeHead(answer.status, headers)
    await pipeline(answer.body, response)
  }
}

/** The signature of S3 covers the host as rclone wrote it. */
function headersOf(request: IncomingMessage, host: string): Record<string, string> {
  const headers: Record<string, string> = { host }
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || HOP_HEADERS.has(name)) continue
    headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
}
