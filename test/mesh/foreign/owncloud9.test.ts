import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMesh } from '../../fakes/ocm/mesh.ts'
import { startFakeOwncloud9 } from '../../fakes/ocm/owncloud9.ts'
import type { TestMesh, TestNode } from '../../support/test-mesh.ts'
import { type TestUser, until } from '../../support/test-user.ts'
import { give, playWith, takeThere } from './scenarios.ts'

describe.each(['9.1.8', '8.2.11', '8.0.16'] as const)('with ownCloud %s, which has no OCM', (version) => {
  const { scene } = playWith({
    start: () => startFakeOwncloud9({ users: ['bob', 'carl'], version }),
    never: [
      'they accept an invitation of ours, and share with their new contact',
      'we accept an invitation of theirs, and share with our new contact',
    ],
  })

  it('what we share goes there under a number, with the secret, and so does its end', async () => {
    const { alice, cloud, node } = scene()
    await alice.put('/numbered.txt', 'x')
    const id = await give(scene(), '/numbered.txt', 'viewer')
    const taken = await takeThere(scene(), 'numbered.txt')
    expect(taken).toMatchObject({ owner: alice.address, providerId: expect.stringMatching(/^[1-9]\d*$/) })
    expect(Number(taken.providerId)).toBeLessThan(2 ** 31)
    expect(taken.uri).toBe(`http://${node.host}/`)
    await until(
      () => alice.api<{ state: string }>('GET', `/shares/${id}`),
      ({ state }) => state === 'accepted',
    )
    await alice.api('DELETE', `/shares/${id}`)
    const told = await until(
      async () => cloud.requests.find(({ path }) => path.includes(`/${taken.providerId}/unshare`)),
      (request) => request !== undefined,
    )
    expect(told).toMatchObject({ status: 200, body: `token=${encodeURIComponent(taken.secret)}` })
    expect(cloud.requests.filter(({ path }) => path.startsWith('/ocm/'))).toEqual([])
  })

  it('a change of rights goes to the address they had for that, and holds here at once', async () => {
    const { alice, cloud } = scene()
    await alice.put('/changed.txt', 'before')
    const id = await give(scene(), '/changed.txt', 'editor')
    const taken = await takeThere(scene(), 'changed.txt')
    await alice.api('PATCH', `/shares/${id}`, { role: 'viewer' })
    await expect(cloud.write('bob', taken.id, '', 'after')).rejects.toThrow(/read-only|403/)
    const told = await until(
      async () => cloud.requests.find(({ path }) => path.includes(`/${taken.providerId}/permissions`)),
      (request) => request !== undefined,
    )
    expect(new URLSearchParams(told?.body).get('permissions')).toBe('1')
  })

  it('a group there cannot be shared with, and its owner is told why', async () => {
    const { alice, cloud } = scene()
    await alice.put('/group.txt', 'x')
    const recipient = { type: 'group', address: `all@${cloud.host}` }
    const body = { path: '/group.txt', recipient, role: 'viewer' }
    const { status, body: said } = await alice.call<{ detail: string }>('POST', '/shares', body)
    expect([status, said.detail]).toEqual([501, expect.stringContaining('takes no shares with a group')])
  })
})

describe('a server from before OCM', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let ann: TestUser

  beforeAll(async () => {
    mesh = await startMesh(['leiden'], { ocm: { requireSignatures: false, exchangeTokens: 'require' } })
    ann = await (mesh.nodes[0] as TestNode).addUser('ann')
    await ann.put('/a.txt', 'a')
  })
  afterAll(() => mesh.close())

  it('gets nothing from a node whose secrets have to be exchanged', async () => {
    const cloud = await startFakeOwncloud9({ users: ['bob'] })
    const body = { path: '/a.txt', shareWith: cloud.addressOf('bob'), role: 'viewer' }
    const { status, body: said } = await ann.call<{ detail: string }>('POST', '/shares', body)
    expect([status, said.detail]).toEqual([501, expect.stringContaining('cannot exchange tokens')])
    expect(cloud.taken).toEqual([])
    await cloud.close()
  })

  it('that has sharing switched off is told as that, and not tried for a week', async () => {
    const open = await startMesh(['krakow'], { ocm: { requireSignatures: false } })
    const jan = await (open.nodes[0] as TestNode).addUser('jan')
    await jan.put('/a.txt', 'a')
    for (const version of ['9.1.8', '8.2.11'] as const) {
      const cloud = await startFakeOwncloud9({ users: ['bob'], version, takesShares: false })
      const body = { path: '/a.txt', shareWith: cloud.addressOf('bob'), role: 'viewer' }
      const { status, body: said } = await jan.call<{ detail: string }>('POST', '/shares', body)
      expect([status, said.detail]).toEqual([501, expect.stringContaining('switched off')])
      await cloud.close()
    }
    await open.close()
  })
})
