import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import { rootCertificates } from 'node:tls'
import { Agent, type Dispatcher } from 'undici'
import {
  bareHost,
  checkLiteralAddress,
  configuredResolver,
  parseUrl,
  type Resolve,
  resolveAllowed,
} from './address-rules.ts'
import { OutboundError, refusalOf } from './outbound-error.ts'
import { readTlsFacts, type TlsFacts } from './tls-facts.ts'

export interface OutboundConfig {
  /** Networks in CIDR form that may be reached although they are private or loopback. */
  allow: string[]
  /** Plain http to peers; for tests and closed networks only. */
  insecureHttp: boolean
  /** Names answered here instead of by DNS: name → address. */
  hosts: Record<string, string>
  /** PEM file of further certificate authorities. */
  extraCaFile?: string | undefined
  connectTimeoutMs: number
  /** Until the answer's headers, and between two chunks of its body. */
  idleTimeoutMs: number
}

export interface OutboundRequest {
  method: string
  url: string
  headers?: Record<string, string>
  body?: string | Uint8Array | Readable
  signal?: AbortSignal
  /** Longest wait for the answer's headers and between body chunks, instead of the configured one. */
  idleTimeoutMs?: number
}

export interface OutboundResponse {
  status: number
  /** Lower-case names; repeated headers joined by `, `. */
  headers: Record<string, string>
  /** Must be consumed or destroyed. */
  body: Readable
}

/**
 * The one way out to names that strangers choose: https unless configured otherwise, resolved here,
 * private and loopback addresses refused unless listed, connected to the very address that was
 * checked. Redirects are not followed; who wants to follow one asks again and is checked again.
 */
export interface Outbound {
  request(request: OutboundRequest): Promise<OutboundResponse>
  /** Reads the whole body, at most `maxBytes`. Throws `OutboundError` whatever goes wrong. */
  requestText(
    request: OutboundRequest,
    maxBytes?: number,
  ): Promise<{ status: number; headers: Record<string, string>; text: string }>
  /** Throws `OutboundError` when the address rules forbid this URL; resolves the name. */
  check(url: string): Promise<void>
  /** The checked address of the host of this URL, for what speaks another protocol there; throws like `check`. */
  addressOf(url: string): Promise<string>
  /** What the server at this URL shows of its TLS, under the same rules; undefined for plain http. */
  tlsOf(url: string): Promise<TlsFacts | undefined>
  close(): Promise<void>
}

const DEFAULT_TEXT_BYTES = 256 * 1024

export function createOutbound(config: OutboundConfig, resolve = configuredResolver(config.hosts)): Outbound {
  const agent = createAgent(config, resolve)
  const request = async (options: OutboundRequest): Promise<OutboundResponse> => {
    const url = parseUrl(options.url, config.insecureHttp)
    checkLiteralAddress(url, config.allow)
    try {
      const answer = await agent.request(toDispatch(url, options))
      return { status: answer.statusCode, headers: flatten(answer.headers), body: answer.body }
    } catch (error) {
      throw refusalOf(url.host, error)
    }
  }
  return {
    request,
    async requestText(options, maxBytes = DEFAULT_TEXT_BYTES) {
      const answer = await request(options)
      return {
        status: answer.status,
        headers: answer.headers,
        text: await readText(answer.body, maxBytes, new URL(options.url).host),
      }
    },
    async check(text) {
      const url = parseUrl(text, config.insecureHttp)
      checkLiteralAddress(url, config.allow)
      if (isIP(bareHost(url)) !== 0) return
      await resolveAllowed(url.hostname, resolve, config.allow)
    },
    async addressOf(text) {
      const url = parseUrl(text, config.insecureHttp)
      checkLiteralAddress(url, config.allow)
      const host = bareHost(url)
      if (isIP(host) !== 0) return host
      try {
        const [address = ''] = await resolveAllowed(url.hostname, resolve, config.allow)
        return address
      } catch (error) {
        throw refusalOf(url.host, error)
      }
    },
    async tlsOf(text) {
      const url = parseUrl(text, config.insecureHttp)
      checkLiteralAddress(url, config.allow)
      if (url.protocol !== 'https:') return undefined
      const host = bareHost(url)
      const [address = host] = isIP(host) === 0 ? await resolveAllowed(host, resolve, config.allow) : []
      const question = { address, host, port: Number(url.port || 443), ca: authorities(config) }
      return readTlsFacts({ ...question, timeoutMs: config.connectTimeoutMs }).catch((error: unknown) => {
        throw refusalOf(url.host, error)
      })
    },
    close: () => agent.destroy(),
  }
}

/** None: those that Node brings. */
export function authorities({ extraCaFile }: OutboundConfig): string[] | undefined {
  return extraCaFile === undefined ? undefined : [...rootCertificates, readFileSync(extraCaFile, 'utf8')]
}

function createAgent(config: OutboundConfig, resolve: Resolve): Agent {
  const ca = authorities(config)
  return new Agent({
    connections: 32,
    headersTimeout: config.idleTimeoutMs,
    bodyTimeout: config.idleTimeoutMs,
    connect: {
      timeout: config.connectTimeoutMs,
      ...(ca === undefined ? {} : { ca }),
      lookup: (hostname, options, done) => {
        resolveAllowed(hostname, resolve, config.allow).then(
          (addresses) => {
            const answers = addresses.map((address) => ({ address, family: isIP(address) }))
            const first = answers[0] as { address: string; family: number }
            if (options.all) done(null, answers)
            else done(null, first.address, first.family)
          },
          (error: Error) => done(error, '', 4),
        )
      },
    },
  })
}

function toDispatch(url: URL, options: OutboundRequest): Dispatcher.RequestOptions {
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: options.method as Dispatcher.HttpMethod,
    headers: { 'User-Agent': 'Causeway', ...options.headers },
    body: options.body ?? null,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.idleTimeoutMs === undefined
      ? {}
      : { headersTimeout: options.idleTimeoutMs, bodyTimeout: options.idleTimeoutMs }),
  }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

/** A body that breaks, stalls or is too long is an `OutboundError` like a request that gets no answer. */
async function readText(body: Readable, maxBytes: number, host: string): Promise<string> {
  try {
    return await collectText(body, maxBytes, host)
  } catch (error) {
    throw refusalOf(host, error)
  }
}

async function collectText(body: Readable, maxBytes: number, host: string): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) throw OutboundError.tooLarge(host, maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
