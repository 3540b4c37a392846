import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LOCK_BODY } from '../support/dav-client.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'

interface Received {
  id: string
  name: string
  state: string
}

describe('a public link that is no stranger’s key', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let jan: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    const [first, krakow] = mesh.nodes as [TestNode, TestNode]
    leiden = first
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    for (const name of ['four', 'five']) {
      await ann.dav('MKCOL', `/${name}`)
      await ann.put(`/${name}/a.txt`, `content of ${name}`)
    }
  })

  afterAll(() => mesh.close())

  async function open(path: string, role = 'viewer') {
    const made = await ann.api<{ id: string; link: { url: string } }>('POST', '/shares', {
      ...{ path, role, recipient: { type: 'link' } },
    })
    const token = made.link.url.split('/').at(-1) ?? ''
    return { id: made.id, token, page: `${leiden.origin}/s/${token}` }
  }

  /** As the server of the visitor asks, in the form of Nextcloud. */
  async function createFederatedShare(values: Record<string, string>) {
    const answer = await fetch(`${leiden.origin}/index.php/apps/federatedfilesharing/createFederatedShare`, {
      method: 'POST',
      body: new URLSearchParams(values),
    })
    return { status: answer.status, body: (await answer.json()) as { message?: string } }
  }

  /** The newest of that name. */
  const receivedOf = async (name: string): Promise<Received | undefined> =>
    (await jan.api<{ items: Received[] }>('GET', '/received-shares')).items.find((item) => item.name === name)

  it('ends what visitors took into their own clouds when it gets a password, or another one', async () => {
    const { id, token } = await open('/five')
    const take = async (password: string) => {
      expect(await createFederatedShare({ token, shareWith: jan.address, password })).toMatchObject({
        status: 200,
      })
      const share = await until(
        () => receivedOf('five'),
        (now) => now?.state === 'pending',
      )
      await jan.api('POST', `/received-shares/${share?.id}/accept`, {})
      expect((await jan.dav('GET', '/five/a.txt')).status).toBe(200)
    }
    const isClosed = async () => {
      await until(
        () => receivedOf('five'),
        (now) => now?.state === 'revoked',
      )
      expect((await jan.dav('GET', '/five/a.txt')).status).toBe(404)
    }
    await take('')
    await ann.api('PATCH', `/shares/${id}`, { password: 'a long password' })
    await isClosed()
    await take('a long password')
    await ann.api('PATCH', `/shares/${id}`, { note: 'look' })
    expect((await jan.dav('GET', '/five/a.txt')).status).toBe(200)
    await ann.api('PATCH', `/shares/${id}`, { password: 'another password' })
    await isClosed()
  })

  it('locks nobody out for long, and not at all when it has ended', async () => {
    const { id, token } = await open('/four', 'editor')
    const at = `${leiden.origin}/dav/public/${token}/`
    const lock = (init: RequestInit = {}) =>
      fetch(at, { method: 'LOCK', ...init, headers: { timeout: 'Infinite', ...init.headers } })
    const taken = await lock({ body: LOCK_BODY })
    expect([taken.status, await taken.text()]).toEqual([200, expect.stringMatching(/>Second-(600|599)</)])
    const held = taken.headers.get('lock-token') ?? ''
    const fresh = await lock({ headers: { if: `(${held})` } })
    expect([fresh.status, await fresh.text()]).toEqual([200, expect.stringMatching(/>Second-(600|599)</)])
    const put = async () => (await ann.dav('PUT', '/four/new.txt', { body: 'x' })).status
    expect(await put()).toBe(423)
    await ann.api('PATCH', `/shares/${id}`, { role: 'viewer' })
    expect(await put()).toBe(201)
    await ann.api('PATCH', `/shares/${id}`, { role: 'editor' })
    expect((await lock({ body: LOCK_BODY })).status).toBe(200)
    expect(await put()).toBe(423)
    await ann.api('DELETE', `/shares/${id}`)
    expect(await put()).toBe(204)
  })

  it('tells strangers neither who has an account here nor what other servers say', async () => {
    const { page, token } = await open('/four')
    const post = async (shareWith: string) => {
      const answer = await fetch(`${page}/add`, { method: 'POST', body: new URLSearchParams({ shareWith }) })
      return [answer.status, (await answer.text()).replaceAll(shareWith, '')]
    }
    const [, here] = ann.address.split('@')
    const [, there] = jan.address.split('@')
    const own = await post(ann.address)
    expect(own).toEqual([400, expect.stringContaining('another server')])
    expect(await post(`nobody@${here}`)).toEqual(own)
    const unknown = await post(`nobody@${there}`)
    expect(unknown).toEqual([400, expect.stringContaining('could not be brought')])
    expect(await post('jan@nowhere.test')).toEqual(unknown)
    expect(await createFederatedShare({ token, shareWith: ann.address })).toEqual({
      status: 400,
      body: { message: expect.stringContaining('another server') },
    })
    expect(await createFederatedShare({ token, shareWith: `nobody@${there}` })).toEqual({
      status: 400,
      body: { message: expect.stringContaining('could not be brought') },
    })
  })
})
