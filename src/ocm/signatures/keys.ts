import { generateKeyPairSync } from 'node:crypto'
import { z } from 'zod'
import { newSecret } from '../../platform/ids.ts'
import type { PublicJwk } from './algorithms.ts'

const signingJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  alg: z.literal('Ed25519'),
  use: z.literal('sig'),
  kid: z.string().min(1),
  x: z.string().min(1),
  d: z.string().min(1),
})

/** A node's signing key with its private half, as it lies in the folder `keys/`. */
export type SigningJwk = z.infer<typeof signingJwk>

export interface SigningKey {
  kid: string
  privateJwk: SigningJwk
  publicJwk: PublicJwk
}

/** A fresh Ed25519 key for the node `host`; its id is `<host>#<random>`. */
export function generateSigningKey(host: string): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  const kid = `${host}#${newSecret(6)}`
  const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'Ed25519', use: 'sig', kid }
  const privateJwk = signingJwk.parse(jwk)
  return { kid, privateJwk, publicJwk: toPublicJwk(privateJwk) }
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

/** The half that everyone may see. */
export function toPublicJwk(key: SigningJwk): PublicJwk {
  const { d: _private, ...open } = key
  return open
}
