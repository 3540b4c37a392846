import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, type TestUser, until } from '../support/test-user.ts'

interface Contact {
  id: string
  address: string
}

describe('two nodes that share with contacts only', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let ann: TestUser
  let jan: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'], { ocm: { mustInvite: true } })
    const [leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    for (const name of ['a', 'b', 'c']) await ann.put(`/${name}.txt`, name)
  })
  afterAll(() => mesh.close())

  const share = (path: string) =>
    ann.call('POST', '/shares', { path, shareWith: jan.address, role: 'viewer' })
  const contactsOf = async (user: TestUser) =>
    (await user.api<{ items: Contact[] }>('GET', '/contacts')).items
  const refused = { status: 403, body: { code: 'NOT_INVITED' } }

  it('connect two people by an invitation, and part both when one has removed the other', async () => {
    expect(await share('/a.txt')).toMatchObject(refused)
    await connect(jan, ann)
    expect((await share('/b.txt')).status).toBe(201)
    const [known] = await contactsOf(jan)
    expect(known).toMatchObject({ address: ann.address })
    await jan.api('DELETE', `/contacts/${known?.id}`)
    await until(
      () => contactsOf(ann),
      (left) => left.length === 0,
    )
    expect(await share('/c.txt')).toMatchObject(refused)
    // What was shared before stays.
    expect(await jan.api('GET', '/received-shares')).toMatchObject({ items: [{ name: 'b.txt' }] })
  })
})
