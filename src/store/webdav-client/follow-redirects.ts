import { Readable } from 'node:stream'
import type { Outbound, OutboundRequest, OutboundResponse } from '../../platform/outbound.ts'
import { ReplayableBody } from './replayable-body.ts'

const MAX_REDIRECTS = 5
/** 303 says that the answer to what was done lies elsewhere (RFC 9110 15.4.4); nothing is to be sent there. */
const REDIRECTS = new Set([301, 302, 307, 308])
/** Headers that prove who asks; they were made for one server only. */
const PROOFS = new Set(['authorization', 'cookie', 'proxy-authorization'])

/**
 * A request that follows redirects with its method and its body, as file servers mean them (dCache and
 * XRootD send readers and writers to the machine that holds the file). Every hop passes the address rules
 * of `outbound`, none goes from https to http, and one to another origin shows no credential. The last
 * redirect is returned when there are too many, or when too much of the body is gone to send it again.
 */
export async function followRedirects(
  outbound: Outbound,
  request: OutboundRequest,
): Promise<OutboundResponse> {
  const replay = request.body instanceof Readable ? new ReplayableBody(request.body) : undefined
  let { url, headers = {} } = request
  for (let hop = 0; ; hop++) {
    const body = replay?.open() ?? request.body
    const answer = await outbound.request({
      ...request,
      url,
      headers,
      ...(body === undefined ? {} : { body }),
    })
    const target = targetOf(answer, url)
    if (target === undefined || hop === MAX_REDIRECTS || replay?.isSpent === true) return answer
    answer.body.on('error', () => undefined).destroy()
    if (target.origin !== new URL(url).origin) headers = withoutProofs(headers)
    url = target.href
  }
}

function targetOf(answer: OutboundResponse, from: string): URL | undefined {
  if (!REDIRECTS.has(answer.status)) return undefined
  const target = URL.parse(answer.headers.location ?? '', from)
  if (target === null || !/^https?:$/.test(target.protocol)) return undefined
  return from.startsWith('https:') && target.protocol === 'http:' ? undefined : target
}

function withoutProofs(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !PROOFS.has(name.toLowerCase())))
}
