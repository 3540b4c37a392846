import { afterEach, describe, expect, it } from 'vitest'
import { startMesh } from '../fakes/ocm/mesh.ts'
import { startFakeNextcloud } from '../fakes/ocm/nextcloud.ts'
import { startFakeOwncloud10 } from '../fakes/ocm/owncloud10.ts'
import type { TestMesh, TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'

interface Received {
  id: string
  name: string
  state: string
}

const closers: { close(): Promise<unknown> }[] = []
let mesh: TestMesh & { nodes: TestNode[] }

afterEach(async () => {
  for (const one of closers.splice(0).reverse()) await one.close()
})

/** Alice and her folder at the first of these nodes. */
async function start(...names: string[]) {
  mesh = await startMesh(names, { ocm: { requireSignatures: false } })
  closers.push(mesh)
  const [node] = mesh.nodes as [TestNode]
  const alice = await node.addUser('alice')
  await alice.dav('MKCOL', '/maps')
  await alice.put('/maps/a.txt', 'content of a')
  return { node, alice }
}

const give = (from: TestUser, group: string, path = '/maps') =>
  from.call<{ id: string; state: string; detail: string }>('POST', '/shares', {
    ...{ path, role: 'viewer', recipient: { type: 'group', address: group } },
  })

const receivedBy = async (user: TestUser, name: string): Promise<Received | undefined> =>
  (await user.api<{ items: Received[] }>('GET', '/received-shares')).items.find((item) => item.name === name)

describe('a share with a group of another server', () => {
  it('reaches its members at another node, each for themselves', async () => {
    const { alice } = await start('leiden', 'krakow')
    const krakow = mesh.nodes[1] as TestNode
    const [jan, ola] = [await krakow.addUser('jan'), await krakow.addUser('ola')]
    await krakow.node.groups.addGroup('geo')
    for (const name of ['jan', 'ola']) await krakow.node.groups.addMember('geo', name)
    const { status, body } = await give(alice, `geo@${krakow.host}`)
    expect([status, body.state]).toEqual([201, 'pending'])
    for (const user of [jan, ola]) {
      const share = await receivedBy(user, 'maps')
      await user.api('POST', `/received-shares/${share?.id}/accept`, {})
      expect(await (await user.dav('GET', '/maps/a.txt')).text()).toBe('content of a')
    }
    await until(
      () => alice.api<{ state: string }>('GET', `/shares/${body.id}`),
      ({ state }) => state === 'accepted',
    )
    await alice.api('DELETE', `/shares/${body.id}`)
    for (const user of [jan, ola]) {
      await until(
        () => receivedBy(user, 'maps'),
        (share) => share?.state === 'revoked',
      )
    }
  })

  it('is lost by whoever leaves the group there: the files at once, and what they passed on to other servers', async () => {
    const { alice } = await start('leiden', 'krakow', 'bari')
    const [, krakow, bari] = mesh.nodes as [TestNode, TestNode, TestNode]
    const [jan, ola] = [await krakow.addUser('jan'), await krakow.addUser('ola')]
    const eva = await bari.addUser('eva')
    await krakow.node.groups.addGroup('geo')
    for (const name of ['jan', 'ola']) await krakow.node.groups.addMember('geo', name)
    const recipient = { type: 'group', address: `geo@${krakow.host}` }
    const body = { path: '/maps', role: 'viewer', recipient, mayReshare: true }
    const { id } = await alice.api<{ id: string }>('POST', '/shares', body)
    for (const user of [jan, ola]) {
      const share = await receivedBy(user, 'maps')
      await user.api('POST', `/received-shares/${share?.id}/accept`, {})
    }
    await jan.api('POST', '/shares', { path: '/maps', shareWith: eva.address, role: 'viewer' })
    const passed = await receivedBy(eva, 'maps')
    await eva.api('POST', `/received-shares/${passed?.id}/accept`, {})
    expect(await (await eva.dav('GET', '/maps/a.txt')).text()).toBe('content of a')
    await krakow.node.groups.removeMember('geo', 'jan')
    expect((await jan.dav('GET', '/maps/a.txt')).status).toBe(404)
    expect((await eva.dav('GET', '/maps/a.txt')).status).toBe(404)
    await until(
      () => receivedBy(eva, 'maps'),
      (share) => share?.state === 'revoked',
    )
    expect(await (await ola.dav('GET', '/maps/a.txt')).text()).toBe('content of a')
    expect(await alice.api('GET', `/shares/${id}`)).toMatchObject({ state: 'accepted' })
  })

  it('of one here is lost at once by whoever leaves it, with what they passed on to another server', async () => {
    const { node, alice } = await start('leiden', 'krakow')
    const dan = await node.addUser('dan')
    const jan = await (mesh.nodes[1] as TestNode).addUser('jan')
    await node.node.groups.addGroup('sky')
    await node.node.groups.addMember('sky', 'dan')
    const recipient = { type: 'group', address: 'sky' }
    await alice.api('POST', '/shares', { path: '/maps', role: 'viewer', recipient, mayReshare: true })
    const mine = await receivedBy(dan, 'maps')
    await dan.api('POST', `/received-shares/${mine?.id}/accept`, {})
    await dan.api('POST', '/shares', { path: '/maps', shareWith: jan.address, role: 'viewer' })
    const passed = await receivedBy(jan, 'maps')
    await jan.api('POST', `/received-shares/${passed?.id}/accept`, {})
    expect(await (await jan.dav('GET', '/maps/a.txt')).text()).toBe('content of a')
    await node.node.groups.removeMember('sky', 'dan')
    expect((await jan.dav('GET', '/maps/a.txt')).status).toBe(404)
    await until(
      () => receivedBy(jan, 'maps'),
      (share) => share?.state === 'revoked',
    )
  })

  it('reaches a group of a Nextcloud that takes them, and is refused by one that says it does and does not', async () => {
    const { alice } = await start('leiden')
    const users = ['bob', 'carl']
    const willing = await startFakeNextcloud({ users, groups: ['geo'], takesGroups: true, name: 'nc' })
    const unwilling = await startFakeNextcloud({ users, groups: ['geo'], name: 'nc2' })
    closers.push(willing, unwilling)
    expect((await give(alice, `geo@${willing.host}`)).status).toBe(201)
    for (const user of users) {
      const [waiting] = willing.pendingShares(user)
      await willing.accept(user, waiting?.id ?? '')
      const [taken] = willing.acceptedShares(user)
      expect(await willing.read(user, taken?.id ?? '', 'a.txt')).toBe('content of a')
    }
    const refused = await give(alice, `geo@${unwilling.host}`)
    expect(refused).toMatchObject({ status: 501, body: { detail: expect.stringContaining(unwilling.host) } })
    expect((await alice.api<{ items: unknown[] }>('GET', '/shares')).items).toHaveLength(1)
  })

  it('is not even sent to a server that lists no groups', async () => {
    const { alice } = await start('leiden')
    const cloud = await startFakeOwncloud10({ users: ['bob'] })
    closers.push(cloud)
    const { status, body } = await give(alice, `geo@${cloud.host}`)
    expect([status, body.detail]).toEqual([501, expect.stringContaining('takes no shares with a group')])
    expect(cloud.taken).toEqual([])
  })

  it('of a Nextcloud reaches the members of a group here', async () => {
    const { node, alice } = await start('leiden')
    const cloud = await startFakeNextcloud({ users: ['bob'], version: 32 })
    closers.push(cloud)
    const dan = await node.addUser('dan')
    await node.node.groups.addGroup('geo')
    await node.node.groups.addMember('geo', 'alice')
    await cloud.addFile('bob', 'theirs/one.txt', 'first')
    const share = await cloud.shareFile('bob', 'theirs', `geo@${node.host}`, { shareType: 'group' })
    const received = await receivedBy(alice, 'theirs')
    await alice.api('POST', `/received-shares/${received?.id}/accept`, {})
    await until(
      async () => share.state,
      (state) => state === 'accepted',
    )
    expect(await (await alice.dav('GET', '/theirs/one.txt')).text()).toBe('first')
    expect(await receivedBy(dan, 'theirs')).toBeUndefined()
    await node.node.groups.addMember('geo', 'dan')
    expect(await receivedBy(dan, 'theirs')).toMatchObject({ state: 'pending' })
    await cloud.unshare(share.id)
    await until(
      () => receivedBy(dan, 'theirs'),
      (now) => now?.state === 'revoked',
    )
    await expect(
      cloud.shareFile('bob', 'theirs', `none@${node.host}`, { shareType: 'group' }),
    ).rejects.toThrow()
  })
})
