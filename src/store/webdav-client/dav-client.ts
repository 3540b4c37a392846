import { Readable } from 'node:stream'
import { AppError, UnavailableError } from '../../platform/errors.ts'
import type { Outbound, OutboundRequest, OutboundResponse } from '../../platform/outbound.ts'
import { refusalOf } from '../../platform/outbound-error.ts'
import type { StorePath } from '../types.ts'
import { badAnswer, type DavErrors } from './dav-errors.ts'
import { followRedirects } from './follow-redirects.ts'
import { type Listing, sortListing, urlOfPath } from './hrefs.ts'
import {
  DAV,
  type DavResource,
  DCACHE,
  LCGDM,
  OPEN_CLOUD_MESH,
  OPEN_COLLABORATION,
  OWNCLOUD,
  readMultistatus,
} from './multistatus.ts'

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
/** What makes an entry of a response. */
export const ENTRY_PROPERTIES = `${LIVE_PROPERTIES.map((name) => `<d:${name}/>`).join('')}<oc:id/><oc:fileid/><oc:size/><oc:checksums/>`

const NAMESPACES =
  `xmlns:d="${DAV}" xmlns:oc="${OWNCLOUD}" xmlns:ocs="${OPEN_COLLABORATION}"` +
  ` xmlns:ocm="${OPEN_CLOUD_MESH}" xmlns:dc="${DCACHE}" xmlns:lcg="${LCGDM}"`

/** The body of a PROPFIND for these elements, with the prefixes d, oc, ocs, ocm, dc and lcg. */
export function propfindBody(properties: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><d:propfind ${NAMESPACES}><d:prop>${properties}</d:prop></d:propfind>`
}

const ENTRY_BODY = propfindBody(ENTRY_PROPERTIES)

/** What a request shows to be let in; nothing where anybody is. */
export interface DavCredential {
  /** The `Authorization` header. */
  header?: string
}

/** What opens another server; every request asks anew. */
export interface DavCredentials {
  /** Throws when there is none. */
  get(): Promise<DavCredential>
  /** After an answer 401: what else may open it; undefined when nothing does. */
  next(refused: readonly DavCredential[]): Promise<DavCredential | undefined>
  /** It was let in. */
  worked(credential: DavCredential): Promise<void>
  /** False as long as nothing was let in, or not lately: then nothing should be sent that cannot be sent again. */
  isProven(): boolean
}

export interface DavClientOptions {
  /** Host of the other server, as people know it. */
  host: string
  rootUrl: string
  credentials: DavCredentials
  outbound: Outbound
  errors: DavErrors
  /** Redirects are followed, without the credential where they lead to another origin. */
  followsRedirects?: boolean
  /** What a PROPFIND of an entry asks for; `ENTRY_PROPERTIES` unless given. */
  entryBody?: string
}

export interface DavRequest {
  method: string
  path: StorePath
  headers?: Record<string, string>
  /** Only a stream cannot be sent again when another credential is wanted. */
  body?: string | Uint8Array | Readable
  signal?: AbortSignal | undefined
  /** The address of a folder, with a slash at its end. */
  isFolder?: boolean
}

/** Speaks WebDAV to another server, below one address there. Errors are `AppError`s. */
export class DavClient<C extends DavCredentials = DavCredentials> {
  private readonly options: Omit<DavClientOptions, 'credentials'>
  readonly credentials: C

  constructor({ credentials, ...options }: DavClientOptions & { credentials: C }) {
    this.options = options
    this.credentials = credentials
  }

  get host(): string {
    return this.options.host
  }

  get errors(): DavErrors {
    return this.options.errors
  }

  urlOf(path: StorePath): string {
    return urlOfPath(this.options.rootUrl, path)
  }

  /** The answer to a request when its status is one of `expected`; otherwise the error it stands for. */
  async request(request: DavRequest, expected: readonly number[]): Promise<OutboundResponse> {
    const { method, path, signal } = request
    try {
      const answer = await this.admitted(request)
      if (expected.includes(answer.status)) return answer
      await discard(answer.body)
      const call = { method, path, host: this.host }
      throw this.errors.ofStatus(answer.status, call, answer.headers['retry-after'])
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw this.errors.ofOutbound(error, this.host)
    }
  }

  /** Shows one thing after the other as long as the answer is 401 and there is something left to show. */
  private async admitted(request: DavRequest): Promise<OutboundResponse> {
    const { credentials } = this
    const isStream = request.body instanceof Readable
    if (isStream && !credentials.isProven()) await this.propfind([], '0', { signal: request.signal })
    const refused: DavCredential[] = []
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

  private ask(request: DavRequest, { header }: DavCredential): Promise<OutboundResponse> {
    const { method, path, headers, body, signal, isFolder } = request
    const { outbound, followsRedirects } = this.options
    const url = this.urlOf(path)
    const outgoing: OutboundRequest = {
      method,
      url: isFolder === true && !url.endsWith('/') ? `${url}/` : url,
      headers: { ...(header === undefined ? {} : { Authorization: header }), ...headers },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    }
    return followsRedirects === true ? followRedirects(outbound, outgoing) : outbound.request(outgoing)
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

  /** PROPFIND (RFC 4918 9.1) of an entry, and with depth 1 of its members. `body` asks for other properties. */
  async propfind(
    path: StorePath,
    depth: '0' | '1',
    options: { body?: string; signal?: AbortSignal | undefined; isFolder?: boolean } = {},
  ): Promise<Listing & { self: DavResource }> {
    const answer = await this.request(
      {
        method: 'PROPFIND',
        path,
        headers: { Depth: depth, 'Content-Type': 'application/xml; charset=utf-8' },
        body: options.body ?? this.options.entryBody ?? ENTRY_BODY,
        signal: options.signal,
        isFolder: options.isFolder === true,
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
      throw error instanceof AppError ? error : this.errors.ofOutbound(refusalOf(this.host, error), this.host)
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
