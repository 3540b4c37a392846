import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { jwkFromPem, type PublicJwk, toVerificationKey } from '../../src/ocm/signatures/algorithms.ts'
import { checkContentDigest, contentDigest } from '../../src/ocm/signatures/content-digest.ts'
import { generateSigningKey, parseSigningKey } from '../../src/ocm/signatures/keys.ts'
import { checkBeforeKey, inspectSignature } from '../../src/ocm/signatures/ocm-signature.ts'
import type { HttpMessage } from '../../src/ocm/signatures/signature-base.ts'
import { SignatureError, type SignatureFault } from '../../src/ocm/signatures/signature-error.ts'
import { createSigner } from '../../src/ocm/signatures/signer.ts'
import { HandClock } from './support.ts'

interface Vector {
  method: string
  url: string
  headers: Record<string, string>
  body: string
  signatureBase?: string
}

function fixture(name: string) {
  return JSON.parse(readFileSync(new URL(`../fixtures/ocm/${name}`, import.meta.url), 'utf8'))
}

const published = fixture('spec-signature-vector.json') as Vector & { jwk: PublicJwk }
const own = fixture('own-signature-vectors.json') as {
  keys: {
    ed25519: { public: PublicJwk }
    es256: { public: PublicJwk }
    rsa: { publicPem: string; privatePem: string }
  }
  cases: Vector[]
}
const draft07 = own.cases.slice(0, 2)

function toMessage(vector: Vector): HttpMessage {
  return {
    method: vector.method,
    targetUri: vector.url,
    headers: vector.headers,
    body: Buffer.from(vector.body),
  }
}

/** The whole judgement without the network: throws `SignatureError`, or returns what was signed. */
function judge(message: HttpMessage, jwk: PublicJwk, nowSeconds: number): string {
  const signature = inspectSignature(message.headers)
  if (signature === undefined) throw new SignatureError('SIGNATURE_REQUIRED', 'none')
  checkBeforeKey(signature, message, nowSeconds * 1000)
  const base = signature.base(message)
  const { bytes, alg, joseAlg = jwk.alg } = signature
  const key = toVerificationKey({ ...jwk, alg: joseAlg })
  if (!key.verify(base, bytes, alg)) throw new SignatureError('SIGNATURE_INVALID', 'wrong')
  return base
}

function faultOf(work: () => unknown): SignatureFault | 'none' {
  try {
    work()
    return 'none'
  } catch (error) {
    if (error instanceof SignatureError) return error.fault
    throw error
  }
}

describe('published signature vectors', () => {
  it('of draft-07, Appendix B, verify', () => {
    expect(judge(toMessage(published), published.jwk, 1_785_060_500)).toContain('"content-length": 521\n')
  })

  it.each(draft07)('of our own verify: $name', (vector) => {
    expect(judge(toMessage(vector), own.keys.ed25519.public, 1_795_000_100)).toBe(vector.signatureBase)
  })

  it('of our own in the form of draft-05 verifies', () => {
    const vector = own.cases[2] as Vector
    expect(inspectSignature(vector.headers)).toMatchObject({ form: 'draft-05' })
    expect(judge(toMessage(vector), own.keys.es256.public, 1_795_000_100)).toBe(vector.signatureBase)
  })

  it('of our own in the form of draft-cavage verifies', () => {
    const vector = own.cases[3] as Vector
    const { keyid = '' } = inspectSignature(vector.headers) ?? {}
    const jwk = jwkFromPem(own.keys.rsa.publicPem, keyid, 'RS512')
    expect(judge(toMessage(vector), jwk, 1_795_000_100)).toBe(vector.signatureBase)
  })
})

describe('a tampered message is refused for its own reason', () => {
  const input = published.headers['signature-input'] ?? ''
  const signature = published.headers.signature ?? ''
  const header = (name: string, value: string) => (m: HttpMessage) => ({
    ...m,
    headers: { ...m.headers, [name]: value },
  })
  const inputWith = (from: string | RegExp, to: string) => header('signature-input', input.replace(from, to))
  const cases: [string, SignatureFault, (m: HttpMessage) => HttpMessage, number?][] = [
    [
      'another body of the same length',
      'CONTENT_DIGEST_MISMATCH',
      (m) => ({ ...m, body: Buffer.alloc(521, 'x') }),
    ],
    ['a longer body', 'CONTENT_LENGTH_MISMATCH', (m) => ({ ...m, body: Buffer.alloc(522, 'x') })],
    ['no Content-Digest', 'CONTENT_DIGEST_MISMATCH', header('content-digest', '')],
    ['only an unknown digest', 'CONTENT_DIGEST_MISMATCH', header('content-digest', 'md5=:AAAA:')],
    ['a garbled digest', 'CONTENT_DIGEST_MISMATCH', header('content-digest', 'sha-256=(')],
    ['another method', 'SIGNATURE_INVALID', (m) => ({ ...m, method: 'PUT' })],
    [
      'another address',
      'SIGNATURE_INVALID',
      (m) => ({ ...m, targetUri: 'https://victim.example/ocm/shares' }),
    ],
    ['a changed created', 'SIGNATURE_INVALID', inputWith('1785060500', '1785060501')],
    ['another keyid', 'SIGNATURE_INVALID', inputWith('#key1', '#key2')],
    ['a flipped signature', 'SIGNATURE_INVALID', header('signature', signature.replace('Epax', 'Fpax'))],
    ['a cut signature', 'SIGNATURE_INVALID', header('signature', 'sig1=:Epax:')],
    [
      'a signature under another label',
      'SIGNATURE_MALFORMED',
      header('signature', signature.replace('sig1', 'sig2')),
    ],
    ['a signature that is no bytes', 'SIGNATURE_MALFORMED', header('signature', 'sig1="text"')],
    ['an unreadable input', 'SIGNATURE_MALFORMED', header('signature-input', 'sig1=(((')],
    ['two signatures with the tag', 'SIGNATURE_AMBIGUOUS', header('signature-input', `${input}, b${input}`)],
    ['no created', 'SIGNATURE_INCOMPLETE', inputWith('created=1785060500;', '')],
    ['a created that is text', 'SIGNATURE_INCOMPLETE', inputWith('=1785060500', '="1785060500"')],
    ['no keyid', 'SIGNATURE_INCOMPLETE', inputWith('keyid="sender.example.org#key1";', '')],
    ['no method covered', 'SIGNATURE_INCOMPLETE', inputWith('"@method" ', '')],
    ['no address covered', 'SIGNATURE_INCOMPLETE', inputWith('"@target-uri" ', '')],
    ['no digest covered', 'SIGNATURE_INCOMPLETE', inputWith('"content-digest" ', '')],
    ['no length covered', 'SIGNATURE_INCOMPLETE', inputWith(' "content-length"', '')],
    ['a component twice', 'SIGNATURE_MALFORMED', inputWith('"@method" ', '"@method" "@method" ')],
    ['a component with parameters', 'SIGNATURE_MALFORMED', inputWith('"@method"', '"@method";req')],
    ['an unknown derived component', 'SIGNATURE_MALFORMED', inputWith('"@method"', '"@method" "@status"')],
    ['a covered header that is missing', 'SIGNATURE_INVALID', inputWith('"@method"', '"@method" "x-more"')],
    ['another algorithm named', 'KEY_NOT_ACCEPTED', inputWith('alg="ed25519"', 'alg="hmac-sha256"')],
    [
      'an expiry that is past',
      'SIGNATURE_EXPIRED',
      inputWith(';tag', ';expires=1785060501;tag'),
      1_785_060_502,
    ],
    ['another tag', 'SIGNATURE_REQUIRED', inputWith('tag="ocm"', 'tag="mls"')],
    ['an age of 301 s', 'SIGNATURE_EXPIRED', (m) => m, 1_785_060_801],
    ['a time 61 s ahead', 'SIGNATURE_FROM_THE_FUTURE', (m) => m, 1_785_060_439],
  ]

  it.each(cases)('%s: %s', (_what, fault, change, nowSeconds = 1_785_060_500) => {
    expect(faultOf(() => judge(change(toMessage(published)), published.jwk, nowSeconds))).toBe(fault)
  })

  it('and taken at the edges of its time', () => {
    expect(faultOf(() => judge(toMessage(published), published.jwk, 1_785_060_800))).toBe('none')
    expect(faultOf(() => judge(toMessage(published), published.jwk, 1_785_060_440))).toBe('none')
  })

  it('unless what changed is not covered', () => {
    const other = header('signature-input', `x=("date");tag="mls", ${input}`)(toMessage(published))
    expect(faultOf(() => judge(other, published.jwk, 1_785_060_500))).toBe('none')
  })
})

describe('keys', () => {
  const data = 'some text'
  const make = {
    Ed25519: () => generateKeyPairSync('ed25519'),
    ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  }
  const pss = (saltLength: number) => ({ padding: 6, saltLength })

  it.each([
    ['Ed25519', make.Ed25519, null, {}, 'ed25519'],
    ['EdDSA', make.Ed25519, null, {}, 'ed25519'],
    ['ES256', make.ES256, 'sha256', { dsaEncoding: 'ieee-p1363' }, 'ecdsa-p256-sha256'],
    ['ES384', make.ES384, 'sha384', { dsaEncoding: 'ieee-p1363' }, 'ecdsa-p384-sha384'],
    ['RS256', make.RSA, 'sha256', {}, 'rsa-v1_5-sha256'],
    ['PS512', make.RSA, 'sha512', pss(64), 'rsa-pss-sha512'],
    ['PS256', make.RSA, 'sha256', pss(32), undefined],
  ] as const)('verify %s, and nothing else', (alg, create, hash, options, httpName) => {
    const { publicKey, privateKey } = create()
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k', alg } as unknown as PublicJwk
    const signature = sign(hash, Buffer.from(data), { key: privateKey, ...options })
    const key = toVerificationKey(jwk)
    expect(key.verify(data, signature, httpName)).toBe(true)
    expect(key.verify(data, signature, undefined)).toBe(true)
    expect(key.verify(`${data}.`, signature, undefined)).toBe(false)
    expect(() => key.verify(data, signature, 'hmac-sha256')).toThrow('the signature says hmac-sha256')
  })

  it.each([
    ['a shared secret', { kty: 'oct', alg: 'HS256', k: 'c2VjcmV0' }],
    ['no algorithm', { kty: 'OKP', crv: 'Ed25519', alg: 'none', x: published.jwk.x }],
    ['a type that does not fit', { ...published.jwk, alg: 'ES256' }],
    ['a curve that does not fit', { ...published.jwk, crv: 'Ed448' }],
    ['encryption', { ...published.jwk, use: 'enc' }],
    ['garbage', { ...published.jwk, x: '!' }],
    ['the name of a method of objects', { ...published.jwk, alg: 'constructor' }],
  ])('are refused for %s', (_what, jwk) => {
    expect(faultOf(() => toVerificationKey({ kid: 'k', ...jwk } as PublicJwk))).toBe('KEY_NOT_ACCEPTED')
  })

  it('are refused when RSA is too short', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256' } as unknown as PublicJwk
    expect(() => toVerificationKey(jwk)).toThrow('an RSA key needs 2048 bits')
  })

  it('of our own sign what verifies, each time anew', () => {
    const { privateJwk, publicJwk, kid } = generateSigningKey('leiden.test')
    const clock = new HandClock()
    const request = { method: 'POST', targetUri: 'https://krakow.test/ocm/shares', body: Buffer.from('{}') }
    const signer = createSigner(privateJwk, clock)
    const [one, two] = [signer.sign(request), signer.sign(request)]
    const lower = Object.entries(one).map(([name, value]) => [name.toLowerCase(), value])
    judge({ ...request, headers: Object.fromEntries(lower) }, publicJwk, clock.nowMs() / 1000)
    expect(one.Signature).not.toBe(two.Signature)
    expect(kid).toMatch(/^leiden\.test#/)
    expect(publicJwk).not.toHaveProperty('d')
  })

  it('are read from a file only when they are whole', () => {
    const { privateJwk } = generateSigningKey('leiden.test')
    expect(parseSigningKey(JSON.parse(JSON.stringify(privateJwk)))).toEqual(privateJwk)
    expect(() => parseSigningKey({ ...privateJwk, d: undefined })).toThrow('wrong: d.')
    expect(() => parseSigningKey(null)).toThrow('wrong: the whole.')
  })
})

describe('a content digest', () => {
  const body = Buffer.from('hello')
  it('must match in every algorithm we know', () => {
    expect(faultOf(() => checkContentDigest(`md5=:AAAA:, ${contentDigest(body)}`, body))).toBe('none')
    const wrong = `${contentDigest(body)}, sha-512=:AAAA:`
    expect(faultOf(() => checkContentDigest(wrong, body))).toBe('CONTENT_DIGEST_MISMATCH')
  })
})
