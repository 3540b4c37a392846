import type { Outbound, OutboundResponse } from '../../platform/outbound.ts'
import type { RemoteSource } from '../endpoints.ts'
import { discard } from './discard.ts'
import { followingRequest } from './redirects.ts'
import type { SourceRead } from './source-body.ts'

/**
 * GET of a source with the proof of our right. When that has run out (401), it is renewed and the request
 * made once more.
 */
export async function provenRequest(
  outbound: Outbound,
  { source, signal }: SourceRead,
  { credentials, urlOf }: RemoteSource,
  headers: Record<string, string>,
): Promise<OutboundResponse> {
  const url = urlOf(source.path)
  const ask = async () => {
    const all = { ...(await credentials.headers()), ...headers }
    return followingRequest(outbound, { method: 'GET', url, headers: all, signal })
  }
  const answer = await ask()
  if (answer.status !== 401 || !(await credentials.renew?.())) return answer
  discard(answer.body)
  return ask()
}
