import { type KeyObject, sign } from 'node:crypto'
import { type FlattenedJWSInput, flattenedVerify } from 'jose'
import type { PublicKey } from '../../platform/public-key.ts'
import { findJson } from '../peer-answer.ts'

/** RFC 8037 calls it EdDSA, RFC 9864 Ed25519. */
const ED25519 = ['EdDSA', 'Ed25519']
/** No `none`, and none with a shared secret. */
const ALGORITHMS = [
  ...ED25519,
  ...['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
]
const MAX_SIGNATURES = 8

/** Why a directory is not taken; one sentence for operators. */
export class DirectoryError extends Error {
  override name = 'DirectoryError'
}

/** True for a JWS in JSON form, whoever signed it. */
export function isJws(json: unknown): json is { payload: unknown } {
  return typeof json === 'object' && json !== null && 'payload' in json
}

/** What a JWS holds, without a look at its signature; also the form of the OCM draft's example, which is no text. */
export function payloadOf({ payload }: { payload: unknown }): unknown {
  return typeof payload === 'string' ? findJson(Buffer.from(payload, 'base64url').toString('utf8')) : payload
}

/**
 * Verifies a JWS in flattened or general JSON form (RFC 7515 7.2) with one of the keys, and answers what it
 * holds. Throws `DirectoryError`.
 */
export async function verifyJws(json: object, keys: readonly PublicKey[], nowMs: number): Promise<unknown> {
  const valid = keys.filter((key) => (key.validUntilMs ?? Number.POSITIVE_INFINITY) > nowMs)
  if (valid.length === 0) throw new DirectoryError('The configured key has expired.')
  for (const one of signaturesOf(json)) {
    for (const key of valid) if (await holds(one, key)) return payloadOf(one)
  }
  throw new DirectoryError('Its signature is not by the configured key.')
}

/** Flattened JSON form. */
export interface SignedJws {
  payload: string
  protected: string
  signature: string
}

/** Signs with Ed25519; `alg` in the older spelling, which every library knows. */
export function signJws(payload: object, { kid, key }: { kid: string; key: KeyObject }): SignedJws {
  const part = (value: object) => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')
  const [head, body] = [part({ alg: 'EdDSA', kid }), part(payload)]
  const signature = sign(null, Buffer.from(`${head}.${body}`, 'ascii'), key).toString('base64url')
  return { payload: body, protected: head, signature }
}

function signaturesOf(json: object): FlattenedJWSInput[] {
  const { signatures, ...rest } = json as { signatures?: unknown }
  if (!Array.isArray(signatures)) return [rest as FlattenedJWSInput]
  return signatures.slice(0, MAX_SIGNATURES).map((one) => ({ ...one, ...rest }) as FlattenedJWSInput)
}

async function holds(jws: FlattenedJWSInput, { key, alg }: PublicKey): Promise<boolean> {
  const algorithms = alg === undefined ? ALGORITHMS : ED25519.includes(alg) ? ED25519 : [alg]
  const allowed = algorithms.filter((name) => ALGORITHMS.includes(name))
  try {
    await flattenedVerify(jws, key, { algorithms: allowed })
    return true
  } catch {
    return false
  }
}
