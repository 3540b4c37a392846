import type { Outbound, OutboundRequest, OutboundResponse } from '../../platform/outbound.ts'
import { discard } from './discard.ts'

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 303, 307, 308])
/** Headers that may go to another server than the one they were made for. */
const PUBLIC_HEADERS = new Set(['accept-encoding', 'range', 'if-range'])

/**
 * A GET or HEAD that follows redirects. Every hop passes the address rules of `outbound`; a hop to
 * another origin gets no credentials. The last redirect is returned when there are too many.
 */
export async function followingRequest(
  outbound: Outbound,
  request: OutboundRequest,
): Promise<OutboundResponse> {
  let { url, headers } = request
  for (let hop = 0; ; hop++) {
    const answer = await outbound.request({ ...request, url, ...(headers === undefined ? {} : { headers }) })
    const target = URL.parse(answer.headers.location ?? '', url)
    if (!REDIRECTS.has(answer.status) || target === null || hop === MAX_REDIRECTS) return answer
    discard(answer.body)
    if (target.origin !== new URL(url).origin) headers = publicOnly(headers)
    url = target.href
  }
}

function publicOnly(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => PUBLIC_HEADERS.has(name.toLowerCase())),
  )
}
