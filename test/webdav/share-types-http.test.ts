import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askFor, readMultistatus } from '../support/dav-client.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, type TestUser } from '../support/test-user.ts'

describe('oc:share-types', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let ann: TestUser
  let bob: TestUser
  let jan: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    const [leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    bob = await leiden.addUser('bob')
    jan = await krakow.addUser('jan')
    await connect(ann, jan)
    for (const folder of ['here', 'there', 'both', 'nobody']) await ann.dav('MKCOL', `/${folder}`)
  })

  afterAll(() => mesh.close())

  async function typesOf(user: TestUser): Promise<Record<string, string[]>> {
    const body = askFor('oc:share-types oc:permissions')
    const answer = await user.dav('PROPFIND', '/', { body, headers: { depth: '1' } })
    const replies = readMultistatus(await answer.text())
    const list = replies.map(({ href, found }) => [
      href.split('/').at(-2),
      [...(found['share-types'] ?? '?')],
    ])
    return Object.fromEntries(list)
  }

  it('tell with whom something is shared now, and nothing of what is not', async () => {
    await shareAndAccept(ann, bob, '/here')
    await shareAndAccept(ann, jan, '/there')
    await shareAndAccept(ann, bob, '/both')
    const { shareId } = await shareAndAccept(ann, jan, '/both')
    expect(await typesOf(ann)).toEqual({ ann: [], here: ['0'], there: ['6'], both: ['0', '6'], nobody: [] })
    expect(await typesOf(bob)).toEqual({ bob: [], here: [], both: [] })
    await ann.api('DELETE', `/shares/${shareId}`)
    expect((await typesOf(ann)).both).toEqual(['0'])
  })
})
