import { createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto'

/** A public key out of the configuration, with what is said of it. */
export interface PublicKey {
  key: KeyObject
  kid?: string
  /** JOSE name of the one algorithm it is for. */
  alg?: string
  /** Of a certificate, or `exp` of a JWK. */
  validUntilMs?: number
}

const MIN_RSA_BITS = 2048

/** Reads a JWK, or PEM of a public key or a certificate. Undefined for all else, private keys included. */
export function findPublicKey(source: string | Record<string, unknown>): PublicKey | undefined {
  try {
    const read = typeof source === 'string' ? fromText(source) : fromJwk(source)
    return read !== undefined && isStrong(read.key) ? read : undefined
  } catch {
    return undefined
  }
}

function fromText(text: string): PublicKey | undefined {
  if (text.trimStart().startsWith('{')) return fromJwk(JSON.parse(text))
  if (text.includes('PRIVATE KEY')) return undefined
  if (!text.includes('BEGIN CERTIFICATE')) return { key: createPublicKey(text) }
  const certificate = new X509Certificate(text)
  return { key: certificate.publicKey, validUntilMs: Date.parse(certificate.validTo) }
}

function fromJwk(jwk: Record<string, unknown>): PublicKey | undefined {
  const { kid, alg, exp } = jwk
  if ('d' in jwk || 'k' in jwk) return undefined
  return {
    key: createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }),
    ...(typeof kid === 'string' ? { kid } : {}),
    ...(typeof alg === 'string' ? { alg } : {}),
    ...(typeof exp === 'number' ? { validUntilMs: exp * 1000 } : {}),
  }
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS
}
