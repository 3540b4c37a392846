import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthority, type TestAuthority } from '../support/test-ca.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, type TestUser, until } from '../support/test-user.ts'

describe('two nodes that speak TLS to each other', () => {
  const frames = new Uint8Array(randomBytes(2 * 1024 * 1024))
  let folder: string
  let authority: TestAuthority
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let jan: TestUser

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-ca-'))
    authority = await createAuthority(folder)
    mesh = await TestMesh.create(['leiden', 'krakow'], {}, authority)
    const [first, krakow] = mesh.nodes as [TestNode, TestNode]
    leiden = first
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    await ann.dav('MKCOL', '/lofar')
    await ann.put('/lofar/a.ms', frames)
  })

  afterAll(async () => {
    await mesh.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('invite, share, read, write, copy and withdraw, all signed and by https only', async () => {
    await connect(ann, jan)
    const { shareId, receivedId, mountPath } = await shareAndAccept(ann, jan, '/lofar', 'editor')
    const answer = await jan.dav('GET', `${mountPath}/a.ms`)
    expect(Buffer.from(await answer.arrayBuffer()).equals(frames)).toBe(true)
    await jan.put(`${mountPath}/reply.txt`, 'thank you')
    expect(await (await ann.dav('GET', '/lofar/reply.txt')).text()).toBe('thank you')
    const order = { source: { shareId: receivedId }, destination: { path: '/copy' } }
    const { id } = await jan.api<{ id: string }>('POST', '/transfers', order)
    expect(await jan.untilEnded(id)).toMatchObject({ state: 'FINISHED', files: { done: 2 } })
    const stored = await leiden.node.db('shares').select('state')
    expect(stored).toEqual([{ state: 'accepted' }])
    await ann.api('DELETE', `/shares/${shareId}`)
    await until(
      () => jan.api<{ state: string }>('GET', `/received-shares/${receivedId}`),
      ({ state }) => state === 'revoked',
    )
    expect((await jan.dav('GET', `${mountPath}/a.ms`)).status).toBe(404)
  })

  it('announce nothing but https', async () => {
    const document = await (await fetch(`${leiden.origin}/.well-known/ocm`)).text()
    expect(document).toContain(`https://${leiden.host}/ocm`)
    expect(document).not.toContain('http://')
  })

  it('do not believe a server whose certificate another authority signed', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'causeway-ca-'))
    const stranger = await TestMesh.create(['krakow'], {}, await createAuthority(elsewhere))
    const [krakow] = stranger.nodes as [TestNode]
    await krakow.addUser('eva')
    const refused = await ann.call<{ code: string; detail: string }>('POST', '/shares', {
      ...{ path: '/lofar', role: 'viewer', shareWith: `eva@${krakow.host}` },
    })
    expect(refused).toMatchObject({ status: 502, body: { code: 'PEER_CERTIFICATE' } })
    expect(refused.body.detail).toContain('network.extraCaFile')
    await stranger.close()
    await rm(elsewhere, { recursive: true, force: true })
  })

  it('say so when the other side speaks no TLS at all', async () => {
    const plain = new URL(leiden.origin).port
    const refused = await jan.call('POST', '/invitations/accept', {
      ...{ token: 't', provider: `leiden.test:${plain}` },
    })
    expect(refused).toMatchObject({ status: 502, body: { code: 'PEER_NO_TLS' } })
  })
})
