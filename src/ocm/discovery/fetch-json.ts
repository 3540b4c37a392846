import type { Outbound } from '../../platform/outbound.ts'
import { findJson } from '../peer-answer.ts'
import { PeerError } from '../peer-error.ts'

/** Of discovery documents and of keys, unless another limit is given; the longest that was seen has two. */
const MAX_BYTES = 64 * 1024
const MAX_REDIRECTS = 3

export interface JsonAnswer {
  status: number
  headers: Record<string, string>
  /** Undefined when the body is not JSON. */
  json: unknown
  /** Where it was found in the end. */
  url: string
}

/**
 * Gets a public document of the server `host`. A few redirects are followed, each to an address that
 * passes the same rules of `Outbound`, private addresses refused. Throws what `Outbound` throws.
 */
export async function fetchJson(
  outbound: Outbound,
  host: string,
  address: string | { url: string; maxBytes: number },
  signal: AbortSignal,
): Promise<JsonAnswer> {
  let { url, maxBytes } = typeof address === 'string' ? { url: address, maxBytes: MAX_BYTES } : address
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const request = { method: 'GET', url, headers: { Accept: 'application/json' }, signal }
    const { status, headers, text } = await outbound.requestText(request, maxBytes)
    const location = isRedirect(status) ? headers.location : undefined
    if (location === undefined) return { status, headers, json: findJson(text), url }
    const next = URL.parse(location, url)
    if (next === null) throw new PeerError('bad-answer', host, `${host} redirects to what is not an address.`)
    url = next.href
  }
  throw new PeerError('bad-answer', host, `${host} redirects more than ${MAX_REDIRECTS} times.`)
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}
