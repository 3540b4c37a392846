import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../src/config/schema.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { type FakeNextcloud, startFakeNextcloud } from '../fakes/ocm/nextcloud.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { TestUser, until } from '../support/test-user.ts'

interface Refusal {
  id: string
  state: string
  code: string
  detail: string
}

const NAMES = ['leiden', 'krakow', 'delft', 'utrecht', 'nc']
const hosts = Object.fromEntries(NAMES.map((name) => [`${name}.test`, '127.0.0.1']))
const network = { allow: ['127.0.0.0/8'], insecureHttp: true, hosts }

/** A directory is made anew after so long. */
const MINUTE_MS = 60_000
/** All nodes are so much ahead. */
let aheadMs = 0
const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs }

let mesh: TestMesh
let leiden: TestNode
let delft: TestNode
let ann: TestUser
let eve: TestUser

/** leiden publishes a directory; delft is a node that nobody lists. */
beforeAll(async () => {
  mesh = await TestMesh.create([], {}, undefined, { clock })
  leiden = await start('leiden', { publishDirectory: { federation: 'Low Lands' } })
  delft = await start('delft', {})
  ann = await leiden.addUser('ann')
  eve = await delft.addUser('eve')
  for (const user of [ann, eve]) await user.put('/told.txt', `told by ${user.name}`)
})
afterAll(() => mesh.close())

const start = (name: string, ocm: ConfigInput['ocm'] & object) => mesh.start(name, { network, ocm })

async function addAdmin({ node, origin, host }: TestNode): Promise<TestUser> {
  const who = { name: 'root', password: 'root-password' }
  await node.accounts.addUser({ ...who, displayName: 'Root', isAdmin: true })
  return new TestUser({ ...who, origin, host })
}

const give = (from: TestUser, to: TestUser) =>
  from.call<Refusal>('POST', '/shares', { path: '/told.txt', shareWith: to.address, role: 'viewer' })

const pendingOf = async (user: TestUser) =>
  (await user.api<{ items: { id: string; mountPath: string }[] }>('GET', '/received-shares?state=pending'))
    .items

const NOT_TRUSTED = { status: 502, body: { code: 'PEER_REFUSED' } }

/** A share as it stands on the wire, from a server of this host; it needs no signature to be refused for that. */
async function postShare(to: TestNode, from: string, shareWith: string) {
  const owner = `eve@${from}`
  const webdav = { uri: `http://${from}/dav/ocm/1`, sharedSecret: 'secret', permissions: ['read'] }
  const answer = await fetch(`${to.origin}/ocm/shares`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ shareWith, name: 'x.txt', providerId: '1', owner, sender: owner },
      ...{ shareType: 'user', resourceType: 'file', protocol: { name: 'multi', webdav } },
    }),
  })
  return { status: answer.status, body: await answer.json() }
}

describe('a node that talks to the servers of a directory', () => {
  let krakow: TestNode
  let jan: TestUser
  let admin: TestUser

  beforeAll(async () => {
    const { keys } = (await (await fetch(`${leiden.origin}/.well-known/jwks.json`)).json()) as {
      keys: Record<string, unknown>[]
    }
    const key = keys[0] as Record<string, unknown>
    const url = `http://${leiden.host}/ocm/directory`
    krakow = await start('krakow', { trust: ['directory'], directories: [{ url, key }] })
    jan = await krakow.addUser('jan')
    admin = await addAdmin(krakow)
  })

  const listed = async () =>
    (await jan.api<{ items: { host: string; federation: string }[] }>('GET', '/directory')).items
  const refresh = () =>
    admin.api<{ items: { federation: string; servers: number; failure?: object }[] }>(
      'POST',
      '/admin/directories/refresh',
    )

  it('reads it as soon as it runs, and shows its servers', async () => {
    const items = await until(listed, (found) => found.length > 0)
    expect(items).toEqual([{ host: leiden.host, displayName: 'Causeway', federation: 'Low Lands' }])
    expect((await refresh()).items).toMatchObject([{ federation: 'Low Lands', servers: 1 }])
  })

  it('takes a share of a server that is listed, which is read', async () => {
    expect(await give(ann, jan)).toMatchObject({ status: 201, body: { state: 'pending' } })
    const [share] = await pendingOf(jan)
    const { mountPath } = await jan.api<{ mountPath: string }>(
      'POST',
      `/received-shares/${share?.id}/accept`,
      {},
    )
    expect(await (await jan.dav('GET', mountPath)).text()).toBe('told by ann')
  })

  it('refuses one of a server that is not, and tells it why; and shares nothing with it', async () => {
    const refused = await give(eve, jan)
    expect(refused).toMatchObject(NOT_TRUSTED)
    expect(refused.body.detail).toContain('SENDER_NOT_TRUSTED')
    expect(await postShare(krakow, delft.host, jan.address)).toEqual({
      status: 403,
      body: { message: 'SENDER_NOT_TRUSTED' },
    })
    expect(await pendingOf(jan)).toEqual([])
    await jan.put('/own.txt', 'told by jan')
    const own = await jan.call<Refusal>('POST', '/shares', {
      ...{ path: '/own.txt', shareWith: eve.address, role: 'viewer' },
    })
    expect(own).toMatchObject({ status: 403, body: { code: 'PEER_NOT_TRUSTED' } })
    expect(own.body.detail).toContain('in a directory')
  })

  it('lists the servers of the directory to guests', async () => {
    const { token } = await jan.api<{ token: string }>('POST', '/invitations', {})
    const open = async () => (await fetch(`${krakow.origin}/wayf?token=${token}`)).text()
    const text = await open()
    expect(text).toContain(`<button name="server" value="${leiden.host}">`)
    expect(text).toContain('Low Lands')
    expect(text).not.toContain(delft.host)
    const chosen = await fetch(`${krakow.origin}/wayf`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ token, server: leiden.host }),
    })
    expect([chosen.status, chosen.headers.get('location')]).toEqual([
      303,
      expect.stringContaining(`http://${leiden.host}/accept-invite?token=`),
    ])
  })

  it('lets a server in that is added to the directory, and out again', async () => {
    await leiden.node.ocm.trust.add(delft.host)
    aheadMs += MINUTE_MS
    expect((await refresh()).items).toMatchObject([{ servers: 2 }])
    expect((await give(eve, jan)).status).toBe(201)
    expect(await pendingOf(jan)).toHaveLength(1)
    await leiden.node.ocm.trust.remove(delft.host)
    aheadMs += MINUTE_MS
    expect((await refresh()).items).toMatchObject([{ servers: 1 }])
    await eve.put('/more.txt', 'more')
    const again = { path: '/more.txt', shareWith: jan.address, role: 'viewer' }
    expect(await eve.call('POST', '/shares', again)).toMatchObject(NOT_TRUSTED)
  })

  it('keeps the list as long as the directory cannot be had', async () => {
    await leiden.close()
    expect((await refresh()).items).toMatchObject([{ servers: 1, failure: expect.anything() }])
    expect((await listed()).map(({ host }) => host)).toEqual([leiden.host])
    expect(await krakow.node.ocm.trust.isTrusted(leiden.host)).toBe(true)
    leiden = await mesh.start(
      'leiden',
      { network, ocm: { publishDirectory: { federation: 'Low Lands' } } },
      { folder: leiden.folder, port: Number(leiden.host.split(':')[1]) },
    )
    expect((await refresh()).items[0]).not.toHaveProperty('failure')
  })
})

describe('the lists of an operator', () => {
  it('an allow list takes shares of those who are on it', async () => {
    const node = await start('utrecht', { trust: 'allowlist' })
    const piet = await node.addUser('piet')
    expect(await give(eve, piet)).toMatchObject(NOT_TRUSTED)
    expect(await postShare(node, delft.host, piet.address)).toMatchObject({ status: 403 })
    await node.node.ocm.trust.add(delft.host)
    expect((await give(eve, piet)).status).toBe(201)
    expect(await give(ann, piet)).toMatchObject(NOT_TRUSTED)
    expect(await pendingOf(piet)).toHaveLength(1)
    await node.close()
  })

  it('a deny list takes shares of all others', async () => {
    const node = await start('utrecht', { trust: 'denylist' })
    const piet = await node.addUser('piet')
    await node.node.ocm.trust.add(delft.host, 'denied')
    expect(await give(eve, piet)).toMatchObject(NOT_TRUSTED)
    expect(await postShare(node, delft.host, piet.address)).toEqual({
      status: 403,
      body: { message: 'SENDER_NOT_TRUSTED' },
    })
    expect((await give(ann, piet)).status).toBe(201)
    await node.node.ocm.trust.remove(delft.host, 'denied')
    expect((await give(eve, piet)).status).toBe(201)
    await node.close()
  })
})

describe('a node that takes few messages of one peer', () => {
  let node: TestNode
  let piet: TestUser
  let cloud: FakeNextcloud

  beforeAll(async () => {
    node = await start('utrecht', { messagesPerMinute: 2 })
    piet = await node.addUser('piet')
    cloud = await startFakeNextcloud({ users: ['bob'], version: 25, nowMs: clock.nowMs })
  })
  afterAll(async () => {
    await cloud.close()
    await node.close()
  })

  it('answers 429 to the next one, says when to come again, and takes those of others', async () => {
    for (const name of ['one.txt', 'two.txt']) {
      await cloud.addFile('bob', name, name)
      await cloud.shareFile('bob', name, piet.address)
    }
    const last = JSON.parse(cloud.sent.findLast(({ method }) => method === 'POST')?.body ?? '{}')
    const answer = await cloud.client.call({
      ...{ method: 'POST', url: `http://${node.host}/ocm/shares` },
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...last, providerId: '77' }),
    })
    expect([answer.status, answer.json]).toEqual([429, { message: 'TOO_MANY_MESSAGES' }])
    const seconds = Number(answer.headers['retry-after'])
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(30)
    expect((await give(ann, piet)).status).toBe(201)
    expect(await pendingOf(piet)).toHaveLength(3)
  })

  it('gets what it did not take later, from a node like this one', async () => {
    const states = []
    for (const name of ['a.txt', 'b.txt', 'c.txt']) {
      await eve.put(`/${name}`, name)
      const body = { path: `/${name}`, shareWith: piet.address, role: 'viewer' }
      states.push((await eve.api<Refusal>('POST', '/shares', body)).state)
    }
    expect(states).toEqual(['pending', 'pending', 'sending'])
    const waiting = await delft.node.db('share_messages').where({ peer_host: node.host })
    expect(waiting).toMatchObject([{ tries: 1 }])
    expect(Number(waiting[0]?.next_try_at_ms)).toBeGreaterThan(clock.nowMs())
  })
})
