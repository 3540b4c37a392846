import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMesh } from '../fakes/ocm/mesh.ts'
import { startFakeOpencloud } from '../fakes/ocm/opencloud.ts'
import { startFakeOwncloud10 } from '../fakes/ocm/owncloud10.ts'
import { startFakeReva } from '../fakes/ocm/reva.ts'
import type { TestMesh, TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let krakow: TestNode
let ann: TestUser
let jan: TestUser
const closers: (() => Promise<void>)[] = []

beforeAll(async () => {
  mesh = await startMesh(['leiden', 'krakow'], {
    ocm: { publishDirectory: { federation: 'Low Lands' }, requireSignatures: false },
  })
  ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
  ann = await leiden.addUser('ann')
  jan = await krakow.addUser('jan')
  await leiden.node.ocm.trust.add(krakow.host)
  await leiden.node.ocm.trust.add('evil.test', 'denied')
})

afterAll(async () => {
  for (const close of closers) await close()
  await mesh.close()
})

interface Invitation {
  id: string
  link: string
  token: string
  inviteString: string
}

const invite = () => ann.api<Invitation>('POST', '/invitations', {})
const open = (token: string, more = '', headers: Record<string, string> = {}) =>
  fetch(`${leiden.origin}/wayf?token=${encodeURIComponent(token)}${more}`, { headers })
const choose = (token: string, server: string) =>
  fetch(`${leiden.origin}/wayf`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ token, server }),
  })

describe('the page on which guests pick their server', () => {
  it('is announced, and lists the servers of the directory', async () => {
    const document = (await (await fetch(`${leiden.origin}/.well-known/ocm`)).json()) as {
      capabilities: string[]
    }
    expect(document.capabilities).toContain('invite-wayf')
    const { link, token, inviteString } = await invite()
    expect(link).toBe(`http://${leiden.host}/wayf?token=${token}`)
    const answer = await open(token)
    expect(answer.status).toBe(200)
    const text = await answer.text()
    expect(text).toContain(`<button name="server" value="${krakow.host}">`)
    expect(text).toContain('Low Lands')
    expect(text).toContain(inviteString)
    expect(text).not.toContain('evil.test')
  })

  it('lets nothing in that it did not bring, and tells nobody where it was', async () => {
    const { token } = await invite()
    const { headers } = await open(token)
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[^']+'; form-action 'self' https: http:; frame-ancestors 'none'; base-uri 'none'$/,
    )
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cache-control')).toBe('no-store')
    const evil = encodeURIComponent('"><script>alert(1)</script>')
    const text = await (await open(token, `&q=${evil}`, { cookie: `wayf=${evil}` })).text()
    expect(text).not.toContain('alert(1)')
    const put = await fetch(`${leiden.origin}/wayf`, { method: 'PUT' })
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
  })

  it('leads to the dialog of the chosen server, where the invitation is accepted', async () => {
    const { token } = await invite()
    const chosen = await choose(token, krakow.host)
    expect(chosen.status).toBe(303)
    const address = new URL(chosen.headers.get('location') ?? '')
    expect(address.origin + address.pathname).toBe(`http://${krakow.host}/accept-invite`)
    expect(Object.fromEntries(address.searchParams)).toEqual({ token, providerDomain: leiden.host })
    expect(chosen.headers.get('referrer-policy')).toBe('no-referrer')
    const accepted = await fetch(`${krakow.origin}/accept-invite`, {
      method: 'POST',
      body: new URLSearchParams({
        ...Object.fromEntries(address.searchParams),
        ...{ name: 'jan', password: 'jan-password' },
      }),
    })
    expect(accepted.status).toBe(200)
    const { items } = await jan.api<{ items: { address: string }[] }>('GET', '/contacts')
    expect(items.map((contact) => contact.address)).toContain(ann.address)
    const over = await open(token)
    expect(over.status).toBe(410)
    expect(await over.text()).toContain('used already')
  })

  it('remembers the choice in the browser, and nowhere else', async () => {
    const { token } = await invite()
    const cookie = (await choose(token, krakow.host)).headers.get('set-cookie') ?? ''
    expect(cookie).toBe(
      `wayf=${encodeURIComponent(krakow.host)}; Path=/wayf; Max-Age=31536000; HttpOnly; SameSite=Lax`,
    )
    const text = await (await open(token, '', { cookie: `a=b; ${cookie.split(';')[0]}` })).text()
    expect(text).toContain('Your last choice in this browser')
    expect(await (await open(token)).text()).not.toContain('Your last choice')
    const refused = await choose(token, 'nowhere.test')
    expect(refused.headers.get('set-cookie')).toBeNull()
  })

  it('takes what people type: a name, an address, a person', async () => {
    const { token } = await invite()
    for (const typed of [
      ` ${krakow.host.toUpperCase()} `,
      `http://${krakow.host}/index.php/apps`,
      `jan@${krakow.host}`,
    ]) {
      const location = (await choose(token, typed)).headers.get('location')
      expect(location).toContain(`http://${krakow.host}/accept-invite?token=`)
    }
    const here = await choose(token, leiden.host)
    expect(here.headers.get('location')).toMatch(new RegExp(`^http://${leiden.host}/accept-invite\\?token=`))
  })

  it('finds the dialog of Reva', async () => {
    const reva = await startFakeReva({ users: ['bob'] })
    closers.push(() => reva.close())
    const { token } = await invite()
    const { headers } = await choose(token, reva.host)
    expect(headers.get('location')).toBe(
      `${reva.url}/open-cloud-mesh/accept-invite?token=${token}&providerDomain=${encodeURIComponent(leiden.host)}`,
    )
  })

  it('says it in words where a server has no dialog, and gives the code', async () => {
    const opencloud = await startFakeOpencloud({ users: ['bob'] })
    const owncloud = await startFakeOwncloud10({ users: ['bob'] })
    closers.push(
      () => opencloud.close(),
      () => owncloud.close(),
    )
    const { token, inviteString } = await invite()
    for (const [host, why] of [
      [opencloud.host, 'has no page for invitations'],
      [owncloud.host, 'does not say that it takes invitations'],
      ['nowhere.invalid', 'There is no host named'],
      ['10.0.0.1', 'a private address'],
      ['127.0.0.1:1', 'cannot be reached'],
      ['evil.test', 'does not talk to evil.test'],
      ['not a host', 'is not the name of a server'],
      ['', 'is not the name of a server'],
    ] as const) {
      const answer = await choose(token, host)
      expect(answer.status, host).toBe(200)
      const text = await answer.text()
      expect(text, host).toContain(why)
      expect(text).toContain(`<code>${inviteString}</code>`)
      expect(text).toContain('<details open>')
    }
  })

  it('asks no server for somebody without an invitation', async () => {
    const { token, id } = await invite()
    await ann.api('DELETE', `/invitations/${id}`)
    for (const [wrong, status] of [
      ['guessed', 404],
      ['', 404],
      [token, 410],
    ] as const) {
      expect((await open(wrong)).status).toBe(status)
      const answer = await choose(wrong, krakow.host)
      expect([answer.status, answer.headers.get('location')]).toEqual([status, null])
    }
  })

  it('searches without a script', async () => {
    for (let index = 0; index < 12; index++) await leiden.node.ocm.trust.add(`many-${index}.test`)
    const { token } = await invite()
    const all = await (await open(token)).text()
    expect(all).toContain('name="q"')
    expect(all.match(/<li>/g)?.length).toBe(14)
    const found = await (await open(token, '&q=MANY-1')).text()
    expect(found.match(/<li>/g)?.length).toBe(3)
    expect(found).toContain('value="MANY-1"')
    expect(await (await open(token, '&q=nothing')).text()).toContain('No server fits.')
  })

  it('has an end of patience with one client', async () => {
    const { token } = await invite()
    const answers = []
    for (let count = 0; count < 25; count++) answers.push(await choose(token, leiden.host))
    const busy = answers.find((answer) => answer.status === 429)
    expect(Number(busy?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await busy?.text()).toContain('Too many attempts')
  })
})
