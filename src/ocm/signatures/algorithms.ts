import {
  createHash,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  constants as rsa,
  verify,
} from 'node:crypto'
import { SignatureError } from './signature-error.ts'

/** A public key as peers publish it; `kid` and `alg` are demanded by OCM (draft-07 "JWKS"). */
export interface PublicJwk {
  kty: string
  kid: string
  alg: string
  use?: string | undefined
  [member: string]: unknown
}

interface Algorithm {
  kty: 'OKP' | 'EC' | 'RSA'
  crv?: string
  /** Name in the registry of RFC 9421; algorithms without one may only be used without `alg`. */
  httpName?: string
  hash: 'sha256' | 'sha384' | 'sha512' | null
  pssSaltBytes?: number
}

const MIN_RSA_BITS = 2048
const ed25519: Algorithm = { kty: 'OKP', crv: 'Ed25519', httpName: 'ed25519', hash: null }

/** JOSE `alg` → how to verify. Symmetric ones and `none` are not here, and so are refused. */
const algorithms = new Map<string, Algorithm>([
  ['Ed25519', ed25519],
  ['EdDSA', ed25519],
  ['ES256', { kty: 'EC', crv: 'P-256', httpName: 'ecdsa-p256-sha256', hash: 'sha256' }],
  ['ES512', { kty: 'EC', crv: 'P-521', hash: 'sha512' }],
  ['ES384', { kty: 'EC', crv: 'P-384', httpName: 'ecdsa-p384-sha384', hash: 'sha384' }],
  ['RS256', { kty: 'RSA', httpName: 'rsa-v1_5-sha256', hash: 'sha256' }],
  ['RS384', { kty: 'RSA', hash: 'sha384' }],
  ['RS512', { kty: 'RSA', hash: 'sha512' }],
  ['PS256', { kty: 'RSA', hash: 'sha256', pssSaltBytes: 32 }],
  ['PS384', { kty: 'RSA', hash: 'sha384', pssSaltBytes: 48 }],
  ['PS512', { kty: 'RSA', httpName: 'rsa-pss-sha512', hash: 'sha512', pssSaltBytes: 64 }],
])

/** A key that has passed the rules and can verify. */
export interface VerificationKey {
  /** `claimedAlg` is the parameter `alg` of the signature; it may be absent but must not disagree. */
  verify(base: string, signature: Uint8Array, claimedAlg: string | undefined): boolean
}

/**
 * Accepts or refuses a peer's key. The algorithm is the JWK's; draft-cavage, where the header decides it,
 * gives `alg`. Throws `SignatureError`.
 */
export function toVerificationKey(jwk: PublicJwk, alg = jwk.alg): VerificationKey {
  const algorithm = algorithms.get(alg)
  if (algorithm === undefined) throw refusedKey(`its algorithm ${alg} is not accepted`)
  if (jwk.use !== undefined && jwk.use !== 'sig') throw refusedKey('it is not for signatures')
  if (jwk.kty !== algorithm.kty || (algorithm.crv !== undefined && jwk.crv !== algorithm.crv)) {
    throw refusedKey(`its type does not fit ${alg}`)
  }
  const key = importKey(jwk)
  if (algorithm.kty === 'RSA' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) {
    throw refusedKey(`an RSA key needs ${MIN_RSA_BITS} bits`)
  }
  return {
    verify(base, signature, claimedAlg) {
      if (claimedAlg !== undefined && claimedAlg !== algorithm.httpName) {
        throw refusedKey(`the signature says ${claimedAlg}, the key ${alg}`)
      }
      return verifyBytes(algorithm, key, Buffer.from(base, 'utf8'), signature)
    },
  }
}

function verifyBytes(algorithm: Algorithm, key: KeyObject, data: Buffer, signature: Uint8Array): boolean {
  try {
    if (algorithm.kty === 'OKP') return verify(null, data, key, signature)
    if (algorithm.kty === 'EC')
      return verify(algorithm.hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature)
    if (algorithm.pssSaltBytes === undefined) return verify(algorithm.hash, data, key, signature)
    const padding = rsa.RSA_PKCS1_PSS_PADDING
    return verify(algorithm.hash, data, { key, padding, saltLength: algorithm.pssSaltBytes }, signature)
  } catch {
    return false
  }
}

/** SHA-256 of the key itself (its SPKI form), whatever it is called. Throws `SignatureError`. */
export function fingerprintOf(jwk: PublicJwk): string {
  const der = importKey(jwk).export({ format: 'der', type: 'spki' })
  return createHash('sha256').update(der).digest('base64url')
}

/** A public key in PEM, as draft-cavage peers publish theirs, as a JWK. Throws `SignatureError`. */
export function jwkFromPem(pem: string, kid: string, alg: string): PublicJwk {
  try {
    const key = createPublicKey({ key: pem, format: 'pem' })
    return { ...key.export({ format: 'jwk' }), kid, alg } as PublicJwk
  } catch (error) {
    throw new SignatureError('KEY_NOT_ACCEPTED', `the key ${kid} cannot be read`, error)
  }
}

/** Keys are kept for an hour and verify every message of a peer; reading one takes as long as verifying. */
const imported = new WeakMap<PublicJwk, KeyObject>()

function importKey(jwk: PublicJwk): KeyObject {
  const known = imported.get(jwk)
  if (known !== undefined) return known
  const key = readJwk(jwk)
  imported.set(jwk, key)
  return key
}

function readJwk(jwk: PublicJwk): KeyObject {
  const { kty, crv, x, y, n, e } = jwk as JsonWebKey
  try {
    return createPublicKey({ key: JSON.parse(JSON.stringify({ kty, crv, x, y, n, e })), format: 'jwk' })
  } catch (error) {
    throw new SignatureError('KEY_NOT_ACCEPTED', `the key ${jwk.kid} cannot be read`, error)
  }
}

function refusedKey(why: string): SignatureError {
  return new SignatureError('KEY_NOT_ACCEPTED', `the key cannot be used: ${why}`)
}
