import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PeerInfo } from '../../src/ocm/peer-info.ts'
import { jwkFromPem, toVerificationKey } from '../../src/ocm/signatures/algorithms.ts'
import { signatureFormFor, signFor } from '../../src/ocm/signatures/form-for-peer.ts'
import { generateRsaKey, generateSigningKey, toPem, toPrivateKey } from '../../src/ocm/signatures/keys.ts'
import { checkBeforeKey, inspectSignature } from '../../src/ocm/signatures/ocm-signature.ts'
import { signWith } from '../../src/ocm/signatures/signer.ts'
import { openCavage } from '../fakes/ocm/cavage.ts'
import { openRfc9421, type PublicJwk } from '../fakes/ocm/rfc9421.ts'
import { type Form, type Oddities, SigningPeer } from './signing-peer.ts'
import { HandClock, START_MS, sampleShare, startNode, type TestNode } from './support.ts'

interface Recorded {
  discovery: Record<string, { publicKey: { keyId: string; publicKeyPem: string } }>
  messages: {
    from: string
    to: string
    path: string
    headers: Record<string, string>
    body: string
  }[]
}

const recorded: Recorded = JSON.parse(
  readFileSync(new URL('../fixtures/ocm/nextcloud-32-messages.json', import.meta.url), 'utf8'),
)

describe('a recorded message of Nextcloud 32', () => {
  it.each(
    recorded.messages.map((message, index) => [index, message] as const),
  )('%i verifies', (_n, message) => {
    const { from, to, path, headers, body } = message
    const http = { method: 'POST', targetUri: `https://${to}${path}`, headers, body: Buffer.from(body) }
    const signature = inspectSignature(headers)
    if (signature === undefined) throw new Error('not signed')
    checkBeforeKey(signature, http, Date.parse(headers.date ?? '') + 1_000)
    const { keyId, publicKeyPem } = recorded.discovery[from]?.publicKey ?? { keyId: '', publicKeyPem: '' }
    expect(signature).toMatchObject({ form: 'cavage', keyid: keyId, joseAlg: 'RS512' })
    const key = toVerificationKey(jwkFromPem(publicKeyPem, keyId, 'RS512'))
    expect(key.verify(signature.base(http), signature.bytes, undefined)).toBe(true)
    const elsewhere = { ...http, targetUri: `https://other.test${path}` }
    expect(key.verify(signature.base(elsewhere), signature.bytes, undefined)).toBe(false)
  })
})

describe('what we sign is verified by code that is not ours', () => {
  const body = Buffer.from('{"shareWith":"jan@krakow.test"}')
  const request = { method: 'POST', targetUri: 'https://krakow.test/ocm/shares', body }
  const lower = (headers: Record<string, string>) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

  it.each([
    ['draft-07', 'tag'],
    ['draft-05', 'label'],
  ] as const)('in the form of %s', (form, profile) => {
    const { kid, privateJwk, publicJwk } = generateSigningKey('leiden.test')
    const signed = signWith(toPrivateKey(kid, JSON.stringify(privateJwk)), form, request, START_MS)
    const opened = openRfc9421({ ...request, headers: lower(signed) }, profile, START_MS)
    expect(opened.keyid).toBe(kid)
    opened.check([publicJwk as unknown as PublicJwk])
  })

  it('in the form of draft-cavage, written as Nextcloud writes it', async () => {
    const key = await generateRsaKey('https://leiden.test/ocm#signature')
    const signed = signWith(toPrivateKey(key.kid, key.privateJwk), 'cavage', request, START_MS)
    expect(signed.Signature).toMatch(
      /^keyId="https:\/\/leiden\.test\/ocm#signature",algorithm="rsa-sha512",headers="\(request-target\) content-length date digest host",signature="[A-Za-z0-9+/]+=*"$/,
    )
    expect(signed.Digest).toMatch(/^SHA-512=/)
    expect(signed.Date).toBe(new Date(START_MS).toUTCString())
    expect(Object.keys(signed).sort()).toEqual(['Content-Length', 'Date', 'Digest', 'Signature'])
    const asked = {
      method: 'POST',
      path: '/ocm/shares',
      uri: '/ocm/shares',
      query: new URLSearchParams(),
      body,
    }
    const opened = openCavage({ ...asked, headers: lower(signed) }, 'krakow.test', START_MS)
    expect(opened.origin).toBe('leiden.test')
    opened.check(toPem(key.publicJwk))
  })
})

describe('the form of a signature', () => {
  const peer = (said: Partial<PeerInfo>): PeerInfo => ({
    ...{ host: 'krakow.test', apiVersion: '1.4.0', provider: '', endPoint: 'https://krakow.test/ocm' },
    ...{ capabilities: [], criteria: [], resourceTypes: [] },
    ...said,
  })
  const jwksUri = 'https://krakow.test/keys'
  const publicKey = { keyId: 'https://krakow.test/ocm#signature', publicKeyPem: 'pem' }

  it.each<[string, Partial<PeerInfo>, string | undefined]>([
    ['http-sig and jwksUri', { capabilities: ['http-sig'], jwksUri }, 'draft-07'],
    ['both kinds of keys', { capabilities: ['http-sig'], jwksUri, publicKey }, 'draft-07'],
    ['http-sig alone', { capabilities: ['http-sig'] }, 'draft-05'],
    ['http-sig and publicKey, as Nextcloud 34', { capabilities: ['http-sig'], publicKey }, 'draft-05'],
    ['the criterion alone', { criteria: ['must-use-http-sig'], jwksUri }, 'draft-07'],
    ['publicKey alone, as Nextcloud 31 to 33', { publicKey }, 'cavage'],
    ['nothing', {}, undefined],
  ])('follows from discovery: %s', (_what, said, form) => {
    expect(signatureFormFor(peer(said))).toBe(form)
  })

  it('limits what is sent to Nextcloud 31 to 33, which verifies no more than 50,000 bytes', async () => {
    const signer = { sign: async () => ({ Signature: 'signed' }) }
    const of = (bytes: number) => ({ method: 'POST', targetUri: jwksUri, body: Buffer.alloc(bytes) })
    expect(await signFor(signer, peer({ publicKey }), of(50_000))).toEqual({ Signature: 'signed' })
    await expect(signFor(signer, peer({ publicKey }), of(50_001))).rejects.toMatchObject({
      reason: 'unsupported',
    })
    expect(await signFor(signer, peer({}), of(60_000))).toEqual({})
  })
})

describe('two servers', () => {
  let clock: HandClock
  let krakow: TestNode
  let peer: SigningPeer

  beforeEach(async () => {
    clock = new HandClock()
    krakow = await startNode('krakow.test', { clock })
    peer = await SigningPeer.start('other.test', clock)
  })

  afterEach(async () => {
    peer.close()
    await krakow.close()
  })

  const become: Record<Form, () => void> = {
    tag: () => undefined,
    label: () => {
      peer.document = { jwksUri: undefined }
    },
    cavage: () => peer.becomeNextcloud(),
  }

  it.each(['tag', 'label', 'cavage'] as const)('understand each other in the form %s', async (form) => {
    become[form]()
    expect(await peer.send(krakow, form)).toMatchObject({ status: 201 })
    expect(krakow.inbox.shares[0]).toMatchObject({ peerHost: peer.host })
    await krakow.ocm.client.sendShare(sampleShare(krakow.host, peer.host))
    const { path, headers, body } = peer.received[0] ?? { path: '', headers: {}, body: Buffer.of() }
    if (form === 'cavage') {
      const asked = { method: 'POST', path, uri: path, query: new URLSearchParams(), headers, body }
      const opened = openCavage(asked, peer.host, clock.nowMs())
      const document = await (await fetch(`http://127.0.0.1:${krakow.port}/ocm-provider/`)).json()
      const { publicKey } = document as { publicKey: { keyId: string; publicKeyPem: string } }
      expect(publicKey.keyId).toBe(`${krakow.publicUrl}/ocm#signature`)
      expect(opened.keyId).toBe(publicKey.keyId)
      return opened.check(publicKey.publicKeyPem)
    }
    const message = { method: 'POST', targetUri: `http://${peer.host}${path}`, headers, body }
    const jwks = await (await fetch(`http://127.0.0.1:${krakow.port}/.well-known/jwks.json`)).json()
    openRfc9421(message, form, clock.nowMs()).check((jwks as { keys: PublicJwk[] }).keys)
  })

  it('do not take a signed message twice, in whatever form', async () => {
    for (const form of ['tag', 'label', 'cavage'] as const) {
      become[form]()
      clock.advance(3_600_001)
      const body = peer.shareFor(krakow)
      const headers = peer.signature(krakow, form, body)
      const change = (given: Record<string, string>) => Object.assign(given, headers)
      expect(await peer.send(krakow, undefined, { body, change })).toMatchObject({ status: 201 })
      expect(await peer.send(krakow, undefined, { body, change })).toMatchObject({
        status: 401,
        message: 'SIGNATURE_REPLAYED',
      })
      await krakow.ocm.peerKeys.forget(peer.host)
    }
  })

  it('take the same notification of an old Nextcloud a few times within its second, from people who do the same', async () => {
    become.cavage()
    expect(await peer.send(krakow, 'cavage')).toMatchObject({ status: 201 })
    expect(await statusesOf(repeated(0))).toEqual([201, 201, 201, 201, 201, 401, 401])
  })

  it('take the same notification of a server that signs with Ed25519 and no nonce a few times as well', async () => {
    become.tag()
    expect(await statusesOf(repeated(0, 'tag'))).toEqual([201, 201, 201, 201, 201, 401, 401])
  })

  it('take it once when it is old or of the future, and a share in any case', async () => {
    become.cavage()
    expect(await statusesOf(repeated(-3_000))).toEqual([201, 401, 401, 401, 401, 401, 401])
    expect(await statusesOf(repeated(5_000))).toEqual([201, 401, 401, 401, 401, 401, 401])
    const share = peer.shareFor(krakow)
    const headers = peer.signature(krakow, 'cavage', share)
    const change = (given: Record<string, string>) => Object.assign(given, headers)
    expect((await statusesOf({ body: share, change })).filter((status) => status === 201)).toHaveLength(1)
  })

  /** One notification, signed once, so long after now. */
  function repeated(ms: number, form: Form = 'cavage'): Oddities {
    const notice = { notificationType: 'SHARE_ACCEPTED', resourceType: 'file', providerId: 'p-1' }
    const body = Buffer.from(JSON.stringify({ ...notice, notification: { sharedSecret: 'secret', n: ms } }))
    const path = '/ocm/notifications'
    krakow.inbox.peers.set('p-1', peer.host)
    const headers = peer.signature(krakow, form, body, { path, nowMs: clock.nowMs() + ms })
    return { path, body, change: (given) => Object.assign(given, headers) }
  }

  async function statusesOf(odd: Oddities): Promise<number[]> {
    const statuses: number[] = []
    for (let i = 0; i < 7; i++) statuses.push((await peer.send(krakow, undefined, odd)).status)
    return statuses
  }

  it('go on when a Nextcloud becomes one that has a key set, and keeps its old key for a while', async () => {
    peer.becomeNextcloud()
    expect(await peer.send(krakow, 'cavage')).toMatchObject({ status: 201 })
    const { publicKey } = peer.document
    peer.document = { publicKey }
    clock.advance(3_600_001)
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    peer.document = {}
    clock.advance(3_600_001)
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
  })
})
