import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { groupName, readPerson } from '../../src/accounts/oidc/claims.ts'
import { safeReturnTo } from '../../src/accounts/oidc/return-to.ts'
import { type ConfigInput, configSchema } from '../../src/config/schema.ts'
import { TestBrowser } from '../support/test-browser.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { CLIENT, LyingProvider, TestProvider } from '../support/test-provider.ts'

type OidcInput = NonNullable<ConfigInput['oidc']>

interface Me {
  name: string
  displayName: string
  email: string
  isAdmin: boolean
}

/** A node that knows the provider, and the public address under which browsers see it. */
async function startNode(issuer: string, more: Partial<OidcInput> = {}) {
  const oidc = { issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret, label: 'Uni login', ...more }
  const mesh = await TestMesh.create(['leiden'], { oidc })
  const leiden = mesh.nodes[0] as TestNode
  const publicUrl = `http://${leiden.host}`
  const browse = () => new TestBrowser(publicUrl, { [leiden.host]: leiden.origin })
  return { mesh, leiden, publicUrl, browse }
}

const me = async (browser: TestBrowser) => (await browser.api<Me>('GET', '/me')).body

/** The way to the provider, up to the address it sends back to. */
async function untilBack(browser: TestBrowser, address = '/login/oidc'): Promise<URL> {
  let url = new URL(address, browser.origin)
  for (let hops = 0; hops < 10; hops++) {
    const location = (await browser.ask('GET', url.href)).headers.get('location')
    if (location === null) throw new Error(`${url.pathname} leads nowhere`)
    url = new URL(location, url)
    if (url.pathname.endsWith('/login/oidc/callback')) return url
  }
  throw new Error('it never comes back')
}

describe('signing in with an identity provider', () => {
  let provider: TestProvider
  let node: Awaited<ReturnType<typeof startNode>>

  beforeAll(async () => {
    provider = await TestProvider.start()
    const groups = { adminGroup: 'node-admins' }
    node = await startNode(provider.issuer, groups)
    provider.onNode(node.publicUrl)
  })

  beforeEach(() => {
    provider.account = {
      ...{ sub: 'id-ann', preferred_username: 'Ann@uni.test', name: 'Ann Arbor', groups: [] },
      ...{ email: 'ann@uni.test', email_verified: true },
    }
  })

  afterAll(async () => {
    await node.mesh.close()
    await provider.close()
  })

  it('is offered', async () => {
    const { body } = await node.browse().api<{ login: unknown }>('GET', '/session')
    expect(body.login).toEqual({ password: true, oidc: { label: 'Uni login', url: '/login/oidc' } })
  })

  it('makes an account, a session, and leads back to where it began', async () => {
    const browser = node.browse()
    const { url, answer } = await browser.open('/login/oidc?returnTo=%2Fapi%2Fv1%2Fme%3Fx%3D1')
    expect(url.pathname + url.search).toBe('/api/v1/me?x=1')
    expect(await answer.json()).toMatchObject({
      name: 'ann',
      displayName: 'Ann Arbor',
      email: 'ann@uni.test',
    })
    const sessions = await browser.api<{ items: { via: string }[] }>('GET', '/me/sessions')
    expect(sessions.body.items).toMatchObject([{ via: 'oidc', current: true }])
    expect(browser.cookieNames().filter((name) => name.startsWith('causeway_oidc'))).toEqual([])
  })

  it('knows the same person under another name, and takes over what the provider says', async () => {
    const first = node.browse()
    await first.open('/login/oidc?returnTo=/api/v1/me')
    const { id } = (await first.api<{ id: string }>('GET', '/me')).body
    provider.account = { sub: 'id-ann', preferred_username: 'renamed', name: 'Ann B.', email: 'b@uni.test' }
    const second = node.browse()
    await second.open('/login/oidc?returnTo=/api/v1/me')
    expect(await me(second)).toMatchObject({ id, name: 'ann', displayName: 'Ann B.', email: 'b@uni.test' })
  })

  it('takes no address for mail that the provider does not vouch for', async () => {
    provider.account = {
      sub: 'id-una',
      preferred_username: 'una',
      email: 'ann@uni.test',
      email_verified: false,
    }
    const browser = node.browse()
    await browser.open('/login/oidc?returnTo=/api/v1/me')
    expect(await me(browser)).toMatchObject({ name: 'una', email: '' })
  })

  it('is at hand where a password is not: no password opens such an account', async () => {
    await node.browse().open('/login/oidc?returnTo=/api/v1/me')
    for (const password of ['', 'none', 'nobody has this password']) {
      const { status } = await node.browse().api('POST', '/session', { name: 'ann', password })
      expect(status, password).toBe(401)
    }
  })

  it('makes administrators of the members of a group, and takes that back', async () => {
    provider.account = { sub: 'id-root', preferred_username: 'root', groups: ['node-admins'] }
    const browser = node.browse()
    await browser.open('/login/oidc?returnTo=/api/v1/me')
    expect((await me(browser)).isAdmin).toBe(true)
    provider.account = { ...provider.account, groups: [] }
    await browser.open('/login/oidc?returnTo=/api/v1/me')
    expect((await me(browser)).isAdmin).toBe(false)
  })

  it('keeps groups as the provider has them, and leaves those of the administrators alone', async () => {
    const { groups, accounts } = node.leiden.node
    await groups.addGroup('local')
    await groups.addGroup('staff')
    provider.account = {
      sub: 'id-gus',
      preferred_username: 'gus',
      groups: ['/Physics', 'local', 'a b', 'staff'],
    }
    await node.browse().open('/login/oidc?returnTo=/api/v1/me')
    const gus = await accounts.findUserByName('gus')
    const names = async () => (await groups.listGroupsOf(gus?.id ?? '')).map((group) => group.name)
    expect(await names()).toEqual(['physics'])
    await groups.addMember('staff', 'gus')
    provider.account = { ...provider.account, groups: ['chemistry'] }
    await node.browse().open('/login/oidc?returnTo=/api/v1/me')
    expect(await names()).toEqual(['chemistry', 'staff'])
  })

  it('never takes over an account that has this name already', async () => {
    await node.leiden.addUser('victim')
    provider.account = { sub: 'id-thief', preferred_username: 'victim' }
    const browser = node.browse()
    const { answer } = await browser.open('/login/oidc?returnTo=/api/v1/me')
    expect(answer.status).toBe(409)
    const page = await answer.text()
    expect(page).toContain('There is an account named victim here already')
    expect(page).toContain(answer.headers.get('x-request-id') ?? 'no id')
    expect((await browser.api('GET', '/me')).status).toBe(401)
  })

  it.each(['Ann O’Neil', '', '../admin', 'x'.repeat(65)])('makes no account named %j', async (name) => {
    provider.account = { sub: `id-odd-${name.length}`, preferred_username: name }
    const { answer } = await node.browse().open('/login/oidc')
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('no name that can be one here')
  })

  it('does not let in who was locked out here, and ends what they had', async () => {
    provider.account = { sub: 'id-lou', preferred_username: 'lou' }
    const browser = node.browse()
    await browser.open('/login/oidc?returnTo=/api/v1/me')
    await node.leiden.node.db('users').where({ name: 'lou' }).update({ locked_at_ms: 1 })
    expect((await browser.api('GET', '/me')).status).toBe(401)
    const { answer } = await node.browse().open('/login/oidc')
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('locked')
  })

  it('says so on a page when somebody stopped at the provider', async () => {
    provider.account = undefined
    const { url, answer } = await node.browse().open('/login/oidc')
    expect(url.pathname).toBe('/login/oidc/callback')
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('Uni login did not let you in')
  })

  it('takes the way back once, from the browser that set out, with its own state', async () => {
    const browser = node.browse()
    const back = await untilBack(browser)
    const [, cookie] = [
      browser.cookieNames(),
      browser.cookieNames().find((name) => name.startsWith('causeway_oidc')),
    ]
    const value = browser.cookie(cookie ?? '') ?? ''
    // Somebody else's browser: a sign-in as the one who made the address.
    expect((await node.browse().ask('GET', back.href)).status).toBe(400)
    const forged = new URL(back)
    forged.searchParams.set('state', 'another-state')
    expect((await browser.ask('GET', forged.href)).status).toBe(400)
    expect((await browser.ask('GET', back.href)).status).toBe(303)
    expect((await me(browser)).name).toBe('ann')
    // With the same cookie again: used up here, whatever the provider says.
    const replay = node.browse()
    replay.setCookie(cookie ?? '', value)
    const again = await replay.ask('GET', back.href)
    expect(again.status).toBe(400)
    expect(await again.text()).toContain('used already')
    expect(replay.cookieNames()).toEqual([cookie])
  })

  it('takes no code of another sign-in', async () => {
    const [victim, thief] = [node.browse(), node.browse()]
    const stolen = (await untilBack(victim)).searchParams.get('code') ?? ''
    const back = await untilBack(thief)
    back.searchParams.set('code', stolen)
    const answer = await thief.ask('GET', back.href)
    expect(answer.status).toBe(502)
    expect((await thief.api('GET', '/me')).status).toBe(401)
  })

  it('begins a new session, also where one was', async () => {
    const browser = node.browse()
    const name = `causeway_session_${new URL(node.publicUrl).port}`
    browser.setCookie(name, 'A'.repeat(43))
    await browser.open('/login/oidc?returnTo=/api/v1/me')
    const first = browser.cookie(name)
    expect(first).not.toBe('A'.repeat(43))
    await browser.open('/login/oidc?returnTo=/api/v1/me')
    expect(browser.cookie(name)).not.toBe(first)
    const { items } = (await browser.api<{ items: unknown[] }>('GET', '/me/sessions')).body
    const old = node.browse()
    old.setCookie(name, first ?? '')
    expect((await old.api('GET', '/me')).status).toBe(401)
    expect(items.length).toBeGreaterThan(0)
  })

  it.each([
    'https://evil.test/',
    '//evil.test',
    '/\\evil.test',
    '/%09/evil.test',
    'javascript:alert(1)',
  ])('leads to no other site: %s', async (returnTo) => {
    const browser = node.browse()
    const back = await untilBack(browser, `/login/oidc?returnTo=${encodeURIComponent(returnTo)}`)
    const location = (await browser.ask('GET', back.href)).headers.get('location') ?? ''
    expect(new URL(location, node.publicUrl).origin).toBe(new URL(node.publicUrl).origin)
  })

  it('proves somebody only as late as they signed in there themselves', async () => {
    const browser = node.browse()
    const makes = async () => {
      browser.csrfToken = (await browser.api<{ csrfToken: string }>('GET', '/session')).body.csrfToken
      const made = await browser.api<{ code?: string }>('POST', '/me/app-passwords', { label: 'laptop' })
      return made.body.code ?? made.status
    }
    const twoHoursAgo = { proven_at_ms: Date.now() - 7_200_000 }
    await browser.open('/login/oidc?returnTo=/api/v1/me&proof=1')
    expect(await makes()).toBe(201)
    await node.leiden.node.db('sessions').update(twoHoursAgo)
    const loginsBefore = provider.logins
    await browser.open('/login/oidc?returnTo=/api/v1/me')
    expect([provider.logins - loginsBefore, await makes()]).toEqual([0, 'REAUTHENTICATE'])
    await browser.open('/login/oidc?returnTo=/api/v1/me&proof=1')
    expect([provider.logins - loginsBefore, await makes()]).toEqual([1, 201])
    // What was proven in this browser is not lost by coming in once more.
    await browser.open('/login/oidc?returnTo=/api/v1/me')
    expect(await makes()).toBe(201)
  })

  it('signs out at the provider, too', async () => {
    const browser = node.browse()
    await browser.open('/login/oidc?returnTo=/api/v1/me')
    const { body } = await browser.api<{ csrfToken: string; signOutUrl: string }>('GET', '/session')
    browser.csrfToken = body.csrfToken
    expect((await browser.api('DELETE', '/session')).status).toBe(204)
    const answer = await browser.ask('GET', body.signOutUrl)
    const url = new URL(answer.headers.get('location') ?? '')
    expect(url.origin).toBe(provider.issuer)
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${node.publicUrl}/`)
    expect(url.searchParams.get('id_token_hint')).toMatch(/^ey/)
    expect((await browser.ask('GET', url.href)).status).toBe(200)
    // Without a session that ended just now it leads nowhere but home.
    expect((await node.browse().ask('GET', body.signOutUrl)).headers.get('location')).toBe('/')
  })

  it('can be connected with an account that has a password, by whoever is signed in there', async () => {
    await node.leiden.addUser('paul')
    provider.account = { sub: 'id-paul', preferred_username: 'paul', name: 'Other Name', email: 'o@uni.test' }
    expect((await node.browse().open('/login/oidc')).answer.status).toBe(409)
    const browser = node.browse()
    await browser.signIn('paul')
    const link = await browser.api<{ url: string }>('POST', '/me/identities', { returnTo: '/api/v1/me' })
    expect(link.status).toBe(201)
    // Who is not signed in as paul cannot use it to get into paul's account, nor give him theirs.
    const thief = node.browse()
    expect((await thief.open(link.body.url)).answer.status).toBe(403)
    expect((await thief.api('GET', '/me')).status).toBe(401)
    expect((await browser.open(link.body.url)).answer.status).toBe(200)
    const other = node.browse()
    await other.open('/login/oidc?returnTo=/api/v1/me')
    expect(await me(other)).toMatchObject({ name: 'paul', displayName: 'PAUL' })
    const { items } = (await other.api<{ items: { id: string }[] }>('GET', '/me/identities')).body
    expect(items).toMatchObject([{ issuer: provider.issuer, label: 'paul' }])
  })

  it('cannot be given up where it is the only way in', async () => {
    const browser = node.browse()
    await browser.open('/login/oidc?returnTo=/api/v1/me&proof=1')
    browser.csrfToken = (await browser.api<{ csrfToken: string }>('GET', '/session')).body.csrfToken
    const { items } = (await browser.api<{ items: { id: string }[] }>('GET', '/me/identities')).body
    const answer = await browser.api('DELETE', `/me/identities/${items[0]?.id}`)
    expect(answer).toMatchObject({ status: 409, body: { code: 'LAST_WAY_IN' } })
  })

  it('is offered by the pages with a form, and leads back to them', async () => {
    const address = '/accept-invite?token=abc&providerDomain=other.test'
    const page = await (await node.browse().ask('GET', address)).text()
    const link = /href="([^"]*login\/oidc[^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(page).toContain('Sign in with Uni login')
    const { url, answer } = await node.browse().open(link)
    expect(url.pathname + url.search).toBe(address)
    expect(await answer.text()).toContain('as <strong>ann</strong>')
  })

  it('happens anew before a program gets a password, also for whoever is signed in there', async () => {
    const browser = node.browse()
    await browser.open('/login/oidc?returnTo=/api/v1/me')
    const begun = await browser.ask('POST', '/index.php/login/v2')
    const { login } = (await begun.json()) as { login: string }
    const link = /href="([^"]*login\/oidc[^"]*)"/.exec(await (await browser.ask('GET', login)).text())?.[1]
    const loginsBefore = provider.logins
    const { url, answer } = await browser.open(link?.replaceAll('&amp;', '&') ?? '')
    expect([url.href, provider.logins - loginsBefore]).toEqual([login, 1])
    expect(await answer.text()).toContain('Grant access')
  })
})

describe('a provider with other settings', () => {
  it('makes no accounts, lets only some groups in, and may not be reached', async () => {
    const provider = await TestProvider.start()
    const strict = await startNode(provider.issuer, {
      createUsers: false,
      allowedGroups: ['staff', 'guests'],
    })
    provider.onNode(strict.publicUrl)
    provider.account = { sub: 'id-ann', preferred_username: 'ann', groups: ['students'] }
    const outsider = (await strict.browse().open('/login/oidc')).answer
    expect([outsider.status, await outsider.text()]).toEqual([
      403,
      expect.stringContaining('none of your groups'),
    ])
    provider.account = { ...provider.account, groups: ['staff'] }
    const unknown = (await strict.browse().open('/login/oidc')).answer
    expect([unknown.status, await unknown.text()]).toEqual([
      403,
      expect.stringContaining('There is no account here'),
    ])
    expect(await strict.leiden.node.accounts.listUsers()).toEqual([])
    await strict.mesh.close()
    await provider.close()
    const gone = await startNode('http://127.0.0.1:1')
    const answer = await gone.browse().ask('GET', '/login/oidc')
    expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('cannot be asked')])
    await gone.mesh.close()
  })

  it('is asked by the one way out: private addresses only where they are allowed', async () => {
    const { mesh, browse } = await startNode('http://10.99.99.99:9')
    const answer = await browse().ask('GET', '/login/oidc')
    expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('network.allow')])
    await mesh.close()
  })
})

describe('a provider that lies', () => {
  let provider: LyingProvider
  let node: Awaited<ReturnType<typeof startNode>>

  beforeAll(async () => {
    provider = await LyingProvider.start()
    node = await startNode(provider.issuer)
  })

  beforeEach(() => {
    provider.lie = (right) => right
    provider.signWithStrangeKey = false
  })

  afterAll(async () => {
    await node.mesh.close()
    await provider.close()
  })

  const outcome = async () => {
    const browser = node.browse()
    const { answer } = await browser.open('/login/oidc?returnTo=/api/v1/me')
    return [answer.status, (await browser.api('GET', '/me')).status]
  }

  it('gets somebody in when it does not', async () => {
    expect(await outcome()).toEqual([200, 200])
  })

  it.each([
    ['none', undefined, 0],
    ['that of yesterday', -86_400, -86_400],
    ['a moment ago', -5, -5],
    ['a time to come', 86_400, 0],
  ])('proves nothing more than its auth_time says: %s', async (_, ahead, expected) => {
    const now = Math.floor(Date.now() / 1000)
    if (ahead !== undefined) provider.lie = (right) => ({ ...right, auth_time: now + ahead })
    const browser = node.browse()
    expect((await browser.open('/login/oidc?returnTo=/api/v1/me&proof=1')).answer.status).toBe(200)
    const [row] = await node.leiden.node.db('sessions').orderBy('created_at_ms', 'desc').limit(1)
    const provenAt = Math.floor(row.proven_at_ms / 1000)
    if (ahead === undefined) expect(provenAt).toBe(0)
    else expect(Math.abs(provenAt - now - expected)).toBeLessThan(5)
  })

  it.each([
    ['another nonce', { nonce: 'another' }],
    ['no nonce', { nonce: undefined }],
    ['another audience', { aud: 'another-client' }],
    ['several audiences and another party', { aud: [CLIENT.id, 'other'], azp: 'other' }],
    ['another issuer', { iss: 'https://other.test' }],
    ['a time that is over', { exp: 1 }],
    ['no subject', { sub: undefined }],
  ])('gets nobody in with %s', async (_, lie) => {
    provider.lie = (right) => ({ ...right, ...lie }) as typeof right
    expect(await outcome()).toEqual([502, 401])
  })

  it('gets nobody in with the signature of another key', async () => {
    provider.signWithStrangeKey = true
    expect(await outcome()).toEqual([502, 401])
  })

  it('gets nobody in when it says that it is another', async () => {
    provider.discovery = { issuer: 'https://other.test' }
    const other = await startNode(provider.issuer)
    expect((await other.browse().ask('GET', '/login/oidc')).status).toBe(502)
    await other.mesh.close()
    provider.discovery = {}
  })
})

describe('where somebody goes after signing in', () => {
  it.each([
    [undefined, '/'],
    ['/files/a%20b?x=1#y', '/files/a%20b?x=1#y'],
    ['files', '/'],
    ['https://drive.test/files', '/'],
    ['/../../evil', '/evil'],
    ['/.//evil.test', '/'],
    [`/${'a'.repeat(5000)}`, '/'],
    ['/a\nb', '/'],
    ['/a\\b', '/'],
  ])('is within the node: %j', (text, expected) => {
    expect(safeReturnTo(text, 'https://drive.test')).toBe(expected)
  })

  it('is below the path of the node', () => {
    expect(safeReturnTo('/files', 'https://uni.test/drive')).toBe('/drive/files')
    expect(safeReturnTo('/drive/files', 'https://uni.test/drive')).toBe('/drive/files')
    expect(safeReturnTo('/drive/../other', 'https://uni.test/drive')).toBe('/drive/other')
    expect(safeReturnTo(undefined, 'https://uni.test/drive')).toBe('/drive/')
  })
})

describe('what a provider says of somebody', () => {
  const { claims } = configSchema.parse({
    publicUrl: 'https://x.test',
    oidc: { issuer: 'https://p.test', clientId: 'x' },
  }).oidc as { claims: Parameters<typeof readPerson>[1] }

  it('is read with care', () => {
    const person = readPerson(
      {
        iss: 'https://p.test',
        sub: 's',
        preferred_username: 7,
        name: `A\u202eB\0${'x'.repeat(500)}`,
        groups: 'one',
      },
      claims,
    )
    expect(person).toEqual({
      ...{ issuer: 'https://p.test', subject: 's', groups: ['one'] },
      displayName: `A B ${'x'.repeat(196)}`,
    })
    expect(readPerson({ iss: 'i', sub: 's', groups: ['a', 7, null, ['b']] }, claims).groups).toEqual(['a'])
  })

  it('never makes one group of two', () => {
    expect(groupName('/Physics')).toBe('physics')
    for (const text of ['a/b', 'a b', '', '/', 'é', 'urn:x:y', '__proto__'])
      expect(groupName(text)).toBeUndefined()
  })
})
