import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeCloud } from '../../fakes/ocm/fake-cloud.ts'
import type { TakenShare } from '../../fakes/ocm/fake-types.ts'
import { startMesh } from '../../fakes/ocm/mesh.ts'
import { startFakeNextcloud } from '../../fakes/ocm/nextcloud.ts'
import { startFakeOpencloud } from '../../fakes/ocm/opencloud.ts'
import { startFakeOwncloud10 } from '../../fakes/ocm/owncloud10.ts'
import type { TestMesh, TestNode } from '../../support/test-mesh.ts'
import { type TestUser, until } from '../../support/test-user.ts'

interface Link {
  id: string
  link: { url: string }
}

let mesh: TestMesh & { nodes: TestNode[] }
let node: TestNode
let alice: TestUser

const users = ['bob']
const opencloud = async () => {
  const cloud = await startFakeOpencloud({ users })
  cloud.trust(node.host)
  return cloud
}

/** A link to a folder with a file in it. */
async function open(name: string, role: string): Promise<{ id: string; token: string }> {
  await alice.dav('MKCOL', `/${name}`)
  await alice.put(`/${name}/a.txt`, `content of ${name}`)
  const body = { path: `/${name}`, role, recipient: { type: 'link' } }
  const { id, link } = await alice.api<Link>('POST', '/shares', body)
  return { id, token: link.url.split('/').at(-1) ?? '' }
}

/** What the visitor's server posts when somebody there adds the link. */
async function createFederatedShare(cloud: FakeCloud, token: string) {
  const { status, json } = await cloud.client.call({
    ...{
      method: 'POST',
      url: `http://${node.host}/index.php/apps/federatedfilesharing/createFederatedShare`,
    },
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token, shareWith: cloud.addressOf('bob'), password: '' }).toString(),
  })
  return { status, json }
}

async function taken(cloud: FakeCloud, name: string): Promise<string> {
  const share = await until<TakenShare | undefined>(
    async () => cloud.taken.find((one) => one.name === name),
    (found) => found !== undefined,
  )
  if (share?.state === 'pending') await cloud.accept('bob', share.id)
  return share?.id ?? ''
}

describe.each<[string, () => Promise<FakeCloud>]>([
  ['Nextcloud 25', () => startFakeNextcloud({ users, version: 25 })],
  ['Nextcloud 32', () => startFakeNextcloud({ users, version: 32 })],
  ['Nextcloud 35', () => startFakeNextcloud({ users, version: 35 })],
  ['ownCloud 10', () => startFakeOwncloud10({ users })],
  ['OpenCloud', opencloud],
])('a public link that a visitor takes into %s', (_name, start) => {
  let cloud: FakeCloud

  // A node of its own: links are offered only so often to visitors from one address.
  beforeAll(async () => {
    mesh = await startMesh(['leiden'])
    ;[node] = mesh.nodes as [TestNode]
    alice = await node.addUser('alice')
    cloud = await start()
  })
  afterAll(async () => {
    await cloud?.close()
    await mesh.close()
  })

  it('is listed and read there with the rights of the link, as a share of its owner, until the link ends', async () => {
    const name = 'read'
    const { id, token } = await open(name, 'viewer')
    expect(await createFederatedShare(cloud, token)).toEqual({ status: 200, json: { remoteUrl: cloud.host } })
    const shareId = await taken(cloud, name)
    expect(cloud.taken.find((one) => one.id === shareId)?.owner).toBe(alice.address)
    expect((await cloud.list('bob', shareId)).slice(1).map((entry) => entry.name)).toEqual(['a.txt'])
    expect(await cloud.read('bob', shareId, 'a.txt')).toBe(`content of ${name}`)
    await expect(cloud.write('bob', shareId, 'b.txt', 'x')).rejects.toThrow(/read-only|403/)
    await alice.api('DELETE', `/shares/${id}`)
    await expect(cloud.read('bob', shareId, 'a.txt')).rejects.toThrow()
  })

  it('is written there where the link may be written', async () => {
    const name = 'written'
    const { token } = await open(name, 'editor')
    expect((await createFederatedShare(cloud, token)).status).toBe(200)
    await cloud.write('bob', await taken(cloud, name), 'b.txt', 'by bob')
    expect(await (await alice.dav('GET', `/${name}/b.txt`)).text()).toBe('by bob')
  })

  it('is offered by the form of its page, too', async () => {
    const name = 'form'
    const { token } = await open(name, 'viewer')
    const sent = await fetch(`${node.origin}/s/${token}/add`, {
      ...{ method: 'POST', body: new URLSearchParams({ shareWith: cloud.addressOf('bob') }) },
    })
    expect(sent.status).toBe(200)
    expect(await cloud.read('bob', await taken(cloud, name), 'a.txt')).toBe(`content of ${name}`)
  })
})
