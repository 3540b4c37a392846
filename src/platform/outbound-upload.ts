import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { checkLiteralAddress, configuredResolver, parseUrl, type Resolve } from './address-rules.ts'
import type { Clock } from './clock.ts'
import { guardedLookup } from './guarded-lookup.ts'
import { authorities, type OutboundConfig } from './outbound.ts'
import { OutboundError, refusalOf } from './outbound-error.ts'

/** A server that says neither yes nor no gets the body after this long (RFC 9110 10.1.1). */
const CONTINUE_MS = 3_000
/** The other server may have to hash the whole file before it answers. */
const ANSWER_MS = 300_000

export interface UploadRequest {
  url: string
  headers: Record<string, string>
  sizeBytes: number
  /** Called at most once, when the other server wants the bytes. */
  open(): Promise<AsyncIterable<Uint8Array>>
  signal: AbortSignal
}

export interface UploadAnswer {
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  /** False: the other server refused, or sent us elsewhere, before it was given a byte. */
  bodyWasOpened: boolean
}

/** PUT of a large file, with `Expect: 100-continue`. Throws `OutboundError`, or what reading the file threw. */
export type Uploader = (request: UploadRequest) => Promise<UploadAnswer>

interface Deps {
  config: OutboundConfig
  resolve: Resolve
  clock: Clock
  ca: string[] | undefined
}

/**
 * Uploads under the address rules of `createOutbound`. That client cannot wait for `100 Continue`, without
 * which a refusal, or a redirect to the server that has the disk, costs the whole body.
 */
export function createUploader(
  config: OutboundConfig,
  clock: Clock,
  resolve = configuredResolver(config.hosts),
): Uploader {
  const deps = { config, resolve, clock, ca: authorities(config) }
  return async (upload) => {
    const url = parseUrl(upload.url, config.insecureHttp)
    checkLiteralAddress(url, config.allow)
    upload.signal.throwIfAborted()
    const broken: { cause?: unknown } = {}
    try {
      return await send(begin(url, upload, deps), upload, deps, broken)
    } catch (error) {
      // When the file could not be read, the connection broke only because of that.
      throw broken.cause ?? refusalOf(url.host, error)
    }
  }
}

function begin(url: URL, upload: UploadRequest, { config, resolve, ca }: Deps): ClientRequest {
  const open = url.protocol === 'https:' ? tlsRequest : plainRequest
  const request = open(url, {
    method: 'PUT',
    headers: {
      'User-Agent': 'Causeway',
      ...upload.headers,
      'Content-Length': `${upload.sizeBytes}`,
      Expect: '100-continue',
    },
    // A connection that was kept may be gone when the body is half sent.
    agent: false,
    signal: upload.signal,
    lookup: guardedLookup(config, resolve),
    ...(ca === undefined ? {} : { ca }),
  })
  request.setTimeout(config.connectTimeoutMs, () => request.destroy(timedOut(url)))
  request.once('socket', (socket) => {
    socket.once('connect', () => request.setTimeout(config.idleTimeoutMs))
  })
  return request
}

function timedOut(url: URL): OutboundError {
  return new OutboundError('timeout', `${url.host} did not answer in time.`)
}

async function send(
  request: ClientRequest,
  upload: UploadRequest,
  { clock }: Deps,
  broken: { cause?: unknown },
): Promise<UploadAnswer> {
  const over = new AbortController()
  const answered = answerOf(request)
  answered.catch(() => undefined)
  request.flushHeaders()
  try {
    const continued = once(request, 'continue', { signal: over.signal }).then(ignore, ignore)
    const waited = clock.wait(CONTINUE_MS, over.signal).catch(ignore)
    const early = await Promise.race([answered, Promise.race([continued, waited])])
    if (early !== undefined) return conclude(request, early, false)
    void sendBody(request, upload, broken)
    return conclude(request, await answered, true)
  } finally {
    over.abort()
  }
}

/** A connection can end without an answer and without an error: after `101 Switching Protocols`. */
function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
    request.once('close', () => reject(new Error('the connection ended without an answer')))
  })
}

function ignore(): undefined {}

async function sendBody(
  request: ClientRequest,
  upload: UploadRequest,
  broken: { cause?: unknown },
): Promise<void> {
  try {
    await pipeline(Readable.from(readFile(upload, broken), { objectMode: false }), request)
    request.setTimeout(ANSWER_MS)
  } catch (error) {
    // The other side may have answered before it broke off; whoever waits for that answer hears of an error.
    request.destroy(error instanceof Error ? error : undefined)
  }
}

async function* readFile(upload: UploadRequest, broken: { cause?: unknown }): AsyncGenerator<Uint8Array> {
  try {
    yield* await upload.open()
  } catch (error) {
    broken.cause = error
    throw error
  }
}

/** The text of the answer is of no use, and may have no end. */
function conclude(request: ClientRequest, answer: IncomingMessage, bodyWasOpened: boolean): UploadAnswer {
  answer.on('error', ignore)
  request.destroy()
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return { status: answer.statusCode ?? 0, headers, bodyWasOpened }
}
