import { describe, expect, it } from 'vitest'
import { generateSigningKey } from '../../src/ocm/signatures/keys.ts'
import { createOwnKeys } from '../../src/ocm/signatures/own-keys.ts'
import { createOwnKeysRepo } from '../../src/ocm/signatures/own-keys-repo.ts'
import type { Db } from '../../src/platform/db.ts'
import { createSeal } from '../../src/platform/seal.ts'
import { createTestDatabase, engines } from '../support/databases.ts'
import { SigningPeer } from './signing-peer.ts'
import { HandClock, sampleShare, startNode, TEST_NODE_KEY } from './support.ts'

const fileKeys = [generateSigningKey('leiden.test'), generateSigningKey('leiden.test')]

/** One process of a node; several share a database. */
function process(db: Db, clock: HandClock, files = fileKeys.map((key) => key.privateJwk)) {
  return createOwnKeys({
    ...{ repo: createOwnKeysRepo(db), seal: createSeal(TEST_NODE_KEY), clock, fileKeys: files },
    ...{ host: 'leiden.test', endPoint: 'https://leiden.test/ocm' },
  })
}

describe.each(engines)('the keys of a node on %s', (engine) => {
  it('are taken over from its folder once, the newest signs, and they keep their ids', async () => {
    const { db, close } = await createTestDatabase(engine)
    const clock = new HandClock()
    const [newest, older] = fileKeys.map((key) => key.kid)
    const both = [process(db, clock), process(db, clock)]
    const signing = await Promise.all(both.map((keys) => keys.getSigning('draft-07')))
    expect(signing.map((key) => key.kid)).toEqual([newest, newest])
    expect((await both[0]?.listPublished())?.slice(0, 2)).toEqual(fileKeys.map((key) => key.publicJwk))
    await both[0]?.retire(older ?? '')
    const restarted = process(db, clock)
    // The second is the same key by the id that servers of draft-05 look for.
    const address = `https://leiden.test/ocm#${newest?.split('#')[1]}`
    expect((await restarted.listPublished()).map((key) => key.kid)).toEqual([newest, address])
    expect((await restarted.getSigning('draft-05')).kid).toBe(address)
    await expect(process(db, clock, []).getSigning('draft-07')).resolves.toMatchObject({ kid: newest })
    await close()
  })

  it('rotate: both are published meanwhile, and another process follows within seconds', async () => {
    const { db, close } = await createTestDatabase(engine)
    const clock = new HandClock()
    const [command, node] = [process(db, clock), process(db, clock)]
    const before = (await node.getSigning('draft-07')).kid
    clock.advance(1_000)
    const staged = await command.stage('ed25519')
    expect(staged).toMatchObject({ kind: 'ed25519', state: 'staged' })
    expect(staged.kid).toMatch(/^leiden\.test#/)
    clock.advance(5_000)
    const published = async () => (await node.listPublished()).map((key) => key.kid)
    expect((await published()).slice(0, 2)).toEqual([before, staged.kid])
    expect((await node.getSigning('draft-07')).kid).toBe(before)
    expect(await command.activate()).toMatchObject({ kid: staged.kid, state: 'active' })
    clock.advance(5_000)
    expect((await published())[0]).toBe(staged.kid)
    expect(await published()).toContain(before)
    expect((await node.getSigning('draft-07')).kid).toBe(staged.kid)
    expect(await command.retire(before)).toMatchObject({ state: 'retired' })
    clock.advance(5_000)
    expect(await published()).not.toContain(before)
    await close()
  })

  it('are refused what would leave the node without one that signs', async () => {
    const { db, close } = await createTestDatabase(engine)
    const keys = process(db, new HandClock())
    const active = (await keys.getSigning('draft-07')).kid
    await expect(keys.retire(active)).rejects.toMatchObject({ status: 409 })
    await expect(keys.activate()).rejects.toMatchObject({ status: 409 })
    await expect(keys.activate(active)).rejects.toMatchObject({ status: 409 })
    await expect(keys.retire('nobody')).rejects.toMatchObject({ status: 400 })
    const staged = await keys.stage('ed25519')
    await keys.retire(staged.kid)
    await expect(keys.activate(staged.kid)).rejects.toMatchObject({ status: 409 })
    expect((await keys.getSigning('draft-07')).kid).toBe(active)
    await close()
  })

  it('include one RSA key, made when it is first needed, though two processes make it at once', async () => {
    const { db, close } = await createTestDatabase(engine)
    const clock = new HandClock()
    const both = [process(db, clock), process(db, clock)] as const
    expect(await both[0].findPublicKey()).toBeUndefined()
    const [one, two] = await Promise.all(both.map((keys) => keys.getSigning('cavage')))
    expect(one?.kid).toBe('https://leiden.test/ocm#signature')
    expect(two?.key.equals(one?.key as never)).toBe(true)
    const rows = (await both[0].list()).filter((key) => key.kind === 'rsa')
    expect(rows).toHaveLength(1)
    const before = await both[0].findPublicKey()
    expect(before).toMatchObject({ keyId: one?.kid, publicKeyPem: expect.stringContaining('PUBLIC KEY') })
    const staged = await both[0].stage('rsa')
    expect(staged.kid).toMatch(/^https:\/\/leiden\.test\/ocm#signature-/)
    await both[0].activate(staged.kid)
    expect((await both[0].findPublicKey())?.keyId).toBe(staged.kid)
    await close()
  })

  it('stand in the database with their private halves sealed, and without once they are retired', async () => {
    const { db, close } = await createTestDatabase(engine)
    const keys = process(db, new HandClock())
    await keys.getSigning('cavage')
    const [newest, older] = fileKeys
    await keys.retire(older?.kid ?? '')
    const rows = await db('ocm_signing_keys')
    const text = JSON.stringify(rows)
    expect(text).not.toContain(newest?.privateJwk.d)
    expect(text).not.toMatch(/\\"(d|p|q|dp|dq|qi)\\":/)
    expect(rows.find((row) => row.kid === older?.kid)).toMatchObject({ private_sealed: null })
    await close()
  })

  it('are missed with a clear word when neither the folder nor the database has any', async () => {
    const { db, close } = await createTestDatabase(engine)
    await expect(process(db, new HandClock(), []).getSigning('draft-07')).rejects.toThrow(
      'restore the backup',
    )
    await close()
  })
})

describe('a rotation between two nodes', () => {
  it('goes without one message lost, though the other node is not told', async () => {
    const clock = new HandClock()
    const [leiden, krakow] = await Promise.all(
      ['leiden.test', 'krakow.test'].map((name) => startNode(name, { clock })),
    )
    if (leiden === undefined || krakow === undefined) throw new Error('not started')
    const send = () => leiden.ocm.client.sendShare(sampleShare(leiden.host, krakow.host))
    await send()
    const before = leiden.key.kid
    const { kid } = await leiden.ocm.keys.stage('ed25519')
    clock.advance(3_600_000)
    await send()
    clock.advance(600_000)
    await leiden.ocm.keys.activate(kid)
    clock.advance(11_000)
    await send()
    await leiden.ocm.keys.retire(before)
    clock.advance(3_600_001)
    await send()
    expect(krakow.inbox.shares).toHaveLength(4)
    expect((await krakow.ocm.peerKeys.list(leiden.host)).map((key) => key.keyId)).toContain(kid)
    await Promise.all([leiden.close(), krakow.close()])
  })

  it('shows a Nextcloud the new RSA key as soon as it signs', async () => {
    const clock = new HandClock()
    const krakow = await startNode('krakow.test', { clock })
    const nextcloud = await SigningPeer.start('other.test', clock)
    nextcloud.becomeNextcloud()
    const keyIdOf = (headers: Record<string, string> = {}) =>
      /keyId="([^"]*)"/.exec(headers.signature ?? '')?.[1]
    const send = () => krakow.ocm.client.sendShare(sampleShare(krakow.host, nextcloud.host))
    await send()
    expect(keyIdOf(nextcloud.received[0]?.headers)).toBe(`${krakow.publicUrl}/ocm#signature`)
    await krakow.ocm.keys.activate((await krakow.ocm.keys.stage('rsa')).kid)
    await send()
    const keyId = keyIdOf(nextcloud.received[1]?.headers)
    const document = await (await fetch(`http://127.0.0.1:${krakow.port}/ocm-provider/`)).json()
    expect(document).toMatchObject({ publicKey: { keyId } })
    expect(keyId).not.toBe(`${krakow.publicUrl}/ocm#signature`)
    nextcloud.close()
    await krakow.close()
  })
})
