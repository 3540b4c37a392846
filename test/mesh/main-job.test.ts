import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, type TestUser, until } from '../support/test-user.ts'

describe('two nodes', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let ann: TestUser
  let jan: TestUser
  const frames = new Uint8Array(randomBytes(3 * 1024 * 1024))

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    const [leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    await ann.dav('MKCOL', '/lofar')
    await ann.dav('MKCOL', '/lofar/sub')
    await ann.put('/lofar/a.ms', frames)
    await ann.put('/lofar/sub/Größe %231 100%25.txt', 'ünïcode')
    await connect(ann, jan)
  })

  afterAll(() => mesh.close())

  it('makes the two people contacts of each other', async () => {
    const contacts = async (user: TestUser) =>
      (await user.api<{ items: { address: string; displayName: string }[] }>('GET', '/contacts')).items
    expect(await contacts(ann)).toMatchObject([{ address: jan.address, displayName: 'JAN' }])
    expect(await contacts(jan)).toMatchObject([{ address: ann.address, displayName: 'ANN' }])
  })

  it('uses an invitation for one person, who is answered as often as they ask', async () => {
    const { inviteString } = await ann.api<{ inviteString: string }>('POST', '/invitations', {})
    const accept = (user: TestUser) => user.call('POST', '/invitations/accept', { invite: inviteString })
    expect((await accept(jan)).status).toBe(201)
    expect((await accept(jan)).status).toBe(201)
    const eve = await (mesh.nodes[1] as TestNode).addUser('eve')
    expect((await accept(eve)).status).toBe(409)
    expect((await jan.api<{ items: unknown[] }>('GET', '/contacts')).items).toHaveLength(1)
    expect((await eve.api<{ items: unknown[] }>('GET', '/contacts')).items).toEqual([])
  })

  it('shows a share as pending, then as a folder of the drive, read through the own node', async () => {
    const { mountPath } = await shareAndAccept(ann, jan, '/lofar')
    expect(await jan.names(`${mountPath}/`)).toEqual(['a.ms', 'sub'])
    expect(await jan.names(`${mountPath}/sub/`)).toEqual(['Größe #1 100%.txt'])
    const answer = await jan.dav('GET', `${mountPath}/a.ms`, { headers: { range: 'bytes=1000000-1000009' } })
    expect(answer.status).toBe(206)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from(frames.subarray(1000000, 1000010)))
    await until(
      () => ann.api<{ items: { state: string }[] }>('GET', '/shares'),
      ({ items }) => items[0]?.state === 'accepted',
    )
  })

  it('refuses a viewer who writes', async () => {
    const answer = await jan.dav('PUT', '/lofar/intruder.txt', { body: 'no' })
    expect(answer.status).toBe(403)
    expect(await ann.names('/lofar/')).toEqual(['a.ms', 'sub'])
  })

  it('copies the share to the own node with equal checksums', async () => {
    const { items } = await jan.api<{ items: { id: string }[] }>('GET', '/received-shares?state=accepted')
    const order = { source: { shareId: items[0]?.id }, destination: { path: '/incoming/lofar' } }
    const { id } = await jan.api<{ id: string }>('POST', '/transfers', order)
    expect(await jan.untilEnded(id)).toMatchObject({
      state: 'FINISHED',
      files: { total: 2, done: 2, failed: 0 },
    })
    const files = await jan.api<{ items: { verified: string }[] }>('GET', `/transfers/${id}/files`)
    expect(files.items.map((file) => file.verified)).toEqual(['checksum', 'checksum'])
    const copy = await jan.dav('GET', '/incoming/lofar/a.ms')
    expect(Buffer.from(await copy.arrayBuffer()).equals(Buffer.from(frames))).toBe(true)
  })

  it('takes the share away when it is revoked, and leaves the copy', async () => {
    const { items } = await ann.api<{ items: { id: string }[] }>('GET', '/shares')
    await ann.api('DELETE', `/shares/${items[0]?.id}`)
    const names = await until(
      () => jan.names('/'),
      (found) => !found.includes('lofar'),
    )
    expect(names).toEqual(['incoming'])
    expect(await jan.names('/incoming/lofar/')).toEqual(['a.ms', 'sub'])
  })

  it('lets an editor write, and shows it to the owner at once', async () => {
    await ann.dav('MKCOL', '/together')
    const { mountPath } = await shareAndAccept(ann, jan, '/together', 'editor')
    await jan.put(`${mountPath}/from-jan.txt`, 'hello')
    expect(await (await ann.dav('GET', '/together/from-jan.txt')).text()).toBe('hello')
  })

  it('keeps the rest of the drive working while the other node is down', async () => {
    const [leiden] = mesh.nodes as [TestNode]
    await leiden.close()
    const answer = await jan.dav('GET', '/together/from-jan.txt')
    expect(answer.status).toBeGreaterThanOrEqual(502)
    expect(await answer.text()).toContain(leiden.host)
    expect(await jan.names('/')).toEqual(['incoming', 'together'])
    expect((await jan.dav('GET', '/incoming/lofar/a.ms')).status).toBe(200)
  })
})
