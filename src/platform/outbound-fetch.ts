import type { Outbound } from './outbound.ts'

/** What of `fetch` libraries use that bring their own protocol. */
export type OutboundFetch = (url: string, options: OutboundFetchOptions) => Promise<Response>

export interface OutboundFetchOptions {
  method?: string
  headers?: Record<string, string>
  body?: unknown
  signal?: AbortSignal | undefined
}

const NO_BODY = new Set([204, 205, 304])

/**
 * The one way out in the form of `fetch`: for short texts, read whole. Redirects are answered, not followed.
 * Throws `OutboundError`.
 */
export function createOutboundFetch(outbound: Outbound, maxBytes = 256 * 1024): OutboundFetch {
  return async (url, { method = 'GET', headers = {}, body, signal }) => {
    const text = body instanceof URLSearchParams ? body.toString() : body
    if (text !== undefined && text !== null && typeof text !== 'string') {
      throw new TypeError('Only texts and forms are sent this way.')
    }
    const answer = await outbound.requestText(
      {
        ...{ method, url, headers },
        ...(typeof text === 'string' ? { body: text } : {}),
        ...(signal === undefined ? {} : { signal }),
      },
      maxBytes,
    )
    const content = NO_BODY.has(answer.status) ? null : answer.text
    return new Response(content, { status: answer.status, headers: answer.headers })
  }
}
