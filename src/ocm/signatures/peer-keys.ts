import { z } from 'zod'
import type { Clock } from '../../platform/clock.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { BoundedCache, SingleFlight } from '../bounded-cache.ts'
import { fetchJson } from '../discovery/fetch-json.ts'
import type { PeerDiscovery } from '../discovery/peer-discovery.ts'
import { toPeerError } from '../peer-answer.ts'
import { PeerError } from '../peer-error.ts'
import type { PublicJwk } from './algorithms.ts'
import { SignatureError } from './signature-error.ts'

const KEEP_MS = 60 * 60 * 1000
/** A stranger can name a peer and an unknown key as often as it likes; the peer is asked once in this time. */
const RELOAD_GAP_MS = 10 * 1000
const TIMEOUT_MS = 15 * 1000
const MAX_PEERS = 2000

/** Base64url of one number of a key; enough for RSA of 8192 bits. Thousands of key sets are remembered. */
const number = z.string().max(1_400).optional()
const word = z.string().min(1).max(512)
const jwk = z.object({
  ...{ kty: word, kid: word, alg: word, use: word.optional(), crv: word.optional() },
  ...{ x: number, y: number, n: number, e: number },
})
const jwks = z.looseObject({ keys: z.array(z.unknown()).max(100) })

export interface PeerKeys {
  /**
   * The key `keyid` among those that `host` itself publishes (draft-07 "JWKS"). Throws
   * `SignatureError`, also when the host cannot be discovered.
   */
  getKey(host: string, keyid: string): Promise<PublicJwk>
}

interface Known {
  keys: PublicJwk[]
  loadedAtMs: number
  error?: SignatureError
}

/** Keys of peers, found by discovery of the claimed host, never by what the key id looks like. */
export function createPeerKeys(options: {
  discovery: PeerDiscovery
  outbound: Outbound
  clock: Clock
}): PeerKeys {
  const cache = new BoundedCache<Known>(MAX_PEERS)
  const flights = new SingleFlight<Known>()
  const { clock } = options
  const load = async (host: string): Promise<Known> => {
    const loadedAtMs = clock.nowMs()
    const known = await loadKeys(options, host).then(
      (keys) => ({ keys, loadedAtMs }),
      (error: SignatureError) => ({ keys: [], loadedAtMs, error }),
    )
    cache.set(host, known)
    return known
  }
  return {
    async getKey(host, keyid) {
      const cached = cache.find(host)
      const ageMs = cached === undefined ? Number.POSITIVE_INFINITY : clock.nowMs() - cached.loadedAtMs
      const hit = ageMs < KEEP_MS ? findKey(cached, keyid) : undefined
      if (hit !== undefined) return hit
      const known =
        cached !== undefined && ageMs < RELOAD_GAP_MS ? cached : await flights.run(host, () => load(host))
      const found = findKey(known, keyid)
      if (found !== undefined) return found
      throw known.error ?? new SignatureError('KEY_NOT_FOUND', `${host} publishes no key ${keyid}`)
    },
  }
}

function findKey(known: Known | undefined, keyid: string): PublicJwk | undefined {
  return known?.keys.find((key) => key.kid === keyid)
}

async function loadKeys(
  { discovery, outbound }: { discovery: PeerDiscovery; outbound: Outbound },
  host: string,
): Promise<PublicJwk[]> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const { jwksUri } = await discovery.discover(host, { fresh: true })
    if (jwksUri === undefined) throw new SignatureError('KEY_NOT_FOUND', `${host} publishes no jwksUri`)
    const answer = await fetchJson(outbound, host, jwksUri, signal)
    const read = jwks.safeParse(answer.json)
    if (answer.status !== 200 || !read.success) {
      throw new PeerError('bad-answer', host, `${host} has no key set at its jwksUri (${answer.status}).`)
    }
    return read.data.keys.flatMap((key) => jwk.safeParse(key).data ?? []) as PublicJwk[]
  } catch (error) {
    if (error instanceof SignatureError) throw error
    const failure = toPeerError(host, error, signal)
    throw new SignatureError('SENDER_NOT_DISCOVERABLE', `${failure.message} ${failure.remedy}`, failure)
  }
}
