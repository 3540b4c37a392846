import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestBrowser } from '../support/test-browser.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

describe('the pages with a form', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let browser: TestBrowser
  let stranger: TestBrowser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
    await leiden.addUser('bob')
    browser = new TestBrowser(leiden.origin)
    stranger = new TestBrowser(leiden.origin)
    await browser.signIn('bob')
  })

  afterAll(() => mesh.close())

  const invite = async () => {
    const { token } = await ann.api<{ token: string }>('POST', '/invitations', {})
    return { token, providerDomain: leiden.host }
  }
  const addressOf = (fields: Record<string, string>) => `/accept-invite?${new URLSearchParams(fields)}`
  const startLogin = async () => {
    const answer = await fetch(`${leiden.origin}/index.php/login/v2`, { method: 'POST' })
    const { login, poll } = (await answer.json()) as { login: string; poll: { token: string } }
    return { path: new URL(login).pathname, token: poll.token }
  }

  it('ask whoever is not signed in for name and password', async () => {
    const { path } = await startLogin()
    for (const address of [addressOf(await invite()), '/add-link', '/open-share/x', path]) {
      const page = await (await stranger.ask('GET', address)).text()
      expect(page, address).toContain('type="password"')
      expect(page, address).not.toContain('csrfToken')
      expect(page, address).not.toContain('/login/oidc')
    }
  })

  it('know who is signed in, and ask for one button', async () => {
    const { path } = await startLogin()
    for (const address of [addressOf(await invite()), '/open-share/x', path]) {
      const page = await (await browser.ask('GET', address)).text()
      expect(page, address).toContain('as <strong>bob</strong>')
      expect(page, address).toContain(`name="csrfToken" value="${browser.csrfToken}"`)
      expect(page, address).not.toContain('type="password"')
    }
  })

  it('accept an invitation by the session and its token, and by nothing less', async () => {
    const fields = await invite()
    const { csrfToken } = browser
    expect((await browser.submit('/accept-invite', fields)).status).toBe(401)
    expect((await browser.submit('/accept-invite', { ...fields, csrfToken: 'forged' })).status).toBe(403)
    expect((await stranger.submit('/accept-invite', { ...fields, csrfToken })).status).toBe(401)
    const fromElsewhere = await browser.ask('POST', '/accept-invite', {
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.test' },
      body: new URLSearchParams({ ...fields, csrfToken }).toString(),
    })
    expect(fromElsewhere.status).toBe(403)
    const { items } = await ann.api<{ items: unknown[] }>('GET', '/contacts')
    expect(items).toHaveLength(0)
    const answer = await browser.submit('/accept-invite', { ...fields, csrfToken })
    expect(await answer.text()).toContain('is your contact now')
  })

  it('let a program in by the session of a person, when it is fresh', async () => {
    const { path, token } = await startLogin()
    const { csrfToken } = browser
    expect((await browser.submit(path, { csrfToken: 'forged' })).status).toBe(403)
    const granted = await browser.submit(path, { csrfToken })
    expect(await granted.text()).toContain('is connected')
    const poll = await stranger.submit('/index.php/login/v2/poll', { token })
    expect(await poll.json()).toMatchObject({ loginName: 'bob' })
  })

  it('ask for the password again before a program gets one of its own, after an hour', async () => {
    const old = new TestBrowser(leiden.origin)
    await old.signIn('bob')
    await leiden.node.db('sessions').update({ proven_at_ms: Date.now() - 3_601_000 })
    const { path } = await startLogin()
    expect(await (await old.ask('GET', path)).text()).toContain('type="password"')
    expect((await old.submit(path, { csrfToken: old.csrfToken })).status).toBe(403)
    const granted = await old.submit(path, { name: 'bob', password: 'bob-password' })
    expect(granted.status).toBe(200)
  })
})
