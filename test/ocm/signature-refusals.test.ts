import { request as httpRequest } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Form, type Oddities, SigningPeer } from './signing-peer.ts'
import { HandClock, START_MS, startNode, type TestNode } from './support.ts'

let clock: HandClock
let krakow: TestNode
let peer: SigningPeer
let other: SigningPeer

beforeEach(async () => {
  clock = new HandClock()
  krakow = await startNode('krakow.test', { clock })
  peer = await SigningPeer.start('other.test', clock)
  other = await SigningPeer.start('leiden.test', clock)
})

afterEach(async () => {
  peer.close()
  other.close()
  await krakow.close()
})

/** The same change to a header, whatever its case. */
function edit(name: string, change: (value: string) => string | undefined): Oddities {
  return {
    change: (headers) => {
      const key = Object.keys(headers).find((one) => one.toLowerCase() === name) ?? name
      const value = change(headers[key] ?? '')
      if (value === undefined) delete headers[key]
      else headers[key] = value
    },
  }
}

const replaced = (name: string, from: string | RegExp, to: string) =>
  edit(name, (value) => {
    expect(value).toMatch(from)
    return value.replace(from, to)
  })

async function refuse(form: Form | undefined, odd: Oddities, message: string): Promise<void> {
  expect(await peer.send(krakow, form, odd)).toMatchObject({ status: 401, message })
  expect(krakow.inbox.shares).toEqual([])
}

describe('a share is answered 401', () => {
  it('SIGNATURE_REQUIRED when it is not signed', () => refuse(undefined, {}, 'SIGNATURE_REQUIRED'))

  it('SIGNATURE_REQUIRED when the signature has a tag of another protocol', () =>
    refuse('tag', replaced('signature-input', 'tag="ocm"', 'tag="mls"'), 'SIGNATURE_REQUIRED'))

  it('SIGNATURE_AMBIGUOUS when two signatures have the tag', () =>
    refuse(
      'tag',
      edit('signature-input', (value) => `${value}, b${value}`),
      'SIGNATURE_AMBIGUOUS',
    ))

  it.each<[Form, string, Oddities, string]>([
    [
      'tag',
      'a digest of another body',
      edit('content-digest', () => `sha-256=:${'A'.repeat(43)}=:`),
      'CONTENT_DIGEST_MISMATCH',
    ],
    ['tag', 'no digest', edit('content-digest', () => undefined), 'CONTENT_DIGEST_MISMATCH'],
    ['tag', 'an age of 301 s', { nowMs: START_MS - 301_000 }, 'SIGNATURE_EXPIRED'],
    ['tag', 'a time 61 s from now', { nowMs: START_MS + 61_000 }, 'SIGNATURE_FROM_THE_FUTURE'],
    ['tag', 'an unknown kid', { kid: 'other.test#nobody' }, 'KEY_NOT_FOUND'],
    ['tag', 'another address signed', { signedUrl: 'http://leiden.test/ocm/shares' }, 'SIGNATURE_INVALID'],
    [
      'label',
      'a digest of another body',
      edit('content-digest', () => `sha-256=:${'A'.repeat(43)}=:`),
      'CONTENT_DIGEST_MISMATCH',
    ],
    ['label', 'an age of 301 s', { nowMs: START_MS - 301_000 }, 'SIGNATURE_EXPIRED'],
    ['label', 'a time 61 s from now', { nowMs: START_MS + 61_000 }, 'SIGNATURE_FROM_THE_FUTURE'],
    ['label', 'no date covered', replaced('signature-input', ' "date"', ''), 'SIGNATURE_INCOMPLETE'],
    ['label', 'a changed date', edit('date', () => new Date(0).toUTCString()), 'SIGNATURE_INVALID'],
    ['label', 'an unknown kid', { kid: 'other.test#nobody' }, 'KEY_NOT_FOUND'],
    [
      'cavage',
      'a digest of another body',
      edit('digest', () => `SHA-512=${'A'.repeat(86)}==`),
      'CONTENT_DIGEST_MISMATCH',
    ],
    ['cavage', 'a digest that is too weak', edit('digest', () => 'MD5=AAAA'), 'CONTENT_DIGEST_MISMATCH'],
    ['cavage', 'no digest', edit('digest', () => undefined), 'CONTENT_DIGEST_MISMATCH'],
    ['cavage', 'a date of 301 s ago', { nowMs: START_MS - 301_000 }, 'SIGNATURE_EXPIRED'],
    ['cavage', 'a date 61 s from now', { nowMs: START_MS + 61_000 }, 'SIGNATURE_FROM_THE_FUTURE'],
    [
      'cavage',
      'a changed date',
      edit('date', () => new Date(START_MS - 1_000).toUTCString()),
      'SIGNATURE_INVALID',
    ],
    ['cavage', 'no date', edit('date', () => 'yesterday'), 'SIGNATURE_INCOMPLETE'],
    ['cavage', 'another host signed', { signedUrl: 'http://leiden.test/ocm/shares' }, 'SIGNATURE_INVALID'],
    [
      'cavage',
      'another path signed',
      { signedUrl: 'http://krakow.test/ocm/notifications' },
      'SIGNATURE_INVALID',
    ],
    ['cavage', 'no host covered', replaced('signature', ' host"', '"'), 'SIGNATURE_INCOMPLETE'],
    ['cavage', 'no digest covered', replaced('signature', ' digest', ''), 'SIGNATURE_INCOMPLETE'],
    ['cavage', 'no target covered', replaced('signature', '(request-target) ', ''), 'SIGNATURE_INCOMPLETE'],
    [
      'cavage',
      'a component twice',
      replaced('signature', 'date digest', 'date date digest'),
      'SIGNATURE_MALFORMED',
    ],
    ['cavage', 'two key ids', replaced('signature', /^/, 'keyId="x",'), 'SIGNATURE_AMBIGUOUS'],
    ['cavage', 'an open quotation', replaced('signature', /"$/, ''), 'SIGNATURE_MALFORMED'],
    [
      'cavage',
      'no signature inside',
      replaced('signature', /signature="[^"]+"/, 'signature=""'),
      'SIGNATURE_INCOMPLETE',
    ],
    [
      'cavage',
      'a shared secret',
      replaced('signature', 'rsa-sha512', 'hmac-sha256'),
      'SIGNATURE_FORM_NOT_SUPPORTED',
    ],
    ['cavage', 'another hash named', replaced('signature', 'rsa-sha512', 'rsa-sha256'), 'SIGNATURE_INVALID'],
    ['cavage', 'another key id of its own', { kid: 'https://HOST/ocm#other' }, 'KEY_NOT_FOUND'],
  ])('in the form %s for %s', async (form, _what, odd, message) => {
    if (form === 'label') peer.document = { jwksUri: undefined }
    if (form === 'cavage') peer.becomeNextcloud()
    const kid = odd.kid?.replace('HOST', peer.host)
    await refuse(form, kid === undefined ? odd : { ...odd, kid }, message)
  })

  it('SIGNER_IS_NOT_SENDER when a draft-cavage key id is at another host than the owner', async () => {
    peer.becomeNextcloud()
    other.becomeNextcloud()
    await refuse('cavage', { kid: other.keyId, key: other.rsa.privateKey }, 'SIGNER_IS_NOT_SENDER')
    expect(other.asked).toEqual([])
  })

  it('KEY_NOT_FOUND when the kid is one of another domain, whose key signed', async () => {
    await refuse('tag', { kid: other.kid, key: other.ed.privateKey }, 'KEY_NOT_FOUND')
    expect(other.asked).toEqual([])
  })

  it('SIGNATURE_INVALID when another key signed under the kid of the sender', () =>
    refuse('tag', { key: other.ed.privateKey }, 'SIGNATURE_INVALID'))

  it('KEY_NOT_FOUND when a sender of draft-07 has no jwksUri, though it has the keys of draft-05', async () => {
    peer.document = { jwksUri: undefined }
    await refuse('tag', {}, 'KEY_NOT_FOUND')
  })

  it('KEY_NOT_FOUND when a draft-cavage sender publishes no key', async () => {
    peer.document = { capabilities: [], jwksUri: undefined }
    await refuse('cavage', {}, 'KEY_NOT_FOUND')
  })

  it.each([
    ['HS256', { kty: 'oct', alg: 'HS256', k: 'c2VjcmV0' }],
    ['none', { kty: 'oct', alg: 'none' }],
    ['HS256 over its public half', { kty: 'OKP', crv: 'Ed25519', alg: 'HS256', x: 'AAAA' }],
  ])('KEY_NOT_ACCEPTED when the key is %s', async (_what, jwk) => {
    peer.jwks = [{ ...jwk, kid: peer.kid }]
    await refuse('tag', {}, 'KEY_NOT_ACCEPTED')
  })

  it('KEY_NOT_ACCEPTED when a draft-cavage key is not RSA, or cannot be read', async () => {
    peer.becomeNextcloud()
    const publicKey = { keyId: peer.keyId, publicKeyPem: peer.pemOf(peer.ed.publicKey) }
    peer.document = { ...peer.document, publicKey }
    await refuse('cavage', {}, 'KEY_NOT_ACCEPTED')
    clock.advance(3_600_001)
    peer.document = { ...peer.document, publicKey: { keyId: peer.keyId, publicKeyPem: 'no PEM' } }
    await refuse('cavage', {}, 'KEY_NOT_ACCEPTED')
  })

  it('CONTENT_LENGTH_MISMATCH when the length is not told, and so not signed', async () => {
    const body = peer.shareFor(krakow)
    const headers = { ...peer.signature(krakow, 'tag', body), 'Transfer-Encoding': 'chunked' }
    const options = { method: 'POST', port: krakow.port, path: '/ocm/shares', headers }
    const { promise, resolve, reject } = Promise.withResolvers<[number | undefined, string]>()
    httpRequest({ host: '127.0.0.1', ...options }, async (answer) => {
      resolve([answer.statusCode, Buffer.concat(await answer.toArray()).toString()])
    })
      .on('error', reject)
      .end(body)
    expect(await promise).toEqual([401, '{"message":"CONTENT_LENGTH_MISMATCH"}'])
  })
})

describe('an unknown kid', () => {
  it('is asked for once, and again no sooner than after ten seconds', async () => {
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    const asked = () => peer.asked.filter((path) => path === '/keys').length
    clock.advance(10_000)
    for (let n = 0; n < 5; n++) {
      expect(await peer.send(krakow, 'tag', { kid: `x-${n}` })).toMatchObject({ message: 'KEY_NOT_FOUND' })
    }
    expect(asked()).toBe(2)
    clock.advance(10_000)
    await peer.send(krakow, 'tag', { kid: 'x' })
    expect(asked()).toBe(3)
  })

  it('costs nothing when it is wrong before any key is needed', async () => {
    await peer.send(krakow, 'tag', { nowMs: START_MS - 301_000 })
    await peer.send(krakow, 'cavage', { nowMs: START_MS - 301_000 })
    expect(peer.asked).toEqual([])
  })
})

describe('the signer is bound', () => {
  it('to the host of sender and owner, in every form', async () => {
    peer.becomeNextcloud()
    const owner = `u-ann@${other.host}`
    const body = peer.shareFor(krakow, { owner })
    expect(await peer.send(krakow, 'cavage', { body })).toMatchObject({ status: 403 })
    const both = peer.shareFor(krakow, { owner, sender: owner })
    expect(await peer.send(krakow, 'cavage', { body: both })).toMatchObject({
      ...{ status: 401, message: 'SIGNER_IS_NOT_SENDER' },
    })
    expect(krakow.inbox.shares).toEqual([])
  })

  it('to the peer of the share, for notifications', async () => {
    krakow.inbox.peers.set('42', other.host)
    const notice = { notificationType: 'SHARE_UNSHARED', resourceType: 'file', providerId: '42' }
    const body = Buffer.from(JSON.stringify({ ...notice, notification: { sharedSecret: 's' } }))
    const path = '/ocm/notifications'
    expect(await peer.send(krakow, 'tag', { path, body })).toMatchObject({ message: 'KEY_NOT_FOUND' })
    peer.becomeNextcloud()
    expect(await peer.send(krakow, 'cavage', { path, body })).toMatchObject({
      message: 'SIGNER_IS_NOT_SENDER',
    })
    expect(await other.send(krakow, 'tag', { path, body })).toMatchObject({ status: 201 })
    expect(krakow.inbox.notifications).toHaveLength(1)
  })

  it('to recipientProvider, for accepted invitations', async () => {
    const accepted = { recipientProvider: other.host, token: 't', userID: 'u', name: 'U', email: '' }
    const sent = { path: '/ocm/invite-accepted', body: Buffer.from(JSON.stringify(accepted)) }
    expect(await peer.send(krakow, 'tag', sent)).toMatchObject({ status: 401, message: 'KEY_NOT_FOUND' })
    expect(await other.send(krakow, 'tag', sent)).toMatchObject({ status: 200 })
    expect(krakow.inbox.invites).toHaveLength(1)
  })
})
