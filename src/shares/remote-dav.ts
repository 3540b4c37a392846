import type { Readable } from 'node:stream'
import { AppError } from '../platform/errors.ts'
import type { Outbound, OutboundResponse } from '../platform/outbound.ts'
import { refusalOf } from '../platform/outbound-error.ts'
import type { StorePath } from '../store/types.ts'
import { DAV, type DavResource, OWNCLOUD, readMultistatus } from './dav-multistatus.ts'
import { badAnswer, errorOfOutbound, errorOfStatus } from './remote-errors.ts'
import { type Listing, sortListing, urlOfPath } from './remote-hrefs.ts'

/** An answer's rest that nobody needs is read up to this size, to keep the connection. */
const DRAIN_BYTES = 64 * 1024

const LIVE_PROPERTIES = [
  'resourcetype',
  'getcontentlength',
  'getlastmodified',
  'getetag',
  'getcontenttype',
  'creationdate',
]
const PROPFIND_BODY =
  `<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="${DAV}" xmlns:oc="${OWNCLOUD}"><d:prop>` +
  LIVE_PROPERTIES.map((name) => `<d:${name}/>`).join('') +
  '<oc:id/><oc:fileid/><oc:size/><oc:checksums/></d:prop></d:propfind>'
const QUOTA_BODY =
  `<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="${DAV}"><d:prop>` +
  '<d:quota-used-bytes/><d:quota-available-bytes/></d:prop></d:propfind>'

export interface RemoteDavOptions {
  /** Host of the peer, as people know it. */
  host: string
  rootUrl: string
  /** The bearer secret of the share. */
  secret(): string
  outbound: Outbound
}

export interface DavRequest {
  method: string
  path: StorePath
  headers?: Record<string, string>
  body?: string | Readable
  signal?: AbortSignal | undefined
}

/** Speaks WebDAV to the server of one share: Bearer secret, no redirects, errors as `AppError`s. */
export class RemoteDav {
  private readonly options: RemoteDavOptions

  constructor(options: RemoteDavOptions) {
    this.options = options
  }

  get host(): string {
    return this.options.host
  }

  urlOf(path: StorePath): string {
    return urlOfPath(this.options.rootUrl, path)
  }

  authorization(): Record<string, string> {
    return { Authorization: `Bearer ${this.options.secret()}` }
  }

  /** The answer to a request when its status is one of `expected`; otherwise the error it stands for. */
  async request(request: DavRequest, expected: readonly number[]): Promise<OutboundResponse> {
    const { method, path, headers, body, signal } = request
    try {
      const answer = await this.options.outbound.request({
        method,
        url: this.urlOf(path),
        headers: { ...this.authorization(), ...headers },
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      })
      if (expected.includes(answer.status)) return answer
      await discard(answer.body)
      throw errorOfStatus(answer.status, { method, path, host: this.host }, answer.headers['retry-after'])
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw errorOfOutbound(error, this.host)
    }
  }

  /** Sends a request whose answer's body is of no interest. */
  async send(request: DavRequest, expected: readonly number[]): Promise<OutboundResponse> {
    const answer = await this.request(request, expected)
    await discard(answer.body)
    return answer
  }

  /** PROPFIND (RFC 4918 9.1) of an entry, and with depth 1 of its members. */
  async propfind(
    path: StorePath,
    depth: '0' | '1',
    options: { quota?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<Listing & { self: DavResource }> {
    const answer = await this.request(
      {
        method: 'PROPFIND',
        path,
        headers: { Depth: depth, 'Content-Type': 'application/xml; charset=utf-8' },
        body: options.quota ? QUOTA_BODY : PROPFIND_BODY,
        signal: options.signal,
      },
      [207],
    )
    const { self, members } = sortListing(await this.readBody(answer.body), this.urlOf(path))
    if (self === undefined) throw badAnswer(this.host, 'sent an empty listing')
    return { self, members }
  }

  private async readBody(body: Readable): Promise<DavResource[]> {
    try {
      return await readMultistatus(body)
    } catch (error) {
      throw error instanceof AppError ? error : errorOfOutbound(refusalOf(this.host, error), this.host)
    }
  }
}

/** Reads the rest of a body so that the connection can serve again; a long one is cut off. */
export async function discard(body: Readable): Promise<void> {
  let sizeBytes = 0
  try {
    for await (const chunk of body) {
      sizeBytes += chunk.length
      if (sizeBytes > DRAIN_BYTES) break
    }
  } catch {
    // The answer's status has been read; how its body ends does not matter.
  }
}
