import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ShareOptions } from '../../fakes/ocm/fake-types.ts'
import { startMesh } from '../../fakes/ocm/mesh.ts'
import { type FakeReva, startFakeReva } from '../../fakes/ocm/reva.ts'
import { receivedSecret } from '../../support/received-secret.ts'
import type { TestMesh, TestNode } from '../../support/test-mesh.ts'
import type { TestUser } from '../../support/test-user.ts'

interface Page {
  status: number
  text: string
  headers: Headers
}

describe('a share that an application of its server opens', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let node: TestNode
  let alice: TestUser
  let reva: FakeReva

  beforeAll(async () => {
    mesh = await startMesh(['leiden'], { ocm: { requireSignatures: 'never' } })
    ;[node] = mesh.nodes as [TestNode]
    alice = await node.addUser('alice')
    reva = await startFakeReva({ users: ['bob'], exchangeTokens: true })
    await reva.addFile('bob', 'notes/a b.md', 'text')
    await reva.addFile('bob', 'plain.md', 'text')
  })
  afterAll(async () => {
    await reva.close()
    await mesh.close()
  })

  const give = async (path: string, webapp?: ShareOptions['webapp']) => {
    const given = await reva.shareFile('bob', path, alice.address, webapp ? { webapp } : {})
    const { items } = await alice.api<{ items: { id: string }[] }>('GET', '/received-shares?state=pending')
    return { given, id: items[0]?.id ?? 'none' }
  }
  const take = async (path: string, webapp?: ShareOptions['webapp']) => {
    const { given, id } = await give(path, webapp)
    await alice.api('POST', `/received-shares/${id}/accept`, {})
    return { given, id }
  }
  const pageFor = async (id: string, body: object = {}) =>
    (await alice.api<{ page: string }>('POST', `/received-shares/${id}/open`, body)).page
  const visit = async (url: string, init: RequestInit = {}): Promise<Page> => {
    const { pathname, search } = new URL(url)
    const answer = await fetch(`${node.origin}${pathname}${search}`, init)
    return { status: answer.status, text: await answer.text(), headers: answer.headers }
  }
  /** What a browser does with the page that posts itself. */
  const submit = ({ text }: Page) => {
    const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(text) ?? []
    const inputs = text.matchAll(/name="(\w+)" value="([^"]*)"/g)
    const fields = new URLSearchParams()
    for (const [, name = '', value = ''] of inputs) fields.set(name, value.replaceAll('&amp;', '&'))
    return {
      action,
      fields: Object.fromEntries(fields),
      post: () =>
        reva.client.call({
          ...{ method: 'POST', url: action, body: fields.toString() },
          headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        }),
    }
  }

  it('is opened by a form that a page of ours posts, with a token and the way back', async () => {
    const { given, id } = await take('notes', 'modern')
    expect(await alice.api('GET', `/received-shares/${id}`)).toMatchObject({
      webapp: { name: 'Editor', permissions: ['view', 'read'] },
    })
    const page = await pageFor(id, { path: 'a b.md' })
    expect(new URL(page).pathname).toBe(`/open-share/${id}`)
    const shown = await visit(page)
    const { action, fields, post } = submit(shown)
    expect(shown.status).toBe(200)
    expect(action).toBe(`${reva.url}/apps/edit/${given.id}/a%20b.md`)
    expect(fields.access_token).toBe(given.accessToken)
    expect(await post()).toMatchObject({ status: 200, text: 'opened notes/a%20b.md' })
    // Neither the secret nor the token is in an address, and the secret in no page.
    const token = given.accessToken ?? 'no token'
    expect([shown.text, page].join()).not.toContain(given.secret)
    expect(await receivedSecret(node, id)).toBe(given.secret)
    expect(reva.requests.map(({ path }) => path).join()).not.toContain(token)
    expect(page).not.toContain(token)
  })

  it('is opened under headers that let nothing else of the page act', async () => {
    const { id } = await take('notes', 'modern')
    const { headers, text } = await visit(await pageFor(id))
    const policy = headers.get('content-security-policy') ?? ''
    const [, nonce = ''] = /<script nonce="([^"]+)">/.exec(text) ?? []
    expect(nonce).toMatch(/^[\w-]{22}$/)
    expect(policy).toContain(`script-src 'nonce-${nonce}'`)
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('strict-origin')
  })

  it('is opened once by one address', async () => {
    const { id } = await take('notes', 'modern')
    const page = await pageFor(id)
    expect((await visit(page, { method: 'HEAD' })).status).toBe(200)
    const both = await Promise.all([visit(page), visit(page)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 403])
    const again = await visit(page)
    expect([again.status, again.text.includes('access_token')]).toEqual([403, false])
    expect(again.text).toContain('name="password"')
  })

  it('is opened anew with name and password where a session has ended, only by who was given it', async () => {
    const { given, id } = await take('notes', 'modern')
    const first = submit(await visit(await pageFor(id, { path: 'a b.md' })))
    const back = first.fields.expired_session_redirect_uri ?? ''
    expect(new URL(back).origin).toBe(`http://${node.host}`)
    const asked = await visit(back)
    expect([asked.status, asked.text.includes('value="a b.md"')]).toEqual([200, true])
    const signIn = (name: string, password: string) =>
      visit(back, { method: 'POST', body: new URLSearchParams({ name, password, path: 'a b.md' }) })
    expect((await signIn('alice', 'wrong')).status).toBe(401)
    await node.addUser('eve')
    expect((await signIn('eve', 'eve-password')).status).toBe(404)
    const { post } = submit(await signIn('alice', 'alice-password'))
    expect(await post()).toMatchObject({ status: 200, text: 'opened notes/a%20b.md' })
    expect(given.accessToken).not.toBe(first.fields.access_token)
  })

  it('is told how to be opened to programs with pages of their own', async () => {
    const { given, id } = await take('notes', 'modern')
    const form = await alice.api('POST', `/received-shares/${id}/open`, { as: 'form' })
    expect(form).toEqual({
      method: 'POST',
      url: `${reva.url}/apps/edit/${given.id}`,
      fields: {
        access_token: given.accessToken,
        expired_session_redirect_uri: `http://${node.host}/open-share/${id}`,
      },
    })
  })

  it('in the form before OCM 1.4 is a plain address, with the place inside the share', async () => {
    const { given, id } = await take('notes', 'old')
    const form = await alice.api('POST', `/received-shares/${id}/open`, { as: 'form', path: 'a b.md' })
    expect(form).toEqual({ method: 'GET', url: `${reva.url}/apps/edit/${given.id}/a%20b.md`, fields: {} })
    const { text } = await visit(await pageFor(id))
    expect(text).toContain(`href="${reva.url}/apps/edit/${given.id}/"`)
    expect(text).not.toContain(given.secret)
  })

  it.each([
    'https://a;frame-ancestors/x',
    "https://a;'unsafe-inline/x",
  ])('is not opened at %s, which would say what else the page may do', async (uri) => {
    const { id } = await take('notes', 'old')
    const webapp = JSON.stringify({ uri, permissions: ['view'], appName: '', isModern: false })
    await node.node.db('received_shares').where({ id }).update({ webapp })
    await expect(pageFor(id).then(visit)).resolves.toMatchObject({ status: 404 })
  })

  it('is not opened without an application, before it is accepted, and after it has ended', async () => {
    const open = async (id: string) =>
      (await alice.call<{ code: string }>('POST', `/received-shares/${id}/open`, {})).body.code
    const plain = await take('plain.md')
    expect(await open(plain.id)).toBe('NO_WEBAPP')
    const waiting = await give('plain.md', 'modern')
    expect(await open(waiting.id)).toBe('SHARE_STATE')
    await alice.api('POST', `/received-shares/${waiting.id}/accept`, {})
    const page = await pageFor(waiting.id)
    await alice.api('DELETE', `/received-shares/${waiting.id}`)
    expect(await open(waiting.id)).toBe('SHARE_STATE')
    const late = await visit(page)
    expect([late.status, late.text.includes('access_token')]).toEqual([409, false])
  })

  it('is not opened at another server than the one that gives the token', async () => {
    const { id } = await take('notes', 'elsewhere')
    const asked = () => reva.requests.filter(({ path }) => path === '/ocm/token').length
    const before = asked()
    const { status } = await alice.call('POST', `/received-shares/${id}/open`, { as: 'form' })
    expect([status, asked()]).toEqual([501, before])
  })

  it('stays closed when its server takes the secret no more', async () => {
    const { given, id } = await take('notes', 'modern')
    const page = await pageFor(id)
    await reva.unshare(given.id)
    const shown = await visit(page)
    expect([shown.status, shown.text.includes('access_token')]).toEqual([404, false])
  })
})
