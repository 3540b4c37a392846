import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { toHttpDate } from '../../platform/http-date.ts'
import { newSecret } from '../../platform/ids.ts'
import { LoopbackServer } from '../../platform/loopback-server.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { ContentHash } from '../../platform/running-hash.ts'
import type { ByteRange, Checksums } from '../../store/types.ts'
import type { FetchTask } from './executor.ts'
import { paced } from './paced.ts'
import { openRange } from './range-body.ts'

/** One source, offered to an external program. */
export interface RelayedSource {
  /** Folder URL on loopback; the file in it is called `relayedName`. */
  url: string
  /** What the source answered when it last failed; it explains more than the program's complaint. */
  failure(): unknown
  /** Checksums of the content, of the kinds that the task asks for, once it was handed over whole and in one go. */
  checksums(): Checksums
  release(): void
}

export const relayedName = 'file'

interface Offer {
  task: FetchTask
  failure: unknown
  checksums: Checksums
}

/**
 * Hands sources to an external program under secret loopback addresses. So the program never sees a
 * credential, every request keeps the rules of the one way out (address checks, configured names,
 * trusted authorities), credentials are fresh for every range, and any kind of source can be offered.
 */
export class SourceRelay {
  private readonly outbound: Outbound
  private readonly offers = new Map<string, Offer>()
  private readonly server = new LoopbackServer((request, response) => void this.answer(request, response))

  constructor(outbound: Outbound) {
    this.outbound = outbound
  }

  async offer(task: FetchTask): Promise<RelayedSource> {
    const port = await this.server.port()
    const secret = newSecret()
    const offer: Offer = { task, failure: undefined, checksums: {} }
    this.offers.set(secret, offer)
    return {
      url: `http://127.0.0.1:${port}/${secret}/`,
      failure: () => offer.failure,
      checksums: () => offer.checksums,
      release: () => this.offers.delete(secret),
    }
  }

  close(): Promise<void> {
    return this.server.close()
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, secret = '', name] = (request.url ?? '').split('/')
    const offer = this.offers.get(secret)
    if (offer === undefined || name !== relayedName) return void response.writeHead(404).end()
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    try {
      await this.serve(offer, request, response, gone.signal)
    } catch (error) {
      // A program that went away says itself why; what breaks then is not the source's fault.
      if (!gone.signal.aborted) offer.failure = error
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end()
    }
  }

  private async serve(
    offer: Offer,
    request: IncomingMessage,
    response: ServerResponse,
    gone: AbortSignal,
  ): Promise<void> {
    const { task } = offer
    const { sizeBytes, mtimeMs } = task.expected
    const range = rangeOf(request.headers.range, sizeBytes)
    const start = range?.start ?? 0
    const end = range?.end ?? sizeBytes - 1
    response.setHeader('Accept-Ranges', 'bytes')
    response.setHeader('Content-Length', end - start + 1)
    if (mtimeMs !== null) response.setHeader('Last-Modified', toHttpDate(mtimeMs))
    if (range !== undefined) response.setHeader('Content-Range', `bytes ${start}-${end}/${sizeBytes}`)
    if (request.method === 'HEAD' || sizeBytes === 0) return void response.writeHead(200).end()
    const signal = AbortSignal.any([task.signal, gone])
    const opened = paced(await openRange(this.outbound, { ...task, signal }, { start, end }), {
      ...task,
      signal,
    })
    const chunks = start === 0 && end === sizeBytes - 1 ? hashed(opened, offer) : opened
    response.writeHead(range === undefined ? 200 : 206)
    await pipeline(Readable.from(chunks, { objectMode: false, highWaterMark: 1024 * 1024 }), response)
  }
}

/** Passes the whole content on and takes its checksums. */
async function* hashed(chunks: AsyncIterable<Uint8Array>, offer: Offer): AsyncGenerator<Uint8Array> {
  const { hashes } = offer.task
  const hash = hashes.length === 0 || offer.task.stagedPath !== '' ? undefined : new ContentHash(hashes)
  for await (const chunk of chunks) {
    hash?.update(chunk)
    yield chunk
  }
  if (hash !== undefined) offer.checksums = hash.checksums()
}

/** The one range of the header, or undefined for the whole file. Programs on our side send nothing exotic. */
function rangeOf(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '')
  if (match === null) return undefined
  const end = match[2] === '' ? sizeBytes - 1 : Math.min(Number(match[2]), sizeBytes - 1)
  return { start: Math.min(Number(match[1]), end), end }
}
