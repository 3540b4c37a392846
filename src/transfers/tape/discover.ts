import type { Outbound } from '../../platform/outbound.ts'
import { parseWebUrl } from '../web/web-url.ts'
import { discoverySchema } from './wire.ts'

const WELL_KNOWN = '/.well-known/wlcg-tape-rest-api'

/** The tape API of a site. */
export interface TapeSite {
  /** Without a slash at its end. */
  baseUrl: string
  /** Under which metadata may be handed to it. */
  siteName: string | undefined
}

/**
 * Asks the server of a URL for its WLCG Tape REST API v1; undefined where it has none. One on another
 * host is not taken: our credential would go there.
 */
export async function discoverTape(outbound: Outbound, url: string): Promise<TapeSite | undefined> {
  const { origin } = parseWebUrl(url)
  const answer = await outbound.requestText({
    method: 'GET',
    url: origin + WELL_KNOWN,
    headers: { Accept: 'application/json' },
  })
  if (answer.status !== 200) return undefined
  const parsed = discoverySchema.safeParse(parseJson(answer.text))
  const known = parsed.data?.endpoints.find(({ version }) => /^v1(\.|$)/.test(version))
  const target = known === undefined ? null : URL.parse(known.uri, origin)
  if (target === null || target.hostname !== new URL(origin).hostname) return undefined
  if (origin.startsWith('https:') && target.protocol !== 'https:') return undefined
  return { baseUrl: target.href.replace(/\/$/, ''), siteName: parsed.data?.sitename }
}

/** The base of the API for the server of a remote end. */
export async function findTapeUrl(
  outbound: Outbound,
  remote: { urlOf(path: readonly string[]): string },
): Promise<string | undefined> {
  return (await discoverTape(outbound, remote.urlOf([])))?.baseUrl
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
