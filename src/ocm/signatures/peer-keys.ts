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
  /** When these keys were published, and when the peer was last asked for them. */
  loadedAtMs: number
  askedAtMs: number
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
    const askedAtMs = clock.nowMs()
    const before = cache.find(host)
    const known = await loadKeys(options, host).then(
      (keys): Known => ({ keys, askedAtMs, loadedAtMs: askedAtMs }),
      // A stranger can make us ask while the peer is away; that must not cost the peer its good keys.
      (error: SignatureError): Known => ({ ...(before ?? { keys: [], loadedAtMs: 0 }), askedAtMs, error }),
    )
    cache.set(host, known)
    return known
  }
  return {
    async getKey(host, keyid) {
      const cached = cache.find(host)
      const nowMs = clock.nowMs()
      const hit = findKey(cached, keyid, nowMs)
      if (hit !== undefined) return hit
      const isRecent = cached !== undefined && nowMs - cached.askedAtMs < RELOAD_GAP_MS
      const known = isRecent ? cached : await flights.run(host, () => load(host))
      const found = findKey(known, keyid, nowMs)
      if (found !== undefined) return found
      throw known.error ?? new SignatureError('KEY_NOT_FOUND', `${host} publishes no key ${keyid}`)
    },
  }
}

function findKey(known: Known | undefined, keyid: string, nowMs: number): PublicJwk | undefined {
  if (known === undefined || nowMs - known.loadedAtMs >= KEEP_MS) return undefined
  return known.keys.find((key) => key.kid === keyid)
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
