import { sign } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { toHttpDate } from '../../platform/http-date.ts'
import { newSecret } from '../../platform/ids.ts'
import { CAVAGE_COMPONENTS, cavageBase } from './cavage.ts'
import { contentDigest, legacyDigest } from './content-digest.ts'
import { type PrivateKey, type SigningJwk, toPrivateKey } from './keys.ts'
import type { OwnKeys } from './own-keys.ts'
import { signatureBase } from './signature-base.ts'
import type { SignatureForm } from './signature-form.ts'
import { type BareItem, type InnerList, serialiseInnerList } from './structured-fields.ts'

const COMPONENTS = ['@method', '@target-uri', 'content-digest', 'content-length'] as const

/** A request that is to be signed. */
export interface Signable {
  method: string
  targetUri: string
  body: Uint8Array
}

/** Signs in the form that a peer takes (reference: docs/protocols.md "Signatures"). */
export interface Signer {
  /** The headers that make this request a signed one. */
  sign(form: SignatureForm, request: Signable): Promise<Record<string, string>>
}

/** With the keys of this node: Ed25519 for RFC 9421, RSA for draft-cavage. */
export function createNodeSigner({ keys, clock }: { keys: OwnKeys; clock: Clock }): Signer {
  return {
    async sign(form, request) {
      return signWith(await keys.getSigning(form), form, request, clock.nowMs())
    },
  }
}

/** Signs in the draft-07 form with one key. */
export function createSigner(jwk: SigningJwk, clock: Clock) {
  const key = toPrivateKey(jwk.kid, JSON.stringify(jwk))
  return {
    kid: jwk.kid,
    sign: (request: Signable) => signWith(key, 'draft-07', request, clock.nowMs()),
  }
}

/** One signed request; `key` is RSA for `cavage`, Ed25519 for the others. */
export function signWith(
  key: PrivateKey,
  form: SignatureForm,
  request: Signable,
  nowMs: number,
): Record<string, string> {
  return form === 'cavage' ? signCavage(key, request, nowMs) : signRfc9421(key, form, request, nowMs)
}

function signRfc9421(
  { kid, key }: PrivateKey,
  form: 'draft-07' | 'draft-05',
  { method, targetUri, body }: Signable,
  nowMs: number,
): Record<string, string> {
  const headers = {
    'content-digest': contentDigest(body),
    'content-length': String(body.byteLength),
    ...(form === 'draft-05' ? { date: toHttpDate(nowMs) } : {}),
  }
  const createdSeconds = Math.floor(nowMs / 1000)
  const input = form === 'draft-07' ? newInput(kid, createdSeconds) : oldInput(kid, createdSeconds)
  const base = signatureBase({ method, targetUri, headers, body }, input)
  const label = form === 'draft-07' ? 'ocm1' : 'ocm'
  return {
    'Content-Digest': headers['content-digest'],
    'Content-Length': headers['content-length'],
    ...(headers.date === undefined ? {} : { Date: headers.date }),
    'Signature-Input': `${label}=${serialiseInnerList(input)}`,
    Signature: `${label}=:${sign(null, Buffer.from(base, 'utf8'), key).toString('base64')}:`,
  }
}

function newInput(kid: string, createdSeconds: number): InnerList {
  return inputOf(COMPONENTS, [
    ['created', { type: 'integer', value: createdSeconds }],
    ['keyid', text(kid)],
    ['alg', text('ed25519')],
    // Ed25519 is deterministic: without it, the same message twice in a second would look like a replay.
    ['nonce', text(newSecret(12))],
    ['tag', text('ocm')],
  ])
}

/** No more than Nextcloud 34 sends itself: what it does with other parameters is not known. */
function oldInput(kid: string, createdSeconds: number): InnerList {
  return inputOf(
    [...COMPONENTS, 'date'],
    [
      ['created', { type: 'integer', value: createdSeconds }],
      ['keyid', text(kid)],
    ],
  )
}

function inputOf(names: readonly string[], params: [string, BareItem][]): InnerList {
  return {
    kind: 'list',
    items: names.map((name) => ({ kind: 'item', value: text(name), params: new Map() })),
    params: new Map(params),
  }
}

function text(value: string): BareItem {
  return { type: 'string', value }
}

/** As Nextcloud 31 to 33 reads it: these components in this order, and no blank after a comma. */
function signCavage({ kid, key }: PrivateKey, request: Signable, nowMs: number): Record<string, string> {
  const { method, targetUri, body } = request
  const headers = {
    'content-length': String(body.byteLength),
    date: toHttpDate(nowMs),
    digest: legacyDigest(body),
  }
  const base = cavageBase({ method, targetUri, headers, body }, CAVAGE_COMPONENTS)
  const signature = sign('sha512', Buffer.from(base, 'utf8'), key).toString('base64')
  const members = [
    `keyId="${kid}"`,
    'algorithm="rsa-sha512"',
    `headers="${CAVAGE_COMPONENTS.join(' ')}"`,
    `signature="${signature}"`,
  ]
  return {
    'Content-Length': headers['content-length'],
    Date: headers.date,
    Digest: headers.digest,
    Signature: members.join(','),
  }
}
