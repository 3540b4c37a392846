import type { Readable } from 'node:stream'
import { AppError, UnavailableError } from '../platform/errors.ts'
import type { Outbound, OutboundResponse } from '../platform/outbound.ts'
import { refusalOf } from '../platform/outbound-error.ts'
import type { StorePath } from '../store/types.ts'
import {
  DAV,
  type DavResource,
  OPEN_CLOUD_MESH,
  OPEN_COLLABORATION,
  OWNCLOUD,
  readMultistatus,
} from './dav-multistatus.ts'
import type { Credential, CredentialSource } from './remote-credentials.ts'
import { badAnswer, errorOfOutbound, errorOfStatus } from './remote-errors.ts'
import { type Listing, sortListing, urlOfPath } from './remote-hrefs.ts'
import { RIGHTS_PROPERTIES } from './remote-rights.ts'

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
const ENTRY_PROPERTIES = `${LIVE_PROPERTIES.map((name) => `<d:${name}/>`).join('')}<oc:id/><oc:fileid/><oc:size/><oc:checksums/>`

const NAMESPACES =
  `xmlns:d="${DAV}" xmlns:oc="${OWNCLOUD}" xmlns:ocs="${OPEN_COLLABORATION}"` +
  ` xmlns:ocm="${OPEN_CLOUD_MESH}"`

/** What a PROPFIND asks for: of an entry, of the root of a share its rights too, or the quota alone. */
const BODIES = {
  entry: propfindBody(ENTRY_PROPERTIES),
  root: propfindBody(ENTRY_PROPERTIES + RIGHTS_PROPERTIES),
  quota: propfindBody('<d:quota-used-bytes/><d:quota-available-bytes/>'),
}

function propfindBody(properties: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><d:propfind ${NAMESPACES}><d:prop>${properties}</d:prop></d:propfind>`
}

export interface RemoteDavOptions {
  /** Host of the peer, as people know it. */
  host: string
  rootUrl: string
  credentials: CredentialSource
  outbound: Outbound
}

export interface DavRequest {
  method: string
  path: StorePath
  headers?: Record<string, string>
  body?: string | Readable
  signal?: AbortSignal | undefined
}

/** Speaks WebDAV to the server of one share: no redirects, errors as `AppError`s. */
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

  get credentials(): CredentialSource {
    return this.options.credentials
  }

  /** The answer to a request when its status is one of `expected`; otherwise the error it stands for. */
  async request(request: DavRequest, expected: readonly number[]): Promise<OutboundResponse> {
    const { method, path, signal } = request
    try {
      const answer = await this.admitted(request)
      if (expected.includes(answer.status)) return answer
      await discard(answer.body)
      throw errorOfStatus(answer.status, { method, path, host: this.host }, answer.headers['retry-after'])
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw errorOfOutbound(error, this.host)
    }
  }

  /** Shows one thing after the other as long as the answer is 401 and there is something left to show. */
  private async admitted(request: DavRequest): Promise<OutboundResponse> {
    const { credentials } = this.options
    const isStream = typeof request.body === 'object'
    if (isStream && !credentials.isProven()) await this.propfind([], '0', { signal: request.signal })
    const refused: Credential[] = []
    let credential = await credentials.get()
    for (;;) {
      const answer = await this.ask(request, credential)
      if (answer.status !== 401) {
        if (answer.status < 400) await credentials.worked(credential)
        return answer
      }
      refused.push(credential)
      const next = await credentials.next(refused)
      if (next === undefined) return answer
      await discard(answer.body)
      if (isStream) throw this.sendAgain()
      credential = next
    }
  }

  private ask(request: DavRequest, { header }: Credential): Promise<OutboundResponse> {
    const { method, path, headers, body, signal } = request
    return this.options.outbound.request({
      method,
      url: this.urlOf(path),
      headers: { Authorization: header, ...headers },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  private sendAgain(): UnavailableError {
    return new UnavailableError(`${this.host} wanted a new proof of our right; send it again.`, {
      retryAfterSeconds: 1,
    })
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
    options: { what?: keyof typeof BODIES; signal?: AbortSignal | undefined } = {},
  ): Promise<Listing & { self: DavResource }> {
    const answer = await this.request(
      {
        method: 'PROPFIND',
        path,
        headers: { Depth: depth, 'Content-Type': 'application/xml; charset=utf-8' },
        body: BODIES[options.what ?? 'entry'],
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
