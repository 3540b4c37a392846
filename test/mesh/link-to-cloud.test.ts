import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'

interface Link {
  id: string
  link: { url: string }
}
interface Received {
  id: string
  name: string
  role: string
  state: string
  owner: { address: string }
}

describe('a public link that a visitor takes into their own cloud', () => {
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
    for (const name of ['one', 'two', 'three', 'four', 'guarded']) {
      await ann.dav('MKCOL', `/${name}`)
      await ann.put(`/${name}/a.txt`, `content of ${name}`)
    }
  })

  afterAll(() => mesh.close())

  async function open(path: string, role = 'viewer', password?: string) {
    const recipient = { type: 'link', ...(password && { password }) }
    const made = await ann.api<Link>('POST', '/shares', { path, role, recipient })
    const token = made.link.url.split('/').at(-1) ?? ''
    return { id: made.id, token, page: `${leiden.origin}/s/${token}` }
  }

  /** As the server of the visitor asks, in the form of Nextcloud. */
  async function createFederatedShare(values: Record<string, string>, isJson = false) {
    const body = isJson ? JSON.stringify(values) : new URLSearchParams(values)
    const answer = await fetch(`${leiden.origin}/index.php/apps/federatedfilesharing/createFederatedShare`, {
      method: 'POST',
      body,
      ...(isJson ? { headers: { 'content-type': 'application/json' } } : {}),
    })
    return { status: answer.status, body: (await answer.json()) as { remoteUrl?: string; message?: string } }
  }

  const receivedOf = async (name: string): Promise<Received | undefined> =>
    (await jan.api<{ items: Received[] }>('GET', '/received-shares')).items.find((item) => item.name === name)

  it('arrives there as a share of its owner, and ends with the link', async () => {
    const { id, token } = await open('/one')
    const answer = await createFederatedShare({ token, shareWith: jan.address, password: '' })
    expect(answer).toEqual({ status: 200, body: { remoteUrl: jan.address.split('@')[1] } })
    const share = await receivedOf('one')
    expect(share).toMatchObject({ state: 'pending', role: 'viewer', owner: { address: ann.address } })
    await jan.api('POST', `/received-shares/${share?.id}/accept`, {})
    expect(await (await jan.dav('GET', '/one/a.txt')).text()).toBe('content of one')
    expect((await jan.dav('PUT', '/one/b.txt', { body: 'x' })).status).toBe(403)
    expect(await createFederatedShare({ token, shareWith: jan.address })).toMatchObject({ status: 200 })
    await ann.api('DELETE', `/shares/${id}`)
    await until(
      () => receivedOf('one'),
      (now) => now?.state === 'revoked',
    )
    expect((await jan.dav('GET', '/one/a.txt')).status).toBe(404)
  })

  it('has no more rights there than the link has now', async () => {
    const { id, token } = await open('/two', 'editor')
    await createFederatedShare({ token, shareWith: jan.address }, true)
    const share = await receivedOf('two')
    expect(share?.role).toBe('editor')
    await jan.api('POST', `/received-shares/${share?.id}/accept`, {})
    expect((await jan.dav('PUT', '/two/b.txt', { body: 'x' })).status).toBe(201)
    await ann.api('PATCH', `/shares/${id}`, { role: 'viewer' })
    expect((await jan.dav('PUT', '/two/c.txt', { body: 'x' })).status).toBe(403)
    await ann.api('PATCH', `/shares/${id}`, { role: 'uploader' })
    await until(
      () => jan.dav('GET', '/two/a.txt'),
      (answer) => answer.status === 404,
    )
  })

  it('is offered by the form of its page, too; to who names only a server the way there is shown', async () => {
    const { page } = await open('/three')
    const post = (shareWith: string) =>
      fetch(`${page}/add`, { method: 'POST', body: new URLSearchParams({ shareWith }) })
    const sent = await post(jan.address)
    expect([sent.status, await sent.text()]).toEqual([200, expect.stringContaining('accept it there')])
    expect(await receivedOf('three')).toMatchObject({ state: 'pending' })
    const way = await (await post('cloud.example')).text()
    expect(way).toContain('href="https://cloud.example/index.php/apps/files#remote=http')
    expect((await post('not a server"><script>')).status).toBe(400)
  })

  it('needs its password, and is nothing for a folder that only takes files', async () => {
    const { token } = await open('/guarded', 'viewer', 'a long password')
    const shareWith = jan.address
    for (const password of ['', 'wrong password']) {
      const refused = await createFederatedShare({ token, shareWith, password })
      expect(refused).toMatchObject({ status: 400, body: { message: expect.stringMatching(/password/) } })
    }
    expect(await createFederatedShare({ token, shareWith, password: 'a long password' })).toMatchObject({
      status: 200,
    })
    const drop = await open('/four', 'uploader')
    expect(await createFederatedShare({ token: drop.token, shareWith })).toMatchObject({ status: 400 })
    expect(await createFederatedShare({ token: 'C'.repeat(24), shareWith })).toMatchObject({ status: 400 })
    expect(await createFederatedShare({ token, shareWith: 'nobody' })).toMatchObject({ status: 400 })
    const asked = await fetch(`${leiden.origin}/index.php/apps/federatedfilesharing/createFederatedShare`)
    expect([asked.status, asked.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it('makes this node send only so many messages to strangers', async () => {
    const { token } = await open('/four')
    const shareWith = `nobody@${jan.address.split('@')[1]}`
    const statuses = new Set<number>()
    for (let n = 0; n < 12; n++) statuses.add((await createFederatedShare({ token, shareWith })).status)
    expect(statuses).toContain(429)
  })
})
