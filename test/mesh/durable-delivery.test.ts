import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { TestUser, until } from '../support/test-user.ts'

interface ShareView {
  id: string
  state: string
  messages?: { id: string; type: string; state: string; lastError: string }[]
}

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let krakow: TestNode
let ann: TestUser
let jan: TestUser

beforeEach(async () => {
  mesh = await TestMesh.create(['leiden', 'krakow'])
  ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
  ann = await leiden.addUser('ann')
  jan = await krakow.addUser('jan')
  await ann.put('/a.txt', 'alpha')
})
afterEach(() => mesh.close())

const portOf = ({ host }: TestNode) => Number(host.split(':')[1])
const again = (node: TestNode) => mesh.start(node.name, {}, { folder: node.folder, port: portOf(node) })
/** The same person at the node that was started again. */
const at = (node: TestNode, { name, authorization }: TestUser) => {
  const user = new TestUser({ name, password: '', origin: node.origin, host: node.host })
  user.authorization = authorization
  return user
}
const give = (shareWith = jan.address) =>
  ann.api<ShareView>('POST', '/shares', { path: '/a.txt', shareWith, role: 'viewer' })
const received = (user: TestUser) =>
  user.api<{ items: { id: string; name: string; state: string }[] }>('GET', '/received-shares')

describe('a share with somebody whose node is down', () => {
  it('arrives when both nodes have been started again', async () => {
    await krakow.close()
    const given = await give()
    expect(given).toMatchObject({
      state: 'sending',
      messages: [{ type: 'SHARE', state: 'waiting', lastError: expect.stringContaining('krakow.test') }],
    })
    await leiden.close()
    leiden = await again(leiden)
    ann = at(leiden, ann)
    jan = at(await again(krakow), jan)
    const { items } = await ann.api<{ items: { id: string }[] }>('GET', '/messages')
    await ann.api('POST', `/messages/${items[0]?.id}/retry`)
    await until(
      () => ann.api<ShareView>('GET', `/shares/${given.id}`),
      ({ state }) => state === 'pending',
    )
    expect((await received(jan)).items).toMatchObject([{ name: 'a.txt', state: 'pending' }])
    expect(await ann.api('GET', '/messages')).toEqual({ items: [] })
  }, 30_000)

  it('is refused at once when there is nobody of that name, or no such server', async () => {
    expect(await ann.call('POST', '/shares', { ...body(`nobody@${krakow.host}`) })).toMatchObject({
      status: 404,
      body: { code: 'PEER_RECIPIENT_UNKNOWN' },
    })
    expect(await ann.call('POST', '/shares', { ...body('jan@nowhere.invalid') })).toMatchObject({
      status: 404,
      body: { code: 'PEER_NO_SUCH_HOST' },
    })
    expect(await ann.api('GET', '/shares')).toEqual({ items: [] })
  })
})

const body = (shareWith: string) => ({ path: '/a.txt', shareWith, role: 'viewer' })

describe('the end of a share', () => {
  it('reaches a node that was down, after the share itself was changed', async () => {
    const { id } = await give()
    const [pending] = (await received(jan)).items
    await jan.api('POST', `/received-shares/${pending?.id}/accept`, {})
    await until(
      () => ann.api<ShareView>('GET', `/shares/${id}`),
      ({ state }) => state === 'accepted',
    )
    await krakow.close()
    await ann.api('PATCH', `/shares/${id}`, { role: 'editor' })
    await ann.api('DELETE', `/shares/${id}`)
    jan = at(await again(krakow), jan)
    const waiting = await until(
      () => ann.api<{ items: { id: string; type: string; state: string }[] }>('GET', '/messages'),
      ({ items }) => items.every(({ state }) => state === 'waiting'),
    )
    for (const message of waiting.items) await ann.call('POST', `/messages/${message.id}/retry`)
    await until(
      () => received(jan),
      ({ items }) => items[0]?.state === 'revoked',
    )
  }, 30_000)
})
