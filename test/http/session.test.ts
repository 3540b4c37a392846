import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TestBrowser } from '../support/test-browser.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

interface State {
  user?: { name: string }
  csrfToken?: string
  siteName: string
  version: string
  login: { password: boolean; oidc?: unknown }
}

interface Listed {
  items: { id: string; current: boolean; client: string; address: string; via: string }[]
}

describe('a session in a browser', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let browser: TestBrowser
  let cookieName: string

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'ghent'])
    leiden = mesh.nodes[0] as TestNode
    cookieName = `causeway_session_${leiden.host.split(':')[1]}`
    ann = await leiden.addUser('ann')
    await leiden.addUser('bob')
    await ann.put('/notes.txt', 'notes')
  })

  beforeEach(async () => {
    browser = new TestBrowser(leiden.origin)
    await browser.signIn('ann')
  })

  afterAll(() => mesh.close())

  it('is told of before and after signing in', async () => {
    const stranger = await new TestBrowser(leiden.origin).api<State>('GET', '/session')
    expect(stranger).toMatchObject({ status: 200, body: { siteName: 'Causeway', login: { password: true } } })
    expect(stranger.body.user).toBeUndefined()
    const { body } = await browser.api<State>('GET', '/session')
    expect(body).toMatchObject({ user: { name: 'ann' }, csrfToken: browser.csrfToken })
  })

  it('opens API, drive, files, OCS and the stream of events', async () => {
    expect(await browser.api('GET', '/me')).toMatchObject({ status: 200, body: { name: 'ann' } })
    expect((await browser.ask('PROPFIND', '/dav/files/ann/', { headers: { depth: '0' } })).status).toBe(207)
    expect(await (await browser.ask('GET', '/dav/files/ann/notes.txt')).text()).toBe('notes')
    expect((await browser.ask('PUT', '/dav/files/ann/new.txt', { body: 'new' })).status).toBe(201)
    const ocs = { 'ocs-apirequest': 'true' }
    expect((await browser.ask('GET', '/ocs/v2.php/cloud/user?format=json', { headers: ocs })).status).toBe(
      200,
    )
    const events = await browser.ask('GET', '/api/v1/events')
    expect(events.headers.get('content-type')).toContain('text/event-stream')
    await events.body?.cancel()
  })

  it.each([
    ['POST', '/api/v1/invitations', '{}'],
    ['DELETE', '/api/v1/me/sessions', undefined],
    ['PUT', '/dav/files/ann/forged.txt', 'forged'],
    ['DELETE', '/dav/files/ann/notes.txt', undefined],
    ['MKCOL', '/dav/files/ann/forged', undefined],
    ['PROPPATCH', '/dav/files/ann/notes.txt', undefined],
    ['LOCK', '/dav/files/ann/notes.txt', undefined],
  ])('changes nothing without its own token: %s %s', async (method, path, body) => {
    const other = new TestBrowser(leiden.origin)
    await other.signIn('bob')
    for (const token of ['', 'wrong', other.csrfToken]) {
      // An empty header is what the jar does not replace.
      const headers = { 'x-csrf-token': token, 'content-type': 'application/json' }
      const answer = await browser.ask(method, path, { headers, ...(body === undefined ? {} : { body }) })
      expect(answer.status, token).toBe(403)
      if (path.startsWith('/api')) expect(await answer.json()).toMatchObject({ code: 'CSRF_TOKEN' })
    }
    expect(await ann.names('/')).not.toContain('forged')
    expect(await ann.names('/')).toContain('notes.txt')
  })

  it('changes nothing for a page of another site that has the token, in the drive neither', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' }
    expect((await browser.ask('PUT', '/dav/files/ann/forged.txt', { headers, body: 'x' })).status).toBe(403)
    expect((await browser.ask('POST', '/api/v1/invitations', { headers, body: '{}' })).status).toBe(403)
  })

  it('begins with a cookie that no page can read, and never with one that was there', async () => {
    const victim = new TestBrowser(leiden.origin)
    const planted = 'A'.repeat(43)
    victim.setCookie(cookieName, planted)
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'ann', password: 'ann-password' })
    const answer = await victim.ask('POST', '/api/v1/session', { headers, body })
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(
      /^causeway_session_\d+=[\w-]{43}; Max-Age=7776000; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(cookie.split('=')[0]).toBe(cookieName)
    expect(cookie).not.toContain(planted)
    const before = victim.cookie(cookieName)
    await victim.signIn('ann')
    expect(victim.cookie(cookieName)).not.toBe(before)
    victim.setCookie(cookieName, before ?? '')
    expect((await victim.api('GET', '/me')).status).toBe(401)
  })

  it('goes on beside one with a node on another port of the same host', async () => {
    const ghent = mesh.nodes[1] as TestNode
    await ghent.addUser('ann')
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'ann', password: 'ann-password' })
    const signIn = await browser.ask('POST', `${ghent.origin}/api/v1/session`, { headers, body })
    expect(signIn.status).toBe(201)
    expect((await browser.ask('GET', `${ghent.origin}/api/v1/me`)).status).toBe(200)
    expect((await browser.api('GET', '/me')).status).toBe(200)
    expect((await browser.api('DELETE', '/session')).status).toBe(204)
    expect((await browser.ask('GET', `${ghent.origin}/api/v1/me`)).status).toBe(200)
  })

  it('cannot be begun by a page of another site, nor with an app password', async () => {
    const body = JSON.stringify({ name: 'ann', password: 'ann-password' })
    const stranger = new TestBrowser(leiden.origin)
    const forged = await stranger.ask('POST', '/api/v1/session', {
      headers: { origin: 'https://evil.test', 'content-type': 'text/plain' },
      body,
    })
    expect(forged.status).toBe(403)
    const { body: made } = await browser.api<{ password: string }>('POST', '/me/app-passwords', {
      label: 'x',
    })
    const answer = await stranger.api('POST', '/session', { name: 'ann', password: made.password })
    expect(answer.status).toBe(403)
    expect(stranger.cookieNames()).toEqual([])
  })

  it('is over after signing out, with its cookie too, and only with its token', async () => {
    const cookie = browser.cookie(cookieName) ?? ''
    const forged = await browser.ask('DELETE', '/api/v1/session', { headers: { 'x-csrf-token': 'no' } })
    expect(forged.status).toBe(403)
    expect((await browser.api('GET', '/me')).status).toBe(200)
    expect((await browser.api('DELETE', '/session')).status).toBe(204)
    expect(browser.cookieNames()).toEqual([])
    browser.setCookie(cookieName, cookie)
    expect(await browser.api('GET', '/me')).toMatchObject({ status: 401, body: { code: 'SESSION_ENDED' } })
    expect((await browser.ask('GET', '/dav/files/ann/notes.txt')).status).toBe(401)
    expect((await browser.api<State>('GET', '/session')).body.user).toBeUndefined()
    expect(browser.cookieNames()).toEqual([])
    expect((await browser.api('DELETE', '/session')).status).toBe(204)
  })

  it('is listed, and ends from elsewhere: one, or all but the one that asks', async () => {
    const phone = new TestBrowser(leiden.origin)
    await phone.signIn('ann')
    const mine = async () => (await browser.api<Listed>('GET', '/me/sessions')).body.items
    const current = (await mine()).filter((one) => one.current)
    expect(current).toHaveLength(1)
    expect(current[0]).toMatchObject({ via: 'password', address: '127.0.0.1' })
    const other = (await phone.api<Listed>('GET', '/me/sessions')).body.items.find((one) => one.current)
    const bob = new TestBrowser(leiden.origin)
    await bob.signIn('bob')
    expect((await bob.api('DELETE', `/me/sessions/${other?.id}`)).status).toBe(404)
    expect((await browser.api('DELETE', `/me/sessions/${other?.id}`)).status).toBe(204)
    expect((await phone.api('GET', '/me')).status).toBe(401)
    expect((await browser.api('DELETE', '/me/sessions')).status).toBe(204)
    expect(await mine()).toHaveLength(1)
    expect((await bob.api('GET', '/me')).status).toBe(200)
  })

  it('gives no challenge to the page, which would have the browser ask for a password', async () => {
    const stranger = new TestBrowser(leiden.origin)
    const page = { 'x-requested-with': 'Causeway' }
    for (const path of ['/api/v1/me', '/dav/files/ann/', '/ocs/v2.php/cloud/user']) {
      const [asProgram, asPage] = [
        await stranger.ask('GET', path),
        await stranger.ask('GET', path, { headers: page }),
      ]
      expect([asProgram.status, asPage.status]).toEqual([401, 401])
      expect(asProgram.headers.get('www-authenticate'), path).toContain('Basic')
      expect(asPage.headers.get('www-authenticate'), path).toBeNull()
    }
  })

  it('asks for the password again before it makes app passwords, after an hour', async () => {
    const made = await browser.api('POST', '/me/app-passwords', { label: 'laptop' })
    expect(made.status).toBe(201)
    await leiden.node.db('sessions').update({ proven_at_ms: Date.now() - 3_601_000 })
    const refused = await browser.api('POST', '/me/app-passwords', { label: 'laptop' })
    expect(refused).toMatchObject({ status: 403, body: { code: 'REAUTHENTICATE' } })
    await browser.signIn('ann')
    expect((await browser.api('POST', '/me/app-passwords', { label: 'laptop' })).status).toBe(201)
  })

  it('lives on when it changes the password, and no other does', async () => {
    const carl = await leiden.addUser('carl')
    const [here, there] = [new TestBrowser(leiden.origin), new TestBrowser(leiden.origin)]
    await Promise.all([here.signIn('carl'), there.signIn('carl')])
    const change = { current: 'carl-password', new: 'another-password' }
    expect((await here.api('POST', '/me/password', { ...change, current: 'wrong' })).status).toBe(403)
    expect((await here.api('POST', '/me/password', change)).status).toBe(204)
    expect((await here.api('GET', '/me')).status).toBe(200)
    expect((await there.api('GET', '/me')).status).toBe(401)
    expect((await carl.call('GET', '/me')).status).toBe(401)
  })

  it('is passed over when the request proves itself otherwise', async () => {
    const bob = `Basic ${Buffer.from('bob:bob-password').toString('base64')}`
    const answer = await browser.ask('GET', '/api/v1/me', { headers: { authorization: bob } })
    expect(await answer.json()).toMatchObject({ name: 'bob' })
    const wrong = await browser.ask('GET', '/api/v1/me', { headers: { authorization: 'Bearer nothing' } })
    expect(wrong.status).toBe(401)
  })
})

describe('the cookie of a session', () => {
  it.each([
    ['https://drive.test', /^__Host-causeway=[\w-]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax; Secure$/],
    [
      'https://uni.test/drive',
      /^causeway_session=[\w-]+; Max-Age=\d+; Path=\/drive; HttpOnly; SameSite=Lax; Secure$/,
    ],
    [
      'https://drive.test:8443',
      /^__Host-causeway_8443=[\w-]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    ],
    ['http://drive.test/d/', /^causeway_session=[\w-]+; Max-Age=\d+; Path=\/d; HttpOnly; SameSite=Lax$/],
  ])('of %s has the flags that fit', async (publicUrl, form) => {
    const mesh = await TestMesh.create(['leiden'], { publicUrl })
    const leiden = mesh.nodes[0] as TestNode
    await leiden.addUser('ann')
    const answer = await fetch(`${leiden.origin}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'ann', password: 'ann-password' }),
    })
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie).toMatch(form)
    const pair = cookie.split(';')[0] ?? ''
    const me = await fetch(`${leiden.origin}/api/v1/me`, { headers: { cookie: `other=1; ${pair}` } })
    expect(me.status).toBe(200)
    await mesh.close()
  })
})
