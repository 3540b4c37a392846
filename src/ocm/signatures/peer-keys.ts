import { BoundedCache, SingleFlight } from '../../platform/bounded-cache.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { findHost } from '../address.ts'
import type { PeerDiscovery } from '../discovery/peer-discovery.ts'
import { PeerError } from '../peer-error.ts'
import { fingerprintOf, type PublicJwk } from './algorithms.ts'
import { type KeySource, type LoadedKeys, loadPeerKeys } from './load-peer-keys.ts'
import { SignatureError } from './signature-error.ts'
import type { OcmSignature } from './signature-form.ts'

const KEEP_MS = 60 * 60 * 1000
/** A stranger can name a peer and an unknown key as often as it likes; the peer is asked once in this time. */
const RELOAD_GAP_MS = 10 * 1000
const MAX_PEERS = 2000

/** What of a signature leads to its key. */
export type KeyQuestion = Pick<OcmSignature, 'form' | 'keyid'>

export interface PeerKeys {
  /**
   * The key `keyid` among those that `host` itself publishes: by its `jwksUri` (draft-07), at the
   * well-known address (draft-05), or in its discovery (draft-cavage). Throws `SignatureError`, also
   * when the host cannot be discovered.
   */
  getKey(host: string, question: KeyQuestion): Promise<PublicJwk>
  /** The same, asked anew for a signature that did not fit; undefined when the peer was asked just now. */
  findFreshKey(host: string, question: KeyQuestion): Promise<PublicJwk | undefined>
  /**
   * All keys that the host publishes now, of every kind: their ids by their fingerprints. Throws when it
   * cannot be asked.
   */
  listPublished(host: string): Promise<Map<string, string>>
}

interface Known {
  loaded: LoadedKeys
  /** When these keys were published, and when the peer was last asked for them. */
  loadedAtMs: number
  askedAtMs: number
  error?: SignatureError
}

interface Options {
  discovery: PeerDiscovery
  outbound: Outbound
  clock: Clock
}

/** Keys of peers, found by discovery of the claimed host, never by what the key id looks like. */
export function createPeerKeys(options: Options): PeerKeys {
  const cache = createKeyCache(options)
  return {
    async getKey(host, question) {
      checkKeyHost(host, question)
      const source = sourceOf(question)
      const hit = cache.findFresh(host, source)
      const known = findKey(hit, question) === undefined ? await cache.reload(host, source) : hit
      const found = findKey(known, question)
      if (found !== undefined) return found
      throw known?.error ?? missing(host, question, known?.loaded)
    },
    async findFreshKey(host, question) {
      const source = sourceOf(question)
      return cache.wasAskedJustNow(host, source)
        ? undefined
        : findKey(await cache.reload(host, source), question)
    },
    async listPublished(host) {
      const sources = await Promise.all([cache.reload(host, 'jwks'), cache.reload(host, 'pem')])
      const failure = sources.find((known) => known?.error?.cause instanceof PeerError)?.error
      if (failure !== undefined) throw failure
      return new Map(sources.flatMap((known) => known?.loaded.keys ?? []).flatMap(namedIfReadable))
    },
  }
}

function createKeyCache(options: Options) {
  const { clock } = options
  const cache = new BoundedCache<Known>(MAX_PEERS)
  const flights = new SingleFlight<Known>()
  const isRecent = (known: Known | undefined) =>
    known !== undefined && clock.nowMs() - known.askedAtMs < RELOAD_GAP_MS
  const findFresh = (key: string) => {
    const known = cache.find(key)
    return known !== undefined && clock.nowMs() - known.loadedAtMs < KEEP_MS ? known : undefined
  }
  const load = async (key: string, host: string, source: KeySource): Promise<Known> => {
    const askedAtMs = clock.nowMs()
    const before = cache.find(key)
    const known = await loadPeerKeys(options, host, source).then(
      (loaded): Known => ({ loaded, askedAtMs, loadedAtMs: askedAtMs }),
      // A stranger can make us ask while the peer is away; that must not cost the peer its good keys.
      (error: SignatureError): Known => ({
        ...(before ?? { loaded: { keys: [] }, loadedAtMs: 0 }),
        ...{ askedAtMs, error },
      }),
    )
    cache.set(key, known)
    return known
  }
  const keyOf = (host: string, source: KeySource) => `${source} ${host}`
  return {
    findFresh: (host: string, source: KeySource) => findFresh(keyOf(host, source)),
    wasAskedJustNow: (host: string, source: KeySource) => isRecent(cache.find(keyOf(host, source))),
    /** Asks the peer, unless it was asked just now; keys that are too old are not given out. */
    async reload(host: string, source: KeySource): Promise<Known | undefined> {
      const key = keyOf(host, source)
      const known = cache.find(key)
      const asked = isRecent(known) ? known : await flights.run(key, () => load(key, host, source))
      return findFresh(key) ?? (asked === undefined ? undefined : { ...asked, loaded: { keys: [] } })
    },
  }
}

function sourceOf({ form }: KeyQuestion): KeySource {
  return form === 'cavage' ? 'pem' : 'jwks'
}

function findKey(known: Known | undefined, { form, keyid }: KeyQuestion): PublicJwk | undefined {
  if (known === undefined || (form === 'draft-07' && known.loaded.atWellKnown === true)) return undefined
  return known.loaded.keys.find((key) => key.kid === keyid)
}

function missing(host: string, { form, keyid }: KeyQuestion, loaded: LoadedKeys | undefined): SignatureError {
  const what =
    form === 'draft-07' && loaded?.atWellKnown === true ? 'no jwksUri' : `no key ${keyid.slice(0, 200)}`
  return new SignatureError('KEY_NOT_FOUND', `${host} publishes ${what}`)
}

/** In draft-cavage the key id is the address of the key, and says whose it is (as Nextcloud reads it). */
function checkKeyHost(host: string, { form, keyid }: KeyQuestion): void {
  if (form !== 'cavage') return
  if (findHost(keyid) === host) return
  throw new SignatureError(
    'SIGNER_IS_NOT_SENDER',
    `signed by ${keyid.slice(0, 200)}, which is not at ${host}`,
  )
}

function namedIfReadable(key: PublicJwk): [string, string][] {
  try {
    return [[fingerprintOf(key), key.kid]]
  } catch {
    return []
  }
}
