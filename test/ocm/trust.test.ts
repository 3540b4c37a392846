import { createServer } from 'node:http'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkConfig } from '../../src/config/load.ts'
import { createOcm, generateSigningKey } from '../../src/ocm/index.ts'
import { criteriaOf, signaturePolicy } from '../../src/ocm/policy.ts'
import { createTrust, type TrustPolicy } from '../../src/ocm/trust.ts'
import { createTrustedHostsRepo } from '../../src/ocm/trusted-hosts-repo.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createRateLimit } from '../../src/platform/rate-limit.ts'
import { createSeal } from '../../src/platform/seal.ts'
import { createTestDatabase, engines } from '../support/databases.ts'
import { SigningPeer } from './signing-peer.ts'
import {
  HandClock,
  listening,
  NotingInbox,
  ocmConfig,
  START_MS,
  startNode,
  TEST_NODE_KEY,
  type TestNode,
  testOutbound,
} from './support.ts'

describe.each(engines)('trust on %s', (engine) => {
  it('judges by its rules, of which one suffices, and by the deny list above all', async () => {
    const { db, close } = await createTestDatabase(engine)
    const isListed = async (host: string) => host === 'listed.test'
    const by = (policy: TrustPolicy) =>
      createTrust({ policy, repo: createTrustedHostsRepo(db), clock: new HandClock(), isListed })
    await by('open').add('allowed.test')
    const hosts = ['allowed.test', 'listed.test', 'stranger.test']
    const taken = async (policy: TrustPolicy) => {
      const verdicts = await Promise.all(hosts.map((host) => by(policy).isTrusted(host)))
      return hosts.filter((_, index) => verdicts[index])
    }
    expect(await taken('open')).toEqual(hosts)
    expect(await taken('denylist')).toEqual(hosts)
    expect(await taken('allowlist')).toEqual(['allowed.test'])
    expect(await taken('directory')).toEqual(['listed.test'])
    expect(await taken(['allowlist', 'directory'])).toEqual(['allowed.test', 'listed.test'])
    for (const host of hosts) await by('open').add(host, 'denied')
    for (const policy of ['open', 'denylist', 'allowlist', 'directory'] as const) {
      expect(await taken(policy)).toEqual([])
    }
    expect(await by('open').judge('STRANGER.test:8443')).toBe('denied')
    expect(await by('open').judge('xstranger.test')).toBe('trusted')
    expect(await by('open').judge('a.b.STRANGER.test:8443')).toBe('denied')
    await by('open').add('5.7', 'denied')
    expect(await by('open').judge('192.0.5.7')).toBe('trusted')
    await expect(by('open').requireTrusted('listed.test')).rejects.toMatchObject({
      message: expect.stringContaining('deny list'),
      remedy: expect.stringContaining('undeny'),
    })
    await expect(by('directory').requireTrusted('a.test')).rejects.toMatchObject({
      message: expect.stringContaining('neither in a directory'),
    })
    await close()
  })

  it('has a host on one list at a time', async () => {
    const { db, close } = await createTestDatabase(engine)
    const trust = createTrust({
      ...{ policy: 'open', repo: createTrustedHostsRepo(db), clock: new HandClock() },
    } as const)
    await trust.add('a.test', 'denied')
    await trust.add('a.test')
    expect([await trust.list('allowed'), await trust.list('denied')]).toEqual([['a.test'], []])
    await trust.add('https://A.test/', 'denied')
    expect([await trust.list('allowed'), await trust.list('denied')]).toEqual([[], ['a.test']])
    expect(await trust.remove('a.test', 'denied')).toBe(true)
    expect(await trust.judge('a.test')).toBe('trusted')
    await close()
  })
})

describe('the configuration of trust', () => {
  const ocmOf = (ocm: object) => checkConfig({ publicUrl: 'https://a.test', ocm }).ocm

  it.each([
    [{}, 'known'],
    [{ requireSignatures: true }, 'always'],
    [{ requireSignatures: false }, 'known'],
    [{ requireSignatures: 'known' }, 'known'],
    [{ requireSignatures: 'never' }, 'never'],
  ])('%j demands signatures %s', (ocm, policy) => {
    expect(signaturePolicy(ocmOf(ocm))).toBe(policy)
  })

  it.each([
    [{ requireSignatures: true }, ['must-use-http-sig']],
    [{}, []],
    [{ requireSignatures: 'known', trust: 'denylist' }, ['denylist']],
    [{ requireSignatures: 'never', trust: ['allowlist', 'directory'] }, ['allowlist']],
    [{ trust: 'allowlist', mustInvite: true }, ['must-invite', 'allowlist']],
  ])('%j announces %j', (ocm, criteria) => {
    expect(criteriaOf(ocmOf(ocm))).toEqual(criteria)
  })

  it.each([
    { trust: [] },
    { trust: 'nobody' },
    { requireSignatures: 'maybe' },
    { messagesPerMinute: -1 },
  ])('refuses %j', (ocm) => {
    expect(() => ocmOf(ocm)).toThrow('ocm.')
  })
})

describe('a limit of messages', () => {
  it('takes so many at once, then evenly, and says when to come again', () => {
    const clock = new HandClock()
    const limit = createRateLimit(6, clock)
    const waits = (key: string, times: number) => Array.from({ length: times }, () => limit.take(key))
    expect(waits('a', 7)).toEqual([0, 0, 0, 0, 0, 0, 10])
    clock.advance(4_000)
    expect(waits('a', 1)).toEqual([6])
    expect(waits('b', 1)).toEqual([0])
    clock.advance(6_000)
    expect(waits('a', 2)).toEqual([0, 10])
    clock.advance(3_600_000)
    expect(waits('a', 7)).toEqual([0, 0, 0, 0, 0, 0, 10])
    clock.advance(-3_600_000)
    expect(waits('a', 1)[0]).toBeGreaterThan(0)
  })

  it('is none when it is 0', () => {
    const limit = createRateLimit(0, new HandClock())
    expect(Array.from({ length: 10_000 }, () => limit.take('a')).every((wait) => wait === 0)).toBe(true)
  })
})

describe('a client that has a network of addresses', () => {
  it('is limited as one, on both entrances together', async () => {
    const { db, close } = await createTestDatabase('sqlite')
    const outbound = testOutbound()
    const config = {
      ...{ publicUrl: 'http://krakow.test', name: 'Krakow', network: { insecureHttp: true } },
      ocm: ocmConfig({ messagesPerMinute: 1 }),
    }
    let calls = 0
    const ocm = createOcm({
      ...{ config, outbound, db, clock: new HandClock(), log: createLogger('silent') },
      ...{ keys: [generateSigningKey('krakow.test').privateJwk], seal: createSeal(TEST_NODE_KEY) },
      ...{ inbox: () => new NotingInbox(), clientAddress: () => `2001:db8:1:2::${++calls}` },
    })
    const app = new Koa().use(ocm.middleware).use(ocm.legacy)
    const server = createServer(app.callback()).listen(0, '127.0.0.1')
    const port = await listening(server)
    const post = async (path: string) =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: '{}' })).status
    const statuses: number[] = []
    for (let n = 0; n < 6; n++) statuses.push(await post('/ocm/shares'))
    expect(statuses.map((status) => status === 429)).toEqual([false, false, false, false, false, true])
    expect(await post('/ocs/v2.php/cloud/shares')).toBe(429)
    expect(calls).toBe(7)
    server.closeAllConnections()
    server.close()
    await outbound.close()
    await close()
  })
})

describe('a node', () => {
  let clock: HandClock
  let peer: SigningPeer
  let other: SigningPeer
  const nodes: TestNode[] = []

  beforeEach(async () => {
    clock = new HandClock()
    peer = await SigningPeer.start('other.test', clock)
    other = await SigningPeer.start('leiden.test', clock)
  })

  afterEach(async () => {
    peer.close()
    other.close()
    for (const node of nodes.splice(0)) await node.close()
  })

  const start = async (ocm: object) => {
    const node = await startNode('krakow.test', { clock, ocm })
    nodes.push(node)
    return node
  }

  it('answers a denied peer 403 before it asks it anything, and sends it nothing', async () => {
    const krakow = await start({})
    await krakow.ocm.trust.add(peer.host, 'denied')
    expect(await peer.send(krakow, 'tag')).toMatchObject({ status: 403, message: 'SENDER_NOT_TRUSTED' })
    const notice = { type: 'SHARE_DECLINED', resourceType: 'file', providerId: '1' } as const
    await expect(krakow.ocm.client.notify(peer.host, notice)).rejects.toMatchObject({
      reason: 'not-trusted',
    })
    expect(peer.asked).toEqual([])
  })

  it('answers a peer that sends too much 429 with Retry-After, and no other', async () => {
    const krakow = await start({ messagesPerMinute: 2 })
    const send = async (from: SigningPeer) => {
      clock.advance(1_000)
      return from.send(krakow, 'tag')
    }
    expect((await send(peer)).status).toBe(201)
    expect((await send(peer)).status).toBe(201)
    const refused = await send(peer)
    expect(refused).toMatchObject({ status: 429, message: 'TOO_MANY_MESSAGES' })
    expect(refused.headers.get('retry-after')).toBe('28')
    expect((await send(other)).status).toBe(201)
    clock.advance(30_000)
    expect((await send(peer)).status).toBe(201)
    expect(krakow.inbox.shares).toHaveLength(4)
  })

  it('does not count against a peer what others send in its name', async () => {
    const krakow = await start({ messagesPerMinute: 2 })
    for (let n = 0; n < 5; n++) {
      const forged = { key: other.ed.privateKey, nowMs: START_MS + n }
      expect((await peer.send(krakow, 'tag', forged)).status).toBe(401)
    }
    expect((await peer.send(krakow, 'tag')).status).toBe(201)
  })

  it('answers a client address that sends too much 429 before it reads what it sends', async () => {
    const krakow = await start({ messagesPerMinute: 1 })
    const statuses: number[] = []
    for (let n = 0; n < 6; n++) {
      statuses.push((await peer.send(krakow, undefined, { body: Buffer.alloc(1_048_577) })).status)
    }
    expect(statuses).toEqual([413, 413, 413, 413, 413, 429])
    expect((await fetch(`http://127.0.0.1:${krakow.port}/.well-known/ocm`)).status).toBe(200)
  })
})
