import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startMesh } from '../fakes/ocm/mesh.ts'
import { FakeNextcloud, type FakeNextcloudOptions } from '../fakes/ocm/nextcloud.ts'
import { type PathProxy, startPathProxy } from '../support/path-proxy.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, type TestUser, until } from '../support/test-user.ts'

interface Received {
  id: string
  owner: { address: string }
  mountPath: string
}

/** Every address of its own people that it writes has a scheme, as Nextcloud does with those of others. */
class SchemeNextcloud extends FakeNextcloud {
  protected override post(host: string, path: string, text: string) {
    return super.post(host, path, text.replaceAll(`@${this.host}`, `@https:\\/\\/${this.host}`))
  }
}

describe('a share of somebody whose address is written in another way', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let alice: TestUser
  let cloud: FakeNextcloud

  beforeAll(async () => {
    mesh = await startMesh(['leiden'])
    alice = await (mesh.nodes as [TestNode])[0].addUser('alice')
    await alice.put('/back.txt', 'from alice')
  })
  afterAll(() => mesh.close())
  afterEach(() => cloud.close())

  /** A file goes from there to alice, is accepted and read, and another one goes to the address she sees. */
  async function play(options: FakeNextcloudOptions, Server = FakeNextcloud): Promise<void> {
    cloud = await new Server(options).start('nc')
    const [user = ''] = options.users
    await cloud.addFile(user, 'theirs.txt', `from ${user}`)
    const share = await cloud.shareFile(user, 'theirs.txt', alice.address)
    const { items } = await alice.api<{ items: Received[] }>('GET', '/received-shares?state=pending')
    const [received] = items
    expect(received?.owner.address).toBe(`${user}@${cloud.host}`)
    const { mountPath } = await alice.api<Received>('POST', `/received-shares/${received?.id}/accept`, {})
    expect(await (await alice.dav('GET', mountPath)).text()).toBe(`from ${user}`)
    await until(
      async () => share.state,
      (state) => state === 'accepted',
    )
    const body = { path: '/back.txt', shareWith: received?.owner.address, role: 'viewer' }
    await alice.api('POST', '/shares', body)
    const [taken] = cloud.pendingShares(user)
    await cloud.accept(user, taken?.id ?? 'nothing arrived')
    expect(await cloud.read(user, taken?.id ?? '')).toBe('from alice')
    await cloud.unshare(share.id)
    await until(
      () => alice.names('/'),
      (names) => !names.includes(mountPath.slice(1)),
    )
  }

  it.each([25, 32, 35] as const)('with an e-mail address for a name, of Nextcloud %i', async (version) => {
    await play({ users: ['bob@mail.example'], version })
  })

  it.each([25, 32, 35] as const)('with a scheme before the host, of Nextcloud %i', async (version) => {
    await play({ users: ['xenia'], version }, SchemeNextcloud)
  })

  it('with both', async () => {
    await play({ users: ['bob@mail.example'], version: 33 }, SchemeNextcloud)
  })
})

describe('a node whose host is an address of IPv6', () => {
  let mesh: TestMesh
  let door: PathProxy
  let ann: TestUser
  let jan: TestUser

  beforeAll(async () => {
    const hosts = { 'leiden.test': '127.0.0.1' }
    const network = { allow: ['127.0.0.0/8', '::1/128'], insecureHttp: true, hosts }
    door = await startPathProxy('', '::1')
    mesh = await TestMesh.create([])
    const leiden = await mesh.start('leiden', { network, ocm: { requireSignatures: 'always' } })
    const sixth = await mesh.start('krakow', {
      ...{ network, ocm: { requireSignatures: 'always' }, publicUrl: `http://[::1]:${door.port}` },
    })
    door.upstreamPort = Number(new URL(sixth.origin).port)
    ann = await leiden.addUser('ann')
    jan = await sixth.addUser('jan')
  })
  afterAll(async () => {
    await mesh.close()
    await door.close()
  })

  it('is a contact, and shares in both directions, every message signed', async () => {
    expect(jan.address).toBe(`jan@[::1]:${door.port}`)
    await connect(ann, jan)
    const { items } = await ann.api<{ items: { address: string }[] }>('GET', '/contacts')
    expect(items.map(({ address }) => address)).toEqual([jan.address])
    await ann.put('/to-six.txt', 'over four')
    await jan.put('/to-four.txt', 'over six')
    const there = await shareAndAccept(ann, jan, '/to-six.txt')
    expect(await (await jan.dav('GET', there.mountPath)).text()).toBe('over four')
    const here = await shareAndAccept(jan, ann, '/to-four.txt')
    expect(await (await ann.dav('GET', here.mountPath)).text()).toBe('over six')
    await jan.api('DELETE', `/shares/${here.shareId}`)
    await until(
      () => ann.names('/'),
      (names) => !names.includes('to-four.txt'),
    )
  })

  it('is not asked by a node that does not list such addresses', async () => {
    const network = { allow: ['127.0.0.0/8'], insecureHttp: true }
    const closed = await mesh.start('delft', { network })
    const eve = await closed.addUser('eve')
    await eve.put('/x.txt', 'x')
    const answer = await eve.call('POST', '/shares', {
      ...{ path: '/x.txt', shareWith: jan.address, role: 'viewer' },
    })
    expect(answer).toMatchObject({ status: 502, body: { code: 'PEER_ADDRESS_REFUSED' } })
  })
})
