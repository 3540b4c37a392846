import { afterEach, describe, expect, it } from 'vitest'
import { InboxRefusedError } from '../../src/ocm/mesh-inbox.ts'
import { createSigner } from '../../src/ocm/signatures/signer.ts'
import type { FakeCloud } from '../fakes/ocm/fake-cloud.ts'
import { startFakeNextcloud } from '../fakes/ocm/nextcloud.ts'
import { startFakeOpencloud } from '../fakes/ocm/opencloud.ts'
import { startFakeOwncloud10 } from '../fakes/ocm/owncloud10.ts'
import { startFakeReva } from '../fakes/ocm/reva.ts'
import { HandClock, startForeign, startNode, type TestNode, type TestNodeOptions } from './support.ts'

const clock = new HandClock()
const nowMs = () => clock.nowMs()
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** A node that takes unsigned messages of servers that never signed. */
async function openNode(name = 'leiden.test', ocm: TestNodeOptions['ocm'] = {}): Promise<TestNode> {
  const node = await startNode(name, { clock, ocm: { requireSignatures: false, ...ocm } })
  closers.push(node.close)
  return node
}

async function post(to: TestNode, path: string, message: object, from?: TestNode) {
  const body = Buffer.from(JSON.stringify(message))
  const target = { method: 'POST', targetUri: to.publicUrl + path, body }
  const signature = from === undefined ? {} : createSigner(from.key.privateJwk, clock).sign(target)
  const { 'Content-Length': _set, ...headers } = signature as Record<string, string>
  const answer = await fetch(`http://127.0.0.1:${to.port}${path}`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  })
  return { status: answer.status, json: await answer.json() }
}

const clouds: [string, () => Promise<FakeCloud>, string][] = [
  ['Nextcloud 25', () => startFakeNextcloud({ users: ['ann'], name: 'old', version: 25, nowMs }), 'basic'],
  ['Nextcloud 32', () => startFakeNextcloud({ users: ['ann'], name: 'old', version: 32, nowMs }), 'basic'],
  ['Nextcloud 33', () => startFakeNextcloud({ users: ['ann'], name: 'old', version: 33, nowMs }), 'basic'],
  ['ownCloud 10', () => startFakeOwncloud10({ users: ['ann'], name: 'old' }), 'basic'],
  ['OpenCloud of 2025', () => startFakeOpencloud({ users: ['ann'], name: 'old', wire: 'url' }), 'bearer'],
  ['OpenCloud', () => startFakeOpencloud({ users: ['ann'], name: 'old', wire: 'uri' }), 'bearer'],
  ['oCIS', () => startFakeOpencloud({ users: ['ann'], name: 'old', ocis: true }), 'bearer'],
  ['Reva', () => startFakeReva({ users: ['ann'], name: 'old', nowMs }), 'bearer'],
]

describe('a share of a real server', () => {
  it.each(clouds)('such as %s is taken, and says where and how to read it', async (_what, start, access) => {
    const leiden = await openNode()
    const cloud = await start()
    closers.push(() => cloud.close())
    if ('trust' in cloud) (cloud as Awaited<ReturnType<typeof startFakeOpencloud>>).trust(leiden.host)
    await cloud.addFile('ann', 'run/a.txt', 'hello')
    const given = await cloud.shareFile('ann', 'run', `jan@${leiden.host}`)
    const [{ share, peerHost } = never()] = leiden.inbox.shares
    expect(peerHost).toBe(cloud.host)
    expect(share).toMatchObject({
      ...{ name: 'run', providerId: given.id, shareType: 'user' },
      shareWith: { id: 'jan', host: leiden.host },
      sender: { host: cloud.host },
      webdav: { sharedSecret: given.secret },
    })
    expect(share.webdav.access ?? 'bearer').toBe(access)
    const credentials = { basic: `Basic ${btoa(`${given.secret}:`)}`, bearer: `Bearer ${given.secret}` }
    const answer = await cloud.client.call({
      ...{ method: 'PROPFIND', url: share.webdav.uri },
      headers: { Authorization: credentials[access as 'basic'], Depth: '1' },
    })
    expect([answer.status, answer.text]).toEqual([207, expect.stringContaining('a.txt')])
    expect((await leiden.ocm.known.find(cloud.host))?.lastSuccess?.what).toBe('share-received')
  })

  function never(): never {
    throw new Error('no share arrived')
  }

  it('that a recipient elsewhere has passed on comes from the owner, who signs if it can', async () => {
    const leiden = await openNode()
    const cloud = await startFakeNextcloud({ users: ['ann'], name: 'old', nowMs })
    closers.push(() => cloud.close())
    await cloud.addFile('ann', 'a.txt', 'a')
    await cloud.shareFile('ann', 'a.txt', `jan@${leiden.host}`)
    leiden.inbox.shares.splice(0)
    const wire = {
      ...{ shareWith: `jan@http://${leiden.host}`, shareType: 'user', name: 'x', resourceType: 'file' },
      ...{
        providerId: '6',
        owner: `ann@${cloud.host}`,
        sharedBy: 'eva@krakow.test',
        sender: 'eva@krakow.test',
      },
      protocol: { name: 'webdav', options: { sharedSecret: 's' } },
    }
    expect((await post(leiden, '/ocm/shares', wire)).status).toBe(401)
    expect(leiden.inbox.shares).toEqual([])
    const old = await startFakeNextcloud({ users: ['ann'], name: 'old', version: 25, nowMs })
    closers.push(() => old.close())
    const unsigned = { ...wire, owner: `ann@${old.host}` }
    expect((await post(leiden, '/ocm/shares', unsigned)).status).toBe(201)
    expect(leiden.inbox.shares).toMatchObject([
      {
        peerHost: old.host,
        share: {
          sender: { id: 'ann', host: old.host },
          senderDisplayName: 'eva@krakow.test',
          webdav: { uri: `http://${old.host}/public.php/webdav/` },
        },
      },
    ])
  })
})

describe('the address of what was shared', () => {
  const send = async (uri: string, types: object[]) => {
    const leiden = await openNode()
    const document = { endPoint: '/ocm', capabilities: ['protocol-object'], resourceTypes: types }
    const foreign = await startForeign({
      '/.well-known/ocm': () => ({ body: JSON.stringify(document) }),
    })
    closers.push(foreign.close)
    const host = `old.test:${foreign.port}`
    const answer = await post(leiden, '/ocm/shares', {
      ...{ shareWith: `jan@${leiden.host}`, name: 'x', providerId: '1', sender: `ann@${host}` },
      ...{ shareType: 'user', resourceType: 'folder' },
      protocol: { name: 'multi', webdav: { uri, sharedSecret: 's', permissions: ['read'] } },
    })
    return { answer, host, uri: leiden.inbox.shares[0]?.share.webdav.uri }
  }
  const type = (name: string, webdav: string) => ({ name, shareTypes: ['user'], protocols: { webdav } })
  const reva = [type('file', '/remote.php/dav/ocm')]

  it.each([
    ['key', reva, '/remote.php/dav/ocm/key'],
    ['/key/', reva, '/remote.php/dav/ocm/key'],
    ['/remote.php/dav/ocm/key', reva, '/remote.php/dav/ocm/key'],
    ['key', [type('file', '/dav/ocm/')], '/dav/ocm/key'],
    ['key', [type('file', '/files/'), type('folder', '/folders/')], '/folders/key'],
    ['a/b c', [type('calendar', '/cal/'), type('file', 'dav')], '/dav/a/b c'],
  ])('%j below %j is %s', async (uri, types, path) => {
    const { answer, host, uri: got } = await send(uri, types)
    expect(answer.status).toBe(201)
    expect(got).toBe(`http://${host}${path}`)
  })

  it.each([
    ['https://https://leiden.test/x', reva],
    ['key', []],
  ])('%j of a sender with %j is refused', async (uri, types) => {
    const { answer } = await send(uri, types)
    expect(answer).toMatchObject({
      status: 400,
      json: { validationErrors: [{ name: 'protocol.webdav.uri', message: 'INVALID_FORMAT' }] },
    })
  })
})

describe('an incoming message', () => {
  const share = (leiden: TestNode, host: string, change: object = {}) => ({
    ...{ shareWith: `jan@${leiden.host}`, name: 'x', providerId: '1', owner: `ann@${host}` },
    ...{ shareType: 'user', resourceType: 'file', ...change },
  })

  it('that demands an exchange of tokens is refused where none is made', async () => {
    const [leiden, krakow] = [
      await openNode('leiden.test', { exchangeTokens: 'never' }),
      await openNode('krakow.test'),
    ]
    const webdav = { uri: 'key', sharedSecret: 's', requirements: ['must-exchange-token'] }
    const message = share(leiden, krakow.host, { protocol: { name: 'multi', webdav } })
    expect(await post(leiden, '/ocm/shares', message, krakow)).toEqual({
      status: 501,
      json: { message: 'REQUIREMENT_NOT_SUPPORTED' },
    })
  })

  it('with a group reaches the inbox, which decides', async () => {
    const [leiden, krakow] = [await openNode(), await openNode('krakow.test')]
    const webdav = { uri: 'key', sharedSecret: 's', permissions: ['read'] }
    const message = share(leiden, krakow.host, { shareType: 'group', protocol: { webdav } })
    expect((await post(leiden, '/ocm/shares', message, krakow)).status).toBe(201)
    expect(leiden.inbox.shares[0]?.share.shareType).toBe('group')
    leiden.inbox.failWith = new InboxRefusedError('share-type-unsupported')
    expect(await post(leiden, '/ocm/shares', { ...message, providerId: '2' }, krakow)).toEqual({
      status: 501,
      json: { message: 'SHARE_TYPE_NOT_SUPPORTED' },
    })
  })

  it('that asks for a reshare is answered with the new share, in both spellings', async () => {
    const [leiden, krakow] = [await openNode(), await openNode('krakow.test')]
    leiden.inbox.peers.set('42', krakow.host)
    leiden.inbox.answer = { sharedSecret: 'n3w', providerId: '43' }
    const notification = { sharedSecret: 's', shareWith: 'dan@https://third.test', senderId: 1, shareType: 6 }
    const message = {
      notificationType: 'REQUEST_RESHARE',
      resourceType: 'file',
      providerId: 42,
      notification,
    }
    expect(await post(leiden, '/ocm/notifications', message, krakow)).toEqual({
      status: 201,
      json: { token: 'n3w', sharedSecret: 'n3w', providerId: '43' },
    })
    const asked = {
      ...({ type: 'REQUEST_RESHARE', resourceType: 'file', providerId: '42', sharedSecret: 's' } as const),
      ...{ shareWith: { id: 'dan', host: 'third.test' }, senderId: '1', shareType: 'user' as const },
    }
    expect(leiden.inbox.notifications).toEqual([{ peerHost: krakow.host, notification: asked }])
    expect(await krakow.ocm.client.notify(leiden.host, asked)).toEqual(leiden.inbox.answer)
  })

  it('of a kind the inbox does not take is answered 501', async () => {
    const [leiden, krakow] = [await openNode(), await openNode('krakow.test')]
    leiden.inbox.peers.set('42', krakow.host)
    leiden.inbox.failWith = new InboxRefusedError('notification-unsupported')
    const message = { notificationType: 'RESHARE_UNDO', resourceType: 'file', providerId: '42' }
    expect(await post(leiden, '/ocm/notifications', message, krakow)).toEqual({
      status: 501,
      json: { message: 'NOTIFICATION_TYPE_NOT_SUPPORTED' },
    })
  })

  it('about a person who is gone must be signed by that server', async () => {
    const [leiden, krakow] = [await openNode(), await openNode('krakow.test')]
    const message = { notificationType: 'USER_REMOVED', resourceType: 'user', providerId: 'u-jan' }
    expect(await post(leiden, '/ocm/notifications', message)).toMatchObject({
      status: 401,
      json: { message: 'SIGNATURE_REQUIRED' },
    })
    expect((await post(leiden, '/ocm/notifications', message, krakow)).status).toBe(201)
    expect(leiden.inbox.notifications).toMatchObject([
      { peerHost: krakow.host, notification: { type: 'USER_REMOVED', providerId: 'u-jan' } },
    ])
  })

  it('is not sent to a server that has no word for it', async () => {
    const leiden = await openNode()
    const cloud = await startFakeNextcloud({ users: ['bob'], name: 'old', version: 25, nowMs })
    closers.push(() => cloud.close())
    const notification = { resourceType: 'file', providerId: '3', sharedSecret: 's' }
    const changed = { ...notification, type: 'RESHARE_CHANGE_PERMISSION', permissions: ['read'] } as const
    const error = await leiden.ocm.client
      .notify(cloud.host, { ...changed, permissions: ['read'] })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ reason: 'unsupported' })
    expect(cloud.requests.filter(({ method }) => method === 'POST')).toEqual([])
  })
})

it('the crawler of Nextcloud is shown the version that it takes, and caches keep the two apart', async () => {
  const leiden = await openNode()
  const get = async (userAgent: string) => {
    const answer = await fetch(`http://127.0.0.1:${leiden.port}/ocm-provider/`, {
      headers: { 'User-Agent': userAgent },
    })
    return { vary: answer.headers.get('vary'), document: (await answer.json()) as { apiVersion: string } }
  }
  expect(await get('Nextcloud Server Crawler')).toMatchObject({
    vary: 'User-Agent',
    document: { apiVersion: '1.1' },
  })
  expect((await get('Causeway')).document.apiVersion).toBe('1.4.0')
})
