import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { promisify } from 'node:util'
import { z } from 'zod'
import { newSecret } from '../../platform/ids.ts'
import type { PublicJwk } from './algorithms.ts'

const RSA_BITS = 2048

const signingJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  alg: z.literal('Ed25519'),
  use: z.literal('sig'),
  kid: z.string().min(1),
  x: z.string().min(1),
  d: z.string().min(1),
})

/** A node's Ed25519 signing key with its private half, as it lies in the folder `keys/`. */
export type SigningJwk = z.infer<typeof signingJwk>

export interface SigningKey {
  kid: string
  privateJwk: SigningJwk
  publicJwk: PublicJwk
}

/** What a signature is made with. */
export interface PrivateKey {
  kid: string
  key: KeyObject
}

/** `ed25519` signs RFC 9421, `rsa` draft-cavage. */
export type KeyKind = 'ed25519' | 'rsa'

/** A key as it is written down: the private half is a JWK, to be sealed. */
export interface NewKey {
  kid: string
  kind: KeyKind
  publicJwk: PublicJwk
  privateJwk: string
}

/** A fresh Ed25519 key for the node `host`; its id is `<host>#<random>`. */
export function generateSigningKey(host: string): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  const kid = `${host}#${newSecret(6)}`
  const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'Ed25519', use: 'sig', kid }
  const privateJwk = signingJwk.parse(jwk)
  return { kid, privateJwk, publicJwk: toPublicJwk(privateJwk) }
}

/** A fresh RSA key for draft-cavage; generated beside the event loop, which it would stop for a while. */
export async function generateRsaKey(kid: string): Promise<NewKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS })
  const { n, e } = privateKey.export({ format: 'jwk' })
  return {
    ...{ kid, kind: 'rsa' },
    publicJwk: { kty: 'RSA', kid, alg: 'RS512', use: 'sig', n, e },
    privateJwk: JSON.stringify(privateKey.export({ format: 'jwk' })),
  }
}

/** A key of the folder `keys/` or a fresh one, in the form that is written down. */
export function toNewKey(privateJwk: SigningJwk): NewKey {
  return {
    ...{ kid: privateJwk.kid, kind: 'ed25519' },
    publicJwk: toPublicJwk(privateJwk),
    privateJwk: JSON.stringify(privateJwk),
  }
}

/** The private half for use, from its JWK. */
export function toPrivateKey(kid: string, privateJwk: string): PrivateKey {
  return { kid, key: createPrivateKey({ key: JSON.parse(privateJwk), format: 'jwk' }) }
}

/** The public half as draft-cavage peers read it. */
export function toPem(publicJwk: PublicJwk): string {
  const key = createPublicKey({ key: JSON.parse(JSON.stringify(publicJwk)), format: 'jwk' })
  return key.export({ format: 'pem', type: 'spki' }).toString()
}

/** Checks what a key file holds; throws an `Error` that names the wrong member, never its value. */
export function parseSigningKey(json: unknown): SigningJwk {
  const read = signingJwk.safeParse(json)
  if (read.success) return read.data
  const members = read.error.issues.map((issue) => issue.path.join('.') || 'the whole')
  throw new Error(
    `The signing key is not an Ed25519 JWK with alg, use and kid; wrong: ${members.join(', ')}.`,
  )
}

/**
 * The id of a key for drafts -01 to -05: Nextcloud 34 finds the signer by it, so there it has to be an
 * address of ours. Ids that are one already stay.
 */
export function addressKid(kid: string, endPoint: string): string {
  return URL.canParse(kid) && /^https?:/.test(kid) ? kid : `${endPoint}#${kid.slice(kid.indexOf('#') + 1)}`
}

/** The half that everyone may see. */
export function toPublicJwk(key: SigningJwk): PublicJwk {
  const { d: _private, ...open } = key
  return open
}
