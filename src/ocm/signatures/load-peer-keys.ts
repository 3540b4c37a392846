import { z } from 'zod'
import type { Outbound } from '../../platform/outbound.ts'
import { fetchJson } from '../discovery/fetch-json.ts'
import type { PeerDiscovery } from '../discovery/peer-discovery.ts'
import { toPeerError } from '../peer-answer.ts'
import { PeerError } from '../peer-error.ts'
import type { PeerInfo } from '../peer-info.ts'
import { jwkFromPem, type PublicJwk } from './algorithms.ts'
import { SignatureError } from './signature-error.ts'

const TIMEOUT_MS = 15 * 1000

/** Base64url of one number of a key; enough for RSA of 8192 bits. Thousands of key sets are remembered. */
const number = z.string().max(1_400).optional()
const word = z.string().min(1).max(512)
const jwk = z.object({
  ...{ kty: word, kid: word, alg: word, use: word.optional(), crv: word.optional() },
  ...{ x: number, y: number, n: number, e: number },
})
const jwks = z.looseObject({ keys: z.array(z.unknown()).max(100) })

/** `jwks`: a set of JSON Web Keys. `pem`: the one key in the discovery document (draft-cavage). */
export type KeySource = 'jwks' | 'pem'

export interface LoadedKeys {
  keys: PublicJwk[]
  /** The set is where drafts -01 to -05 have it; the peer names no `jwksUri`. */
  atWellKnown?: boolean
}

/** Asks `host` for its keys, discovery first. Throws `SignatureError`. */
export async function loadPeerKeys(
  { discovery, outbound }: { discovery: PeerDiscovery; outbound: Outbound },
  host: string,
  source: KeySource,
): Promise<LoadedKeys> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const peer = await discovery.discover(host, { fresh: true })
    return source === 'pem' ? readPem(peer) : await loadSet(outbound, peer, signal)
  } catch (error) {
    if (error instanceof SignatureError) throw error
    const failure = toPeerError(host, error, signal)
    throw new SignatureError('SENDER_NOT_DISCOVERABLE', `${failure.message} ${failure.remedy}`, failure)
  }
}

function readPem({ host, publicKey }: PeerInfo): LoadedKeys {
  if (publicKey === undefined) {
    throw new SignatureError('KEY_NOT_FOUND', `${host} publishes no publicKey in its discovery`)
  }
  return { keys: [jwkFromPem(publicKey.publicKeyPem, publicKey.keyId, 'RS512')] }
}

async function loadSet(outbound: Outbound, peer: PeerInfo, signal: AbortSignal): Promise<LoadedKeys> {
  const { host, jwksUri } = peer
  if (jwksUri === undefined && !peer.capabilities.includes('http-sig')) {
    throw new SignatureError('KEY_NOT_FOUND', `${host} publishes no jwksUri`)
  }
  const answer = await fetchJson(outbound, host, jwksUri ?? wellKnownSet(peer), signal)
  const read = jwks.safeParse(answer.json)
  if (answer.status !== 200 || !read.success) {
    throw new PeerError('bad-answer', host, `${host} has no key set at its jwksUri (${answer.status}).`)
  }
  const keys = read.data.keys.flatMap((key) => jwk.safeParse(key).data ?? []) as PublicJwk[]
  return jwksUri === undefined ? { keys, atWellKnown: true } : { keys }
}

/** Where drafts -01 to -05 have the keys. */
function wellKnownSet({ host, endPoint }: PeerInfo): string {
  return `${new URL(endPoint).protocol}//${host}/.well-known/jwks.json`
}
