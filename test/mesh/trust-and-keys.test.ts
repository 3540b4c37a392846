import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, TestUser } from '../support/test-user.ts'

interface Trust {
  policy: string[]
  allowed: string[]
  denied: string[]
}

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let krakow: TestNode
let admin: TestUser
let ann: TestUser
let jan: TestUser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden', 'krakow'])
  ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
  ann = await leiden.addUser('ann')
  jan = await krakow.addUser('jan')
  const who = { name: 'root', password: 'root-password' }
  await krakow.node.accounts.addUser({ ...who, displayName: 'Root', isAdmin: true })
  admin = new TestUser({ ...who, origin: krakow.origin, host: krakow.host })
  await ann.dav('PUT', '/raw.txt', { body: 'raw' })
})

afterAll(() => mesh.close())

const share = () => ann.call('POST', '/shares', { path: '/raw.txt', shareWith: jan.address, role: 'viewer' })

describe('an administrator', () => {
  it('alone sees and changes whom the node talks to', async () => {
    for (const [method, path] of [
      ['GET', '/admin/trust'],
      ['PUT', '/admin/trust/denied/leiden.test'],
      ['DELETE', '/admin/trust/allowed/leiden.test'],
      ['GET', '/admin/peer-keys'],
      ['POST', '/admin/peer-keys/leiden.test/accept'],
      ['DELETE', '/admin/peer-keys/leiden.test'],
    ] as const) {
      expect((await jan.call(method, path)).status, path).toBe(403)
    }
    expect(await admin.api<Trust>('GET', '/admin/trust')).toEqual({
      policy: ['open'],
      allowed: [],
      denied: [],
    })
  })

  it('denies a peer, which then cannot share, and lets it in again', async () => {
    const host = encodeURIComponent(leiden.host)
    expect(await admin.api('PUT', `/admin/trust/denied/${host}`)).toEqual({ host: leiden.host })
    const refused = await share()
    expect(refused.status).toBeGreaterThanOrEqual(400)
    expect((await admin.api<Trust>('GET', '/admin/trust')).denied).toEqual([leiden.host])
    await admin.api('PUT', `/admin/trust/allowed/${host}`)
    expect(await admin.api<Trust>('GET', '/admin/trust')).toMatchObject({
      allowed: [leiden.host],
      denied: [],
    })
    expect((await share()).status).toBeLessThan(300)
    await admin.api('DELETE', `/admin/trust/allowed/${host}`)
    expect((await admin.api<Trust>('GET', '/admin/trust')).allowed).toEqual([])
    expect(await admin.call('PUT', '/admin/trust/denied/no%20host')).toMatchObject({ status: 400 })
    expect(await admin.call('PUT', '/admin/trust/maybe/leiden.test')).toMatchObject({ status: 400 })
  })

  it('denies a peer, and nothing that was given before opens any more, on either side', async () => {
    await connect(ann, jan)
    for (const [user, path] of [
      [ann, '/to-jan'],
      [jan, '/to-ann'],
    ] as const) {
      await user.dav('MKCOL', path)
      await user.put(`${path}/a.txt`, 'alpha')
    }
    await shareAndAccept(ann, jan, '/to-jan', 'viewer')
    await shareAndAccept(jan, ann, '/to-ann', 'viewer')
    const statuses = async () => [
      (await jan.dav('GET', '/to-jan/a.txt')).status,
      (await ann.dav('GET', '/to-ann/a.txt')).status,
    ]
    expect(await statuses()).toEqual([200, 200])
    const denied = `/admin/trust/denied/${encodeURIComponent(leiden.host)}`
    await admin.api('PUT', denied)
    expect(await statuses()).toEqual([403, 502])
    await admin.api('DELETE', denied)
    expect(await statuses()).toEqual([200, 200])
  })

  it('sees the keys that peers sign with, and forgets them', async () => {
    const { items } = await admin.api<{ items: { host: string; keyId: string; state: string }[] }>(
      'GET',
      '/admin/peer-keys?state=known',
    )
    expect(items).toMatchObject([{ host: leiden.host, state: 'known' }])
    expect(items[0]?.keyId).toContain(`${leiden.host}#`)
    const host = encodeURIComponent(leiden.host)
    expect(await admin.call('POST', `/admin/peer-keys/${host}/accept`)).toMatchObject({ status: 404 })
    expect((await admin.call('DELETE', `/admin/peer-keys/${host}`)).status).toBe(204)
    expect((await admin.call('DELETE', `/admin/peer-keys/${host}`)).status).toBe(404)
    expect(await admin.api('GET', '/admin/peer-keys')).toEqual({ items: [] })
  })
})
