import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, type TestUser, until } from '../support/test-user.ts'

interface Push {
  id: string
  state: string
  asksForCopy?: boolean
  verified?: boolean
  files?: number
  sizeBytes?: number
  reason?: string
  label?: string
}

interface Received {
  id: string
  name: string
  state: string
  transferOffered: boolean
  sizeBytes?: number
  mountPath?: string
  copy?: { state: string; path: string; transferId?: string; error?: { code: string } }
}

interface Failure {
  code: string
}

describe('data that is pushed to somebody on another node', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let krakow: TestNode
  let ann: TestUser
  let jan: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    await connect(ann, jan)
  })
  afterAll(() => mesh.close())

  let count = 0
  /** A folder of Ann's with three files. */
  const newData = async (bytes = 1000) => {
    const path = `/data-${++count}`
    await ann.dav('MKCOL', path)
    await ann.dav('MKCOL', `${path}/sub`)
    await ann.put(`${path}/a.csv`, 'alpha')
    await ann.put(`${path}/sub/b.csv`, 'beta')
    await ann.put(`${path}/sub/c.bin`, new Uint8Array(randomBytes(bytes)))
    return path
  }
  const push = (path: string, more: object = {}) =>
    ann.api<Push>('POST', '/transfers/push', { path, shareWith: jan.address, ...more })
  const offered = async (path: string): Promise<Received> => {
    const { items } = await jan.api<{ items: Received[] }>('GET', '/received-shares')
    const found = items.find(({ name }) => `/${name}` === path)
    if (found === undefined) throw new Error(`${path} has not arrived`)
    return found
  }
  const accept = (id: string, body: object) =>
    jan.call<Received & Failure>('POST', `/received-shares/${id}/accept`, body)
  const seen = (id: string) => ann.api<Push>('GET', `/transfer-pushes/${id}`)
  const untilSeen = (id: string, state: string) =>
    until(
      () => seen(id),
      (one) => one.state === state,
    )
  const mine = (id: string) => jan.api<Received>('GET', `/received-shares/${id}`)

  it('is copied to where the recipient says, verified, and the sender sees how far it is', async () => {
    const path = await newData()
    const made = await push(path, { note: 'please take it', label: 'run 7' })
    expect(made).toMatchObject({ state: 'offered', asksForCopy: true, label: 'run 7' })
    const share = await offered(path)
    expect(share).toMatchObject({ state: 'pending', transferOffered: true, sizeBytes: 1009 })
    const taken = await accept(share.id, { copyTo: '/inbox/run-7' })
    expect(taken).toMatchObject({ status: 200, body: { state: 'accepted', copy: { path: '/inbox/run-7' } } })
    expect(await untilSeen(made.id, 'copied')).toMatchObject({ verified: true, files: 3, sizeBytes: 1009 })
    expect(await jan.names('/inbox/run-7/sub/')).toEqual(['b.csv', 'c.bin'])
    const after = await mine(share.id)
    expect(after).toMatchObject({ state: 'accepted', copy: { state: 'copied' } })
    expect(after.mountPath).toBeUndefined()
    expect(await jan.names('/')).toEqual(['inbox'])
    const { items } = await ann.api<{ items: Push[] }>('GET', '/transfer-pushes')
    expect(items.map(({ id }) => id)).toContain(made.id)
  })
})
