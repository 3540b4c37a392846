import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CavageError, openCavage, signCavage } from './ocm/cavage.ts'
import type { FakeRequest } from './ocm/http-server.ts'
import { openRfc9421, Rfc9421Error, signRfc9421 } from './ocm/rfc9421.ts'

const fixture = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/ocm', name), 'utf8'))
const recorded = fixture('nextcloud-32-messages.json') as {
  discovery: Record<string, { publicKey: { keyId: string; publicKeyPem: string } }>
  messages: { from: string; to: string; path: string; headers: Record<string, string>; body: string }[]
}
const own = fixture('own-signature-vectors.json') as {
  keys: {
    ed25519: { public: JsonWebKey }
    es256: { public: JsonWebKey }
    rsa: { publicPem: string; privatePem: string }
  }
  cases: { name: string; url: string; headers: Record<string, string>; body: string }[]
}

function request(path: string, headers: Record<string, string>, body: string): FakeRequest {
  const query = new URLSearchParams()
  return { method: 'POST', path, uri: path, query, headers: { ...headers }, body: Buffer.from(body) }
}

/** Puts something else in place of one header. */
const set = (name: string, change: (old: string) => string) => (headers: Record<string, string>) => {
  headers[name] = change(headers[name] ?? '')
}

describe('the verifier of draft-cavage signatures', () => {
  it.each(
    recorded.messages.map((message, number) => ({ message, number })),
  )('accepts recorded message $number of a real Nextcloud', ({
    message: { from, to, path, headers, body },
  }) => {
    const signed = openCavage(request(path, headers, body), to, Date.parse(headers.date ?? ''))
    const key = recorded.discovery[from]?.publicKey
    expect(signed).toMatchObject({ keyId: key?.keyId, origin: from })
    signed.check(key?.publicKeyPem ?? '')
    expect(() => signed.check(own.keys.rsa.publicPem)).toThrow('signature issue')
  })

  it('accepts the vector of our own', () => {
    const { url, headers, body } = vector('draft-cavage')
    const signed = openCavage(
      request('/ocm/notifications', headers, body),
      new URL(url).host,
      1_795_000_000_000,
    )
    signed.check(own.keys.rsa.publicPem)
    expect(signed.origin).toBe('alice.example')
  })

  const nowMs = 1_795_000_000_000
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const sign = (change: (headers: Record<string, string>) => void = () => undefined) => {
    const key = { keyId: 'https://a.test/ocm#signature', privateKey: keys.privateKey }
    const written = signCavage(key, 'http://b.test/ocm/shares', Buffer.from('{}'), nowMs)
    const headers: Record<string, string> = { 'content-length': '2' }
    for (const [name, value] of Object.entries(written)) headers[name.toLowerCase()] = value
    change(headers)
    return request('/ocm/shares', headers, '{}')
  }
  const replace = (from: string, to: string) => (headers: Record<string, string>) => {
    headers.signature = (headers.signature ?? '').replace(from, to)
  }
  const verify = (signed: FakeRequest, host = 'b.test', at = nowMs) => openCavage(signed, host, at).check(pem)

  it('accepts what it has signed, up to five minutes later and from the future', () => {
    verify(sign())
    verify(sign(), 'b.test', nowMs + 300_000)
    verify(sign(), 'b.test', nowMs - 86_400_000)
  })

  it.each<[string, (headers: Record<string, string>) => void, CavageError['kind']]>([
    ['no signature', (headers) => void delete headers.signature, 'unsigned'],
    ['no date', (headers) => void delete headers.date, 'incoming'],
    ['no digest', (headers) => void delete headers.digest, 'incoming'],
    ['another length', set('content-length', () => '3'), 'incoming'],
    ['a digest of another body', set('digest', () => 'SHA-256=AA=='), 'incoming'],
    ['a digest in lower case', set('digest', (old) => old.replace('SHA', 'sha')), 'incoming'],
    ['blanks after the commas', replace(',algorithm', ', algorithm'), 'signature'],
    ['a blank before headers', replace(',headers', ', headers'), 'incoming'],
    ['a member without quotes', replace(',algorithm', ',created=1,algorithm'), 'crash'],
    ['the form of RFC 9421', set('signature', () => 'sig1=:AAAA:'), 'crash'],
    ['host not covered', replace(' host"', '"'), 'signature'],
    ['another order of headers', replace('content-length date', 'date content-length'), 'signature'],
    ['another algorithm', replace('rsa-sha512', 'hs2019'), 'signature'],
    ['a keyId that is no URL', replace('https://a.test', 'a.test'), 'incoming'],
    ['another date', set('date', () => new Date(nowMs - 1000).toUTCString()), 'signature'],
  ])('refuses %s', (_what, change, kind) => {
    const error = caught(() => verify(sign(change)))
    expect(error).toBeInstanceOf(CavageError)
    expect((error as CavageError).kind).toBe(kind)
  })

  it('refuses a message for another host, to another path, too old, or by a key that is not RSA', () => {
    expect(() => verify(sign(), 'c.test')).toThrow('signature issue')
    expect(() => verify({ ...sign(), uri: '/ocm/notifications' })).toThrow('signature issue')
    expect(() => verify(sign(), 'b.test', nowMs + 301_000)).toThrow('object is too old')
    const ed = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(() => openCavage(sign(), 'b.test', nowMs).check(ed)).toThrow('signature issue')
  })
})

describe('the verifier of RFC 9421 signatures', () => {
  const jwks = [own.keys.ed25519.public, own.keys.es256.public]
  const nowMs = 1_795_000_000_000

  it.each([
    ['draft-07 token', 'tag'],
    ['draft-07 invite-accepted', 'tag'],
    ['draft-05', 'label'],
  ] as const)('accepts the vector %s of our own', (name, profile) => {
    const { url, headers, body } = vector(name)
    const message = { method: 'POST', targetUri: url, headers, body: Buffer.from(body) }
    openRfc9421(message, profile, nowMs).check(jwks)
    expect(
      caught(() => openRfc9421({ ...message, targetUri: `${url}/` }, profile, nowMs).check(jwks)),
    ).toBeInstanceOf(Rfc9421Error)
  })

  const ed = generateKeyPairSync('ed25519')
  const jwk = { ...ed.publicKey.export({ format: 'jwk' }), kid: 'a.test#1', alg: 'Ed25519' }
  const url = 'http://b.test/ocm/shares'
  const body = Buffer.from('{"a":1}')
  const sign = (change: (headers: Record<string, string>) => void = () => undefined) => {
    const key = { kid: 'a.test#1', alg: 'Ed25519', privateKey: ed.privateKey }
    const headers: Record<string, string> = { 'content-length': '7' }
    const written = signRfc9421(key, { url, body, profile: 'tag', nowMs })
    for (const [name, value] of Object.entries(written)) headers[name.toLowerCase()] = value
    change(headers)
    return { method: 'POST', targetUri: url, headers, body }
  }
  const inInput = (from: string, to: string) => (headers: Record<string, string>) => {
    headers['signature-input'] = (headers['signature-input'] ?? '').replace(from, to)
  }

  it('accepts what it has signed, beside signatures of others', () => {
    openRfc9421(sign(), 'tag', nowMs).check([jwk])
    const beside = sign((headers) => {
      headers['signature-input'] = `proxy=("@method");created=1;keyid="p", ${headers['signature-input']}`
      headers.signature = `proxy=:AAAA:, ${headers.signature}`
    })
    openRfc9421(beside, 'tag', nowMs).check([jwk])
  })

  it.each<[string, (headers: Record<string, string>) => void, string]>([
    ['no tag', inInput(';tag="ocm"', ''), 'missing "ocm" entry in Signature-Input'],
    ['two with the tag', set('signature-input', (old) => `${old}, x${old}`), 'multiple'],
    ['the digest not covered', inInput(' "content-digest"', ''), 'required components: content-digest'],
    ['no created', inInput(';created=1795000000', ''), 'created'],
    ['an unknown key', inInput('a.test#1', 'a.test#2'), 'no JWK resolved'],
    ['another algorithm than the key has', inInput(';tag', ';alg="hmac-sha256";tag'), 'alg does not fit'],
    ['another body', set('content-digest', () => 'sha-256=:AAAA:'), 'does not match body'],
    ['another time', inInput('1795000000', '1795000001'), 'verification failed'],
  ])('refuses %s', (_what, change, message) => {
    expect(() => openRfc9421(sign(change), 'tag', nowMs).check([jwk])).toThrow(message)
  })

  it('refuses what is stale or from the future, and keys that are shared secrets', () => {
    expect(() => openRfc9421(sign(), 'tag', nowMs + 301_000)).toThrow('too old')
    expect(() => openRfc9421(sign(), 'tag', nowMs - 61_000)).toThrow('future')
    const secret = { kty: 'oct', k: 'AAAA', kid: 'a.test#1', alg: 'HS256' }
    expect(() => openRfc9421(sign(), 'tag', nowMs).check([secret])).toThrow('HS256')
  })
})

function vector(name: string) {
  const found = own.cases.find((one) => one.name.startsWith(name))
  if (found === undefined) throw new Error(`no vector ${name}`)
  return found
}

function caught(act: () => unknown): unknown {
  try {
    act()
    return undefined
  } catch (error) {
    return error
  }
}

it('the recorded keys are RSA keys of 2048 bits', () => {
  for (const { publicKey } of Object.values(recorded.discovery))
    expect(createPublicKey(publicKey.publicKeyPem).asymmetricKeyDetails?.modulusLength).toBe(2048)
})
