import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeCloud } from '../../fakes/ocm/fake-cloud.ts'
import { startMesh } from '../../fakes/ocm/mesh.ts'
import { startFakeNextcloud } from '../../fakes/ocm/nextcloud.ts'
import { startFakeOpencloud } from '../../fakes/ocm/opencloud.ts'
import { startFakeOwncloud10 } from '../../fakes/ocm/owncloud10.ts'
import type { TestMesh, TestNode } from '../../support/test-mesh.ts'
import type { TestUser } from '../../support/test-user.ts'

interface Added {
  share?: { id: string; name: string; state: string; owner: { address: string } }
}

const users = ['bob']
const PASSWORD = 'a long password'

let mesh: TestMesh & { nodes: TestNode[] }
let node: TestNode
let alice: TestUser

beforeAll(async () => {
  mesh = await startMesh(['leiden'])
  ;[node] = mesh.nodes as [TestNode]
  alice = await node.addUser('alice')
})
afterAll(() => mesh.close())

const add = (link: string, password?: string) =>
  alice.call<Added & { code?: string }>('POST', '/received-shares/add-link', {
    link,
    ...(password === undefined ? {} : { password }),
  })

describe.each<[string, () => Promise<FakeCloud>]>([
  ['Nextcloud 25', () => startFakeNextcloud({ users, version: 25 })],
  ['Nextcloud 32', () => startFakeNextcloud({ users, version: 32 })],
  ['Nextcloud 35', () => startFakeNextcloud({ users, version: 35 })],
  ['ownCloud 10', () => startFakeOwncloud10({ users })],
])('a public link of %s that is added here', (name, start) => {
  let cloud: FakeCloud

  beforeAll(async () => {
    cloud = await start()
    // Only so many may be added by one.
    alice = await node.addUser(name.replace(' ', '').toLowerCase())
  })
  afterAll(() => cloud.close())

  async function open(more: { password?: string; write?: boolean; drop?: boolean } = {}) {
    const path = `${name.replace(' ', '')}-${Math.random().toString(36).slice(2)}.txt`
    await cloud.addFile('bob', path, `content of ${path}`)
    const permissions = more.drop ? (['write'] as const) : (['read'] as const)
    const { password } = more
    const { token, link } = cloud.links.open({
      ...{ user: 'bob', path, permissions: [...permissions] },
      ...(password === undefined ? {} : { password }),
    })
    return { path, link, url: `${cloud.url}/index.php/s/${token}`, token }
  }

  it('is a share that waits for an answer like any other, and is read then', async () => {
    const { path, url } = await open()
    const { status, body } = await add(url)
    expect([status, body]).toMatchObject([
      201,
      { share: { name: path, state: 'pending', owner: { address: cloud.addressOf('bob') } } },
    ])
    await alice.api('POST', `/received-shares/${body.share?.id}/accept`, {})
    expect(await (await alice.dav('GET', `/${path}`)).text()).toBe(`content of ${path}`)
  })

  it('is taken by the address that its page sends visitors to, too', async () => {
    const { path, token } = await open()
    const values = new URLSearchParams({ remote: cloud.url, token, owner: 'bob', name: path, protected: '0' })
    const { body } = await add(`http://leiden.test/index.php/apps/files#${values}`)
    expect(body.share?.name).toBe(path)
  })

  it('needs its password, which goes nowhere but into the one request', async () => {
    const { path, url } = await open({ password: PASSWORD })
    expect(await add(url)).toMatchObject({ status: 403, body: { code: 'LINK_PASSWORD_NEEDED' } })
    const wrong = await add(url, 'wrong')
    expect(wrong).toMatchObject({ status: 403, body: { code: 'LINK_PASSWORD_WRONG' } })
    const right = await add(url, PASSWORD)
    expect([right.status, right.body.share?.name]).toEqual([201, path])
    const told = cloud.requests.filter((request) => JSON.stringify(request).includes('long+password'))
    expect(told.map((request) => request.method)).toEqual(['POST'])
  })

  it('that is over, never was, or takes files only is refused with a reason of its own', async () => {
    const { url, link } = await open()
    link.isOver = true
    expect(await add(url)).toMatchObject({ status: 404, body: { code: 'LINK_OVER' } })
    expect(await add(`${cloud.url}/s/never0was`)).toMatchObject({ status: 404, body: { code: 'LINK_OVER' } })
    const drop = await open({ drop: true })
    const refused = await add(drop.url)
    expect(refused).toMatchObject({ status: 403, body: { code: 'LINK_REFUSED' } })
    expect(JSON.stringify(refused.body)).toContain('Mounting file drop not supported')
  })
})

describe('what is added here', () => {
  it('and is no link of a server that lets others take them is told apart', async () => {
    const cloud = await startFakeOpencloud({ users })
    try {
      expect(await add(`${cloud.url}/s/aToken`)).toMatchObject({ status: 400, body: { code: 'NOT_A_LINK' } })
    } finally {
      await cloud.close()
    }
  })
})
