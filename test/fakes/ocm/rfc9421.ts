import { createHash, createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto'

const MAX_AGE_SECONDS = 300
const MAX_SKEW_SECONDS = 60
const NEEDED = ['@method', '@target-uri', 'content-digest', 'content-length']

/** `tag`: draft-06 and later, one signature with `tag="ocm"`. `label`: to draft-05, label `ocm`, `date` covered. */
export type SignatureProfile = 'tag' | 'label'

export class Rfc9421Error extends Error {
  /** `unsigned`: there is none of the profile's; `invalid`: there is one, and it is wrong. */
  readonly kind: 'unsigned' | 'invalid'
  constructor(kind: Rfc9421Error['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

export interface SignedMessage {
  method: string
  targetUri: string
  /** Lower-case names. */
  headers: Record<string, string>
  body: Buffer
}

export interface Rfc9421Key {
  kid: string
  /** JOSE name: `Ed25519` or `ES256`. */
  alg: string
  privateKey: KeyObject
}

export type PublicJwk = JsonWebKey & { kid?: string; alg?: string }

/** Headers of a signed POST (RFC 9421 3.1); `alg` is not sent, as Nextcloud does not. */
export function signRfc9421(
  key: Rfc9421Key,
  message: { url: string; body: Buffer; profile: SignatureProfile; nowMs: number; nonce?: string },
): Record<string, string> {
  const { url, body, profile, nowMs, nonce } = message
  const headers: Record<string, string> = {
    'Content-Digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
    ...(profile === 'label' ? { Date: new Date(nowMs).toUTCString() } : {}),
  }
  const covered = profile === 'label' ? [...NEEDED, 'date'] : NEEDED
  const tag = profile === 'tag' ? ';tag="ocm"' : ''
  const input = `(${covered.map((name) => `"${name}"`).join(' ')});created=${Math.floor(nowMs / 1000)};keyid="${key.kid}"${nonce === undefined ? '' : `;nonce="${nonce}"`}${tag}`
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const base = signatureBase(
    {
      ...{ method: 'POST', targetUri: url, body },
      headers: { ...lower, 'content-length': String(body.length) },
    },
    covered,
    input,
  )
  const signature = signBytes(key, Buffer.from(base)).toString('base64')
  return { ...headers, 'Signature-Input': `ocm=${input}`, Signature: `ocm=:${signature}:` }
}

export interface OpenedSignature {
  keyid: string
  /** Throws `Rfc9421Error`. */
  check(jwks: readonly PublicJwk[]): void
}

/** Judges everything but the key (draft-07 "Signature verification"). Throws `Rfc9421Error`. */
export function openRfc9421(
  message: SignedMessage,
  profile: SignatureProfile,
  nowMs: number,
): OpenedSignature {
  const { label, input } = pickSignature(message.headers['signature-input'] ?? '', profile)
  const covered = [...(/^\(([^)]*)\)/.exec(input)?.[1] ?? '').matchAll(/"([^"]+)"/g)].map(
    (one) => one[1] ?? '',
  )
  const needed = profile === 'label' ? [...NEEDED, 'date'] : NEEDED
  const missing = needed.filter((name) => !covered.includes(name))
  if (missing.length > 0) throw invalid(`signature does not cover required components: ${missing.join(', ')}`)
  checkTimes(input, nowMs)
  checkBody(message)
  const keyid = /;keyid="([^"]*)"/.exec(input)?.[1] ?? ''
  if (keyid === '') throw invalid('missing keyid in Signature-Input')
  const signature = new RegExp(`(?:^|[,\\s])${label}=:([A-Za-z0-9+/=]*):`).exec(
    message.headers.signature ?? '',
  )
  if (signature === null) throw new Rfc9421Error('unsigned', `missing "${label}" entry in Signature`)
  const base = Buffer.from(signatureBase(message, covered, input))
  const namedAlg = /;alg="([^"]*)"/.exec(input)?.[1]
  return {
    keyid,
    check(jwks) {
      const jwk = jwks.find((one) => one.kid === keyid)
      if (jwk === undefined) throw invalid(`no JWK resolved for keyid ${keyid}`)
      checkKey(jwk, namedAlg, base, Buffer.from(signature[1] ?? '', 'base64'))
    },
  }
}

/** The dictionary is cut at commas outside of strings and parentheses (RFC 8941 3.2). */
function pickSignature(header: string, profile: SignatureProfile): { label: string; input: string } {
  const members = [
    ...header.matchAll(/(?:^|,\s*)([a-z*][a-z0-9_.*-]*)=(\([^)]*\)(?:;[a-z]+=(?:"[^"]*"|[0-9]+))*)/g),
  ].map((match) => ({ label: match[1] ?? '', input: match[2] ?? '' }))
  const ours = members.filter(({ label, input }) =>
    profile === 'tag' ? input.includes(';tag="ocm"') : label === 'ocm',
  )
  if (ours.length > 1) throw invalid('multiple "ocm" entries in signature headers')
  if (ours[0] === undefined) throw new Rfc9421Error('unsigned', 'missing "ocm" entry in Signature-Input')
  return ours[0]
}

function checkTimes(input: string, nowMs: number): void {
  const created = Number(/;created=([0-9]+)/.exec(input)?.[1] ?? 'NaN')
  const now = nowMs / 1000
  if (Number.isNaN(created)) throw invalid('signature missing required `created` parameter')
  if (created > now + MAX_SKEW_SECONDS) throw invalid('signature `created` is too far in the future')
  if (created < now - MAX_AGE_SECONDS) throw invalid('signature is too old')
}

function checkBody({ headers, body }: SignedMessage): void {
  const digests = [...(headers['content-digest'] ?? '').matchAll(/(sha-256|sha-512)=:([^:]*):/g)]
  if (digests.length === 0) throw invalid('content-digest covered but missing from request')
  for (const [, name = '', value] of digests) {
    if (createHash(name.replace('-', '')).update(body).digest('base64') !== value)
      throw invalid('content-digest does not match body')
  }
  if (Number(headers['content-length']) !== body.length)
    throw invalid('content-length does not match body size')
}

function signatureBase(message: SignedMessage, covered: readonly string[], input: string): string {
  const lines = covered.map((name) => {
    if (name === '@method') return `"@method": ${message.method}`
    if (name === '@target-uri') return `"@target-uri": ${message.targetUri}`
    const value = message.headers[name]
    if (!value) throw invalid(`covered header is missing or empty: ${name}`)
    return `"${name}": ${value}`
  })
  return [...lines, `"@signature-params": ${input}`].join('\n')
}

const names: Record<string, string> = { Ed25519: 'ed25519', EdDSA: 'ed25519', ES256: 'ecdsa-p256-sha256' }

/** The algorithm is the key's; one that is named besides has to be the same. */
function checkKey(jwk: PublicJwk, namedAlg: string | undefined, base: Buffer, signature: Buffer): void {
  const alg = jwk.alg ?? ''
  if (names[alg] === undefined) throw invalid(`algorithm ${alg} of the key is not supported`)
  if (namedAlg !== undefined && namedAlg !== names[alg]) throw invalid('alg does not fit the key')
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const isGood =
    alg === 'ES256'
      ? verify('sha256', base, { key, dsaEncoding: 'ieee-p1363' }, signature)
      : verify(null, base, key, signature)
  if (!isGood) throw invalid('signature verification failed')
}

function signBytes({ alg, privateKey: key }: Rfc9421Key, base: Buffer): Buffer {
  if (alg === 'ES256') return sign('sha256', base, { key, dsaEncoding: 'ieee-p1363' })
  return sign(null, base, key)
}

function invalid(message: string): Rfc9421Error {
  return new Rfc9421Error('invalid', message)
}
