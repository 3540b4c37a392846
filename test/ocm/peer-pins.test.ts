import { generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InboxRefusedError } from '../../src/ocm/mesh-inbox.ts'
import { createPeerKeyAdmin } from '../../src/ocm/signatures/peer-key-admin.ts'
import { createPeerKeysRepo, type PeerKeyRow } from '../../src/ocm/signatures/peer-keys-repo.ts'
import { createTestDatabase, engines } from '../support/databases.ts'
import { type Oddities, SigningPeer } from './signing-peer.ts'
import { HandClock, startNode, type TestNode, type TestNodeOptions } from './support.ts'

let clock: HandClock
let krakow: TestNode
let peer: SigningPeer
const closers: (() => unknown)[] = []

beforeEach(async () => {
  clock = new HandClock()
  krakow = await node()
  peer = await SigningPeer.start('other.test', clock)
  closers.push(() => peer.close())
})

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function node(ocm: TestNodeOptions['ocm'] = {}): Promise<TestNode> {
  const started = await startNode('krakow.test', { clock, ocm })
  closers.push(started.close)
  return started
}

const next = () => ({ kid: `${peer.host}#ed-2`, key: peer.nextEd.privateKey })
const nextJwk = () => peer.jwkOf(peer.nextEd.publicKey, 'ed-2')
/** Longer than keys are asked for once. */
const later = () => clock.advance(11_000)

const HOUR_MS = 3_600_000
const MINUTES_MS = 10 * 60_000
/** Publishes this key too, and signs with a known one; the new one may be used after ten minutes. */
async function announce(jwk: object, by: Oddities = {}): Promise<void> {
  peer.jwks = [...peer.jwks, jwk]
  clock.advance(HOUR_MS)
  expect(await peer.send(krakow, 'tag', by)).toMatchObject({ status: 201 })
}
const statesOf = async (node: TestNode) =>
  (await node.ocm.peerKeys.list(peer.host)).map(({ keyId, state }) => [keyId, state]).sort()

describe('whoever has the web server of a peer in hand', () => {
  it('is held, also when the old public key is still published beside the new one', async () => {
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    peer.jwks = [...peer.jwks, nextJwk()]
    clock.advance(HOUR_MS)
    expect(await peer.send(krakow, 'tag', next())).toMatchObject({ status: 401, message: 'KEY_CHANGED' })
    clock.advance(HOUR_MS)
    expect(await peer.send(krakow, 'tag', next())).toMatchObject({ status: 401, message: 'KEY_CHANGED' })
    expect(await statesOf(krakow)).toEqual([
      [peer.kid, 'known'],
      [`${peer.host}#ed-2`, 'held'],
    ])
    // A held key does not become good by being published: somebody is to look at it.
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    clock.advance(HOUR_MS)
    expect(await peer.send(krakow, 'tag', next())).toMatchObject({ status: 401, message: 'KEY_CHANGED' })
  })

  it('is not taken within ten minutes of an announcement, nor once the key was withdrawn again', async () => {
    await peer.send(krakow, 'tag')
    const before = peer.jwks
    await announce(nextJwk())
    clock.advance(MINUTES_MS - 1)
    expect(await peer.send(krakow, 'tag', next())).toMatchObject({ status: 401, message: 'KEY_CHANGED' })
    peer.jwks = before
    clock.advance(HOUR_MS)
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    expect(await statesOf(krakow)).toEqual([[peer.kid, 'known']])
    peer.jwks = [...before, nextJwk()]
    later()
    expect(await peer.send(krakow, 'tag', next())).toMatchObject({ status: 401, message: 'KEY_CHANGED' })
  })

  it('is held in draft-cavage too when the peer signed with a key set', async () => {
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    const publicKey = { keyId: peer.keyId, publicKeyPem: peer.pemOf(peer.nextRsa.publicKey) }
    peer.document = { publicKey }
    later()
    const odd = { key: peer.nextRsa.privateKey }
    expect(await peer.send(krakow, 'cavage', odd)).toMatchObject({ status: 401, message: 'KEY_CHANGED' })
  })
})

describe('a peer that rotates its keys', () => {
  it('is taken with the new one when it was announced while the old one was signing', async () => {
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    await announce(nextJwk())
    expect(await statesOf(krakow)).toEqual([
      [peer.kid, 'known'],
      [`${peer.host}#ed-2`, 'announced'],
    ])
    clock.advance(MINUTES_MS)
    expect(await peer.send(krakow, 'tag', next())).toMatchObject({ status: 201 })
    peer.jwks = [nextJwk()]
    later()
    expect(await peer.send(krakow, 'tag', next())).toMatchObject({ status: 201 })
    // The old one is not published any more; we had it for another hour at most.
    clock.advance(3_600_001)
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 401, message: 'KEY_NOT_FOUND' })
  })

  it('has those forgotten that it does not publish any more', async () => {
    const third = generateKeyPairSync('ed25519')
    await peer.send(krakow, 'tag')
    await announce(nextJwk())
    clock.advance(MINUTES_MS)
    await peer.send(krakow, 'tag', next())
    peer.jwks = [nextJwk()]
    await announce(peer.jwkOf(third.publicKey, 'ed-3'), next())
    clock.advance(MINUTES_MS)
    const odd = { kid: `${peer.host}#ed-3`, key: third.privateKey }
    expect(await peer.send(krakow, 'tag', odd)).toMatchObject({ status: 201 })
    const kids = (await krakow.ocm.peerKeys.list(peer.host)).map((key) => key.keyId)
    expect(kids.sort()).toEqual([`${peer.host}#ed-2`, `${peer.host}#ed-3`])
  })
})

describe('a peer whose keys are all others', () => {
  it('is refused until an administrator accepts the new key, and the old one is not taken any more', async () => {
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    peer.jwks = [nextJwk()]
    later()
    for (let n = 0; n < 2; n++) {
      expect(await peer.send(krakow, 'tag', next())).toMatchObject({ status: 401, message: 'KEY_CHANGED' })
    }
    const keys = await krakow.ocm.peerKeys.list(peer.host)
    expect(keys.map(({ keyId, state }) => [keyId, state])).toEqual(
      expect.arrayContaining([
        [peer.kid, 'known'],
        [`${peer.host}#ed-2`, 'held'],
      ]),
    )
    expect(krakow.inbox.shares).toHaveLength(1)
    await krakow.ocm.peerKeys.accept(`HTTPS://${peer.host}/`)
    clock.advance(1_000)
    expect(await peer.send(krakow, 'tag', next())).toMatchObject({ status: 201 })
    peer.jwks = [peer.jwkOf(peer.ed.publicKey, 'ed-1')]
    later()
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 401, message: 'KEY_CHANGED' })
  })

  it('is refused in the form of draft-cavage too, where the id of the key stays the same', async () => {
    peer.becomeNextcloud()
    expect(await peer.send(krakow, 'cavage')).toMatchObject({ status: 201 })
    const changed = { key: peer.nextRsa.privateKey }
    const publicKey = { keyId: peer.keyId, publicKeyPem: peer.pemOf(peer.nextRsa.publicKey) }
    later()
    expect(await peer.send(krakow, 'cavage', changed)).toMatchObject({ message: 'SIGNATURE_INVALID' })
    peer.document = { ...peer.document, publicKey }
    later()
    expect(await peer.send(krakow, 'cavage', changed)).toMatchObject({ status: 401, message: 'KEY_CHANGED' })
    await krakow.ocm.peerKeys.accept(peer.host)
    clock.advance(1_000)
    expect(await peer.send(krakow, 'cavage', changed)).toMatchObject({ status: 201 })
  })

  it('is taken as it is where the configuration says so', async () => {
    const lax = await node({ keyChange: 'accept' })
    await peer.send(lax, 'tag')
    peer.jwks = [nextJwk()]
    later()
    expect(await peer.send(lax, 'tag', next())).toMatchObject({ status: 201 })
    expect(await lax.ocm.peerKeys.list()).toMatchObject([{ keyId: `${peer.host}#ed-2`, state: 'known' }])
  })

  it('is not held for what it could not be asked just then', async () => {
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    await announce(nextJwk())
    peer.close()
    clock.advance(MINUTES_MS)
    expect(await peer.send(krakow, 'tag', next())).toMatchObject({
      status: 503,
      message: 'SENDER_NOT_DISCOVERABLE',
    })
    expect((await statesOf(krakow)).map(([, state]) => state)).toEqual(['known', 'announced'])
  })

  it('is not refused because its keys could not be looked at', async () => {
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    clock.advance(HOUR_MS - 1)
    expect(await peer.send(krakow, 'tag', { kid: 'unknown' })).toMatchObject({ status: 401 })
    peer.close()
    clock.advance(10_001)
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    expect(await statesOf(krakow)).toEqual([[peer.kid, 'known']])
  })
})

describe('a peer that once signed', () => {
  it('must sign from then on, until an administrator lets it off', async () => {
    const lax = await node({ requireSignatures: 'known' })
    peer.document = { capabilities: [] }
    expect(await peer.send(lax, undefined)).toMatchObject({ status: 201 })
    expect(await peer.send(lax, 'tag')).toMatchObject({ status: 201 })
    expect(await peer.send(lax, undefined)).toMatchObject({ status: 401, message: 'SIGNATURE_REQUIRED' })
    await lax.ocm.peerKeys.forget(peer.host)
    expect(await peer.send(lax, undefined)).toMatchObject({ status: 201 })
  })

  it('need not where signatures are never demanded; a wrong one is refused all the same', async () => {
    const open = await node({ requireSignatures: 'never' })
    expect(await peer.send(open, 'tag')).toMatchObject({ status: 201 })
    expect(await peer.send(open, undefined)).toMatchObject({ status: 201 })
    expect(await peer.send(open, 'tag', { key: peer.nextEd.privateKey })).toMatchObject({ status: 401 })
  })
})

describe('a key', () => {
  it('is learned from a message that is accepted, not from one that is refused', async () => {
    krakow.inbox.failWith = new InboxRefusedError('recipient-unknown')
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 400 })
    expect(await krakow.ocm.peerKeys.list()).toEqual([])
    krakow.inbox.failWith = undefined
    clock.advance(1_000)
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 201 })
    expect(await krakow.ocm.peerKeys.list()).toMatchObject([{ host: peer.host, keyId: peer.kid }])
  })
})

describe.each(engines)('the keys of peers on %s', (engine) => {
  it('are known, held one at a time, accepted and forgotten', async () => {
    const { db, close } = await createTestDatabase(engine)
    const repo = createPeerKeysRepo(db)
    const admin = createPeerKeyAdmin(repo)
    const row = (fingerprint: string, state: PeerKeyRow['state'] = 'known'): PeerKeyRow => ({
      ...{ host: 'a.test', fingerprint, key_id: `kid-${fingerprint}`, form: 'draft-07', state },
      ...{ first_seen_at_ms: 1, last_seen_at_ms: 1 },
    })
    const states = async () =>
      (await repo.list('a.test')).map(({ fingerprint, state }) => `${fingerprint} ${state}`).sort()
    await repo.learn(row('f1'), [])
    await repo.learn(row('f2'), ['f1'])
    expect(await states()).toEqual(['f1 known', 'f2 known'])
    await repo.learn(row('f2'), [])
    expect(await states()).toEqual(['f2 known'])
    expect(await repo.hold(row('f3', 'held'))).toBe(true)
    expect(await repo.hold(row('f3', 'held'))).toBe(false)
    expect(await repo.hold(row('f4', 'held'))).toBe(true)
    expect(await states()).toEqual(['f2 known', 'f4 held'])
    await repo.announce('a.test', [row('f2', 'announced'), row('f4', 'announced'), row('f5', 'announced')])
    await repo.announce('a.test', [
      row('f6', 'announced'),
      { ...row('f5', 'announced'), first_seen_at_ms: 2 },
    ])
    expect(await states()).toEqual(['f2 known', 'f4 held', 'f5 announced', 'f6 announced'])
    expect((await repo.list('a.test')).map((one) => one.first_seen_at_ms)).toEqual([1, 1, 1, 1])
    await repo.touch('a.test', 'f2', 99)
    expect(await admin.list()).toContainEqual(expect.objectContaining({ keyId: 'kid-f2', lastSeenAtMs: 99 }))
    await expect(admin.accept('a.test', 'f3')).rejects.toMatchObject({ status: 409 })
    expect(await states()).toContain('f4 held')
    expect(await admin.accept('A.test', 'f4')).toBe('a.test')
    expect(await states()).toEqual(['f4 known'])
    await expect(admin.accept('a.test')).rejects.toMatchObject({ status: 404 })
    await expect(admin.accept('not a host')).rejects.toMatchObject({ status: 400 })
    expect(await admin.forget('a.test')).toBe('a.test')
    await expect(admin.forget('a.test')).rejects.toMatchObject({ status: 404 })
    await close()
  })
})
