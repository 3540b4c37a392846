import { createPrivateKey, sign } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { newSecret } from '../../platform/ids.ts'
import { contentDigest } from './content-digest.ts'
import type { SigningJwk } from './keys.ts'
import { REQUIRED_COMPONENTS, signatureBase } from './signature-base.ts'
import { type BareItem, type InnerList, serialiseInnerList } from './structured-fields.ts'

export interface Signer {
  readonly kid: string
  /** The headers that make this request a signed one: Content-Digest, Content-Length, Signature-Input, Signature. */
  sign(request: { method: string; targetUri: string; body: Uint8Array }): Record<string, string>
}

/** Signs in the draft-07 form: RFC 9421 with Ed25519 and `tag="ocm"`. */
export function createSigner(key: SigningJwk, clock: Clock): Signer {
  const privateKey = createPrivateKey({ key: { ...key }, format: 'jwk' })
  return {
    kid: key.kid,
    sign({ method, targetUri, body }) {
      const headers = { 'content-digest': contentDigest(body), 'content-length': String(body.byteLength) }
      const input = signatureInput(key.kid, Math.floor(clock.nowMs() / 1000))
      const base = signatureBase({ method, targetUri, headers, body }, input)
      return {
        'Content-Digest': headers['content-digest'],
        'Content-Length': headers['content-length'],
        'Signature-Input': `ocm1=${serialiseInnerList(input)}`,
        Signature: `ocm1=:${sign(null, Buffer.from(base, 'utf8'), privateKey).toString('base64')}:`,
      }
    },
  }
}

function signatureInput(kid: string, createdSeconds: number): InnerList {
  const text = (value: string): BareItem => ({ type: 'string', value })
  return {
    kind: 'list',
    items: REQUIRED_COMPONENTS.map((name) => ({ kind: 'item', value: text(name), params: new Map() })),
    params: new Map<string, BareItem>([
      ['created', { type: 'integer', value: createdSeconds }],
      ['keyid', text(kid)],
      ['alg', text('ed25519')],
      // Ed25519 is deterministic: without it, the same message twice in a second would look like a replay.
      ['nonce', text(newSecret(12))],
      ['tag', text('ocm')],
    ]),
  }
}
