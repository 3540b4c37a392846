import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic, type TestUser } from '../support/test-user.ts'

interface Link {
  id: string
  role: string
  link: { url: string; hasPassword: boolean; downloads: number }
  recipient: { type: string; displayName: string }
}

const HTML = /^text\/html/

describe('a public link', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let ben: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    ;[leiden] = mesh.nodes as [TestNode]
    ann = await leiden.addUser('ann')
    ben = await leiden.addUser('ben')
    await ann.dav('MKCOL', '/open')
    await ann.dav('MKCOL', '/open/deep')
    await ann.put('/open/a.txt', 'content of a')
    await ann.put('/open/deep/b.txt', 'content of b')
    await ann.put('/secret.txt', 'nobody sees this')
    await ann.put('/single.txt', 'only this')
  })

  afterAll(() => mesh.close())

  async function open(
    path: string,
    role = 'viewer',
    more: { password?: string; label?: string; expiresAt?: string; note?: string } = {},
  ) {
    const { password, label, ...rest } = more
    const recipient = { type: 'link', ...(password && { password }), ...(label && { label }) }
    const link = await ann.api<Link>('POST', '/shares', { path, role, recipient, ...rest })
    const token = link.link.url.split('/').at(-1) ?? ''
    return { ...link, token, page: `${leiden.origin}/s/${token}` }
  }

  function dav(token: string, method: string, path = '', options: RequestInit & { password?: string } = {}) {
    const { password = '', ...init } = options
    const headers = { authorization: basic(token, password), ...init.headers }
    return fetch(`${leiden.origin}/public.php/webdav${path}`, { ...init, method, headers })
  }

  const get = (url: string, init?: RequestInit) => fetch(url, { redirect: 'manual', ...init })

  it('is shown to its owner with its address, again and again, and to nobody else', async () => {
    const made = await open('/open', 'viewer', { label: 'for the press' })
    expect(made).toMatchObject({ role: 'viewer', recipient: { type: 'link', displayName: 'for the press' } })
    expect(made.link).toEqual({
      url: `http://${leiden.host}/s/${made.token}`,
      hasPassword: false,
      downloads: 0,
    })
    expect(made.token).toMatch(/^[A-Za-z0-9]{24}$/)
    expect((await ann.api<Link>('GET', `/shares/${made.id}`)).link.url).toBe(made.link.url)
    expect((await ben.call('GET', `/shares/${made.id}`)).status).toBe(404)
    expect((await ben.call('PATCH', `/shares/${made.id}`, { role: 'editor' })).status).toBe(404)
    const { items } = await ben.api<{ items: unknown[] }>('GET', '/received-shares')
    expect(items).toEqual([])
  })

  it('shows a folder to a browser, without a script, and its files as downloads', async () => {
    const { page, id } = await open('/open', 'viewer', { note: 'have a <look>' })
    const answer = await get(page)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(HTML)])
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    expect(answer.headers.get('x-robots-tag')).toContain('noindex')
    const html = await answer.text()
    expect(html).toContain('have a &lt;look')
    expect(html).toContain('a.txt')
    expect(html).not.toContain('<script')
    const deep = await (await get(`${page}?path=${encodeURIComponent('/deep')}`)).text()
    expect(deep).toContain('b.txt')
    const file = await get(`${page}/download?path=%2Fdeep%2Fb.txt`)
    expect(await file.text()).toBe('content of b')
    expect(file.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''b.txt")
    const part = await get(`${page}/download?path=/&files=a.txt`, { headers: { range: 'bytes=8-11' } })
    expect([part.status, await part.text()]).toEqual([206, 'of a'])
    expect((await ann.api<Link>('GET', `/shares/${id}`)).link.downloads).toBe(1)
  })

  it('of a file shows that file and nothing beside it', async () => {
    const { page, token } = await open('/single.txt')
    expect(await (await get(page)).text()).toContain('single.txt')
    expect(await (await get(`${page}/download`)).text()).toBe('only this')
    expect(await (await dav(token, 'GET')).text()).toBe('only this')
    expect(await (await dav(token, 'GET', '/single.txt')).text()).toBe('only this')
    for (const path of ['/../secret.txt', '/secret.txt', '/%2e%2e/secret.txt']) {
      expect((await get(`${page}/download?path=${encodeURIComponent(path)}`)).status).toBeGreaterThanOrEqual(
        400,
      )
    }
  })

  it('leads nowhere outside of what it shows', async () => {
    const { page, token } = await open('/open', 'editor')
    for (const path of [
      '/../secret.txt',
      '/deep/../../secret.txt',
      '..',
      '/deep/..',
      '/a.txt/../../secret.txt',
    ]) {
      const answer = await get(`${page}/download?path=${encodeURIComponent(path)}`)
      expect([path, answer.status]).toEqual([path, 400])
    }
    expect((await get(`${page}?path=%00`)).status).toBe(400)
    const moved = await dav(token, 'MOVE', '/a.txt', {
      headers: { destination: `${leiden.origin}/public.php/webdav/../../dav/files/ann/out.txt` },
    })
    expect(moved.status).toBeGreaterThanOrEqual(400)
    const elsewhere = await dav(token, 'COPY', '/a.txt', {
      headers: { destination: `${leiden.origin}/dav/files/ann/out.txt` },
    })
    expect(elsewhere.status).toBe(401)
    expect(await ann.names('/')).not.toContain('out.txt')
  })

  it('is reached by WebDAV as Nextcloud has it: by the token as a user name, or in the address', async () => {
    const { token } = await open('/open')
    const listed = await dav(token, 'PROPFIND', '/', { headers: { depth: '1' } })
    expect([listed.status, await listed.text()]).toEqual([
      207,
      expect.stringContaining('/public.php/webdav/a.txt'),
    ])
    for (const base of ['/public.php/dav/files', '/dav/public']) {
      const answer = await fetch(`${leiden.origin}${base}/${token}/deep/b.txt`)
      expect(await answer.text()).toBe('content of b')
    }
    expect((await dav(token, 'PUT', '/new.txt', { body: 'x' })).status).toBe(403)
    expect((await dav(token, 'DELETE', '/a.txt')).status).toBe(403)
    expect((await dav(token, 'PROPPATCH', '/a.txt')).status).toBeGreaterThanOrEqual(400)
  })

  it('lets who has one to write with change what is in the folder, and not the folder', async () => {
    const { page, token } = await open('/open', 'editor')
    expect((await dav(token, 'PUT', '/brought.txt', { body: 'by dav' })).status).toBe(201)
    expect((await dav(token, 'DELETE', '/')).status).toBe(403)
    expect((await dav(token, 'DELETE', '/brought.txt')).status).toBe(204)
    const form = new FormData()
    form.append('files', new File(['by form'], 'formed <b>.txt'))
    form.append('files', new File(['x'.repeat(300_000)], 'large.bin'))
    const answer = await get(`${page}/upload?path=%2Fdeep`, { method: 'POST', body: form })
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      expect.stringContaining('brought=2'),
    ])
    expect((await ann.names('/open/deep')).sort()).toEqual(['b.txt', 'formed <b>.txt', 'large.bin'])
    expect((await (await ann.dav('GET', '/open/deep/large.bin')).text()).length).toBe(300_000)
    const shown = await (await get(`${page}?path=%2Fdeep`)).text()
    expect(shown).toContain('formed &lt;b')
    expect(shown).not.toContain('<b>.txt')
    const again = await get(`${page}/upload?path=%2Fdeep`, { method: 'POST', body: form })
    expect([again.status, await again.text()]).toEqual([412, expect.stringContaining('already')])
  })

  it('asks for its password, tells nothing before, and forgets who knew an older one', async () => {
    const { page, token, id } = await open('/open', 'viewer', { password: 'correct horse' })
    const asked = await get(page)
    expect(await asked.text()).not.toContain('a.txt')
    expect(await get(`${page}/download?path=/a.txt`).then((answer) => answer.text())).not.toContain(
      'content of a',
    )
    const login = (password: string) =>
      get(`${page}/login`, { method: 'POST', body: new URLSearchParams({ password }) })
    expect((await login('wrong password')).status).toBe(403)
    const right = await login('correct horse')
    expect(right.status).toBe(303)
    const cookie = right.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/HttpOnly; SameSite=Lax/)
    const headers = { cookie: cookie.split(';')[0] ?? '' }
    expect(await (await get(page, { headers })).text()).toContain('a.txt')
    expect(await (await get(`${page}/download?path=/a.txt`, { headers })).text()).toBe('content of a')
    expect((await dav(token, 'PROPFIND', '/')).status).toBe(401)
    expect((await dav(token, 'PROPFIND', '/', { password: 'wrong password' })).status).toBe(401)
    expect((await dav(token, 'PROPFIND', '/', { password: 'correct horse' })).status).toBe(207)
    const other = await open('/open', 'viewer', { password: 'correct horse' })
    expect(await (await get(other.page, { headers })).text()).not.toContain('a.txt')
    await ann.api('PATCH', `/shares/${id}`, { password: 'another horse' })
    expect(await (await get(page, { headers })).text()).not.toContain('a.txt')
    expect((await dav(token, 'PROPFIND', '/', { password: 'correct horse' })).status).toBe(401)
    await ann.api('PATCH', `/shares/${id}`, { password: null })
    expect(await (await get(page)).text()).toContain('a.txt')
    expect((await ann.call('PATCH', `/shares/${id}`, { password: 'short' })).status).toBe(400)
  })

  it('is over at its end, when it is withdrawn, and when its owner is gone', async () => {
    const { page, token, id } = await open('/open')
    await leiden.node.db('shares').where({ id }).update({ expires_at_ms: 1 })
    const over = await get(page)
    expect(over.status).toBe(404)
    expect((await dav(token, 'GET', '/a.txt')).status).toBe(401)
    await leiden.node.db('shares').where({ id }).update({ expires_at_ms: null })
    expect((await get(page)).status).toBe(200)
    await ann.api('DELETE', `/shares/${id}`)
    const gone = await get(page)
    expect([gone.status, await gone.text()]).toEqual([404, await over.text()])
    expect((await get(`${leiden.origin}/s/${'A'.repeat(24)}`)).status).toBe(404)
    const leaver = await leiden.addUser('leaver')
    await leaver.put('/theirs.txt', 'theirs')
    const recipient = { type: 'link' }
    const left = await leaver.api<Link>('POST', '/shares', { path: '/theirs.txt', role: 'viewer', recipient })
    const leftToken = left.link.url.split('/').at(-1) ?? ''
    expect((await dav(leftToken, 'GET')).status).toBe(200)
    await leiden.node.db('users').where({ name: 'leaver' }).delete()
    expect((await dav(leftToken, 'GET')).status).toBe(401)
  })

  it('refuses what makes no sense', async () => {
    const refused = [
      { path: '/single.txt', role: 'uploader', recipient: { type: 'link' } },
      { path: '/open', role: 'uploader', shareWith: 'ben' },
      { path: '/open', role: 'viewer', recipient: { type: 'link' }, shareWith: 'ben' },
      { path: '/open', role: 'viewer' },
      { path: '/open', role: 'viewer', recipient: { type: 'link', password: 'short' } },
      { path: '/open', role: 'viewer', recipient: { type: 'link' }, expiresAt: '2001-01-01T00:00:00Z' },
    ]
    for (const body of refused)
      expect([body, (await ann.call('POST', '/shares', body)).status]).toEqual([body, 400])
  })

  describe('for bringing files only', () => {
    it('takes files from a form and by WebDAV, and shows none of them', async () => {
      await ann.dav('MKCOL', '/inbox')
      await ann.put('/inbox/there.txt', 'was there')
      const { page, token } = await open('/inbox', 'uploader')
      const shown = await (await get(page)).text()
      expect(shown).not.toContain('there.txt')
      expect(shown).toContain('type="file"')
      const form = new FormData()
      form.append('files', new File(['from a form'], 'form.txt'))
      expect((await get(`${page}/upload`, { method: 'POST', body: form })).status).toBe(303)
      expect((await dav(token, 'PUT', '/dav.txt', { body: 'by dav' })).status).toBe(201)
      expect((await dav(token, 'PUT', '/there.txt', { body: 'overwritten?' })).status).toBe(201)
      expect((await ann.names('/inbox')).sort()).toEqual([
        'dav.txt',
        'form.txt',
        'there (2).txt',
        'there.txt',
      ])
      expect(await (await ann.dav('GET', '/inbox/there.txt')).text()).toBe('was there')
    })

    it('lets nothing be listed, read, overwritten, moved, locked or removed, and tells of no name', async () => {
      await ann.dav('MKCOL', '/closed')
      await ann.dav('MKCOL', '/closed/folder')
      await ann.put('/closed/there.txt', 'was there')
      const { page, token } = await open('/closed', 'uploader')
      const destination = `${leiden.origin}/public.php/webdav/new.txt`
      const tries: [string, string, RequestInit?][] = [
        ['GET', '/'],
        ['GET', '/there.txt'],
        ['HEAD', '/there.txt'],
        ['PROPFIND', '/there.txt'],
        ['PROPFIND', '/', { headers: { depth: '1' } }],
        ['REPORT', '/'],
        ['DELETE', '/there.txt'],
        ['DELETE', '/'],
        ['MKCOL', '/made'],
        ['MOVE', '/there.txt', { headers: { destination } }],
        ['COPY', '/there.txt', { headers: { destination } }],
        ['LOCK', '/there.txt'],
        ['PROPPATCH', '/there.txt'],
        ['PUT', '/folder/x.txt', { body: 'x' }],
        ['PUT', '/none/x.txt', { body: 'x' }],
        ['PUT', '/there.txt', { body: 'x', headers: { 'if-match': '*' } }],
      ]
      for (const [method, path, init] of tries) {
        const answer = await dav(token, method, path, init)
        expect([method, path, answer.status]).toEqual([
          method,
          path,
          expect.toSatisfy((s: number) => s >= 400),
        ])
        expect(await answer.text()).not.toContain('was there')
      }
      const answers = await Promise.all(
        ['/there.txt', '/missing.txt'].map(async (path) => {
          const answer = await dav(token, 'PROPFIND', path)
          return [answer.status, (await answer.text()).replaceAll(path, '')]
        }),
      )
      expect(answers[0]).toEqual(answers[1])
      expect((await get(`${page}/download?path=/there.txt`)).status).toBe(404)
      expect(await get(`${page}?path=/folder`).then((answer) => answer.text())).not.toContain('there.txt')
      expect((await ann.names('/closed')).sort()).toEqual(['folder', 'there.txt'])
      const bare = await dav(token, 'PROPFIND', '/', { headers: { depth: '0' } })
      expect(bare.status).toBe(207)
    })
  })

  it('counts wrong passwords: after some there is no more trying for a while', async () => {
    const guessed = await TestMesh.create(['delft'])
    const [delft] = guessed.nodes as [TestNode]
    try {
      const eve = await delft.addUser('eve')
      await eve.put('/a.txt', 'a')
      const recipient = { type: 'link', password: 'hard to guess' }
      const made = await eve.api<Link>('POST', '/shares', { path: '/a.txt', role: 'viewer', recipient })
      const page = `${delft.origin}/s/${made.link.url.split('/').at(-1)}`
      // All at once, so that none may pass because the others are not judged yet.
      const tries = await Promise.all(
        Array.from({ length: 30 }, (_, n) => {
          const body = new URLSearchParams({ password: `guess number ${n}` })
          return fetch(`${page}/login`, { method: 'POST', body, redirect: 'manual' })
        }),
      )
      const counted = Map.groupBy(tries, (answer) => answer.status)
      expect(counted.get(403)?.length).toBeLessThanOrEqual(22)
      const refused = counted.get(429) ?? []
      expect(refused.length).toBeGreaterThanOrEqual(8)
      expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
      const unknown = await Promise.all(
        Array.from({ length: 40 }, () => fetch(`${delft.origin}/dav/public/${'B'.repeat(24)}/`)),
      )
      expect(unknown.map((answer) => answer.status)).toContain(429)
    } finally {
      await guessed.close()
    }
  })
})
