import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, TestUser, until } from '../support/test-user.ts'

interface ShareView {
  id: string
  state: string
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
  await connect(ann, jan)
  await ann.put('/a.txt', 'alpha')
  await krakow.close()
})
afterEach(() => mesh.close())

const returned = async () => {
  const port = Number(krakow.host.split(':')[1])
  krakow = await mesh.start('krakow', {}, { folder: krakow.folder, port })
  jan = new TestUser({ name: 'jan', password: 'jan-password', origin: krakow.origin, host: krakow.host })
}
/** As after many vain attempts: the next one is in an hour. */
const inAnHour = () =>
  leiden.node.db('share_messages').update({ tries: 9, next_try_at_ms: Date.now() + 3_500_000 })
const waiting = async () => (await ann.api<{ items: unknown[] }>('GET', '/messages')).items.length
const isGiven = (id: string) =>
  until(
    () => ann.api<ShareView>('GET', `/shares/${id}`),
    ({ state }) => state === 'pending',
  )

describe('a server that was down and comes back', () => {
  it('gets what waited for it as soon as somebody there says anything', async () => {
    const { id } = await ann.api<ShareView>('POST', '/shares', {
      ...{ path: '/a.txt', shareWith: jan.address, role: 'viewer' },
    })
    await inAnHour()
    await returned()
    expect(await waiting()).toBe(1)
    await jan.put('/b.txt', 'beta')
    await jan.api('POST', '/shares', { path: '/b.txt', shareWith: ann.address, role: 'viewer' })
    await isGiven(id)
    expect(await waiting()).toBe(0)
  })

  it('gets what waited for it as soon as it takes anything else', async () => {
    const { id } = await ann.api<ShareView>('POST', '/shares', {
      ...{ path: '/a.txt', shareWith: jan.address, role: 'viewer' },
    })
    await inAnHour()
    await returned()
    await ann.put('/c.txt', 'gamma')
    await ann.api('POST', '/shares', { path: '/c.txt', shareWith: jan.address, role: 'viewer' })
    await isGiven(id)
    const { items } = await jan.api<{ items: { name: string }[] }>('GET', '/received-shares')
    expect(items.map(({ name }) => name).sort()).toEqual(['a.txt', 'c.txt'])
  })
})
