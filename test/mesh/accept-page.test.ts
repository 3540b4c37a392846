import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

describe('the page that an invitation link opens', () => {
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
  })

  afterAll(() => mesh.close())

  const invite = () =>
    ann.api<{ link: string; token: string; inviteString: string }>('POST', '/invitations', {})

  it('gives the code to somebody who belongs elsewhere', async () => {
    const { token, inviteString } = await invite()
    const query = new URLSearchParams({ token, providerDomain: leiden.host })
    const answer = await fetch(`${leiden.origin}/accept-invite?${query}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(await answer.text()).toContain(inviteString)
  })

  it('accepts with the name and password of an account here', async () => {
    const { token } = await invite()
    const post = (password: string) =>
      fetch(`${krakow.origin}/accept-invite`, {
        method: 'POST',
        body: new URLSearchParams({ token, providerDomain: leiden.host, name: 'jan', password }),
      })
    const refused = await post('wrong-password')
    expect(refused.status).toBe(401)
    expect(await refused.text()).toContain('The user name or the password is wrong.')
    const accepted = await post('jan-password')
    expect(accepted.status).toBe(200)
    expect(await accepted.text()).toContain(ann.address)
    const { items } = await jan.api<{ items: { address: string }[] }>('GET', '/contacts')
    expect(items.map((contact) => contact.address)).toEqual([ann.address])
  })

  it('writes nothing of its address into the page as markup', async () => {
    const evil = '"><script>alert(1)</script>'
    const query = new URLSearchParams({ token: evil, providerDomain: leiden.host })
    const text = await (await fetch(`${krakow.origin}/accept-invite?${query}`)).text()
    expect(text).toContain('&lt;script')
    expect(text).not.toContain('<script')
  })

  it('asks for the invitation where the address carries none, and takes code, link, or token and server', async () => {
    const empty = await fetch(`${krakow.origin}/accept-invite`)
    expect(empty.status).toBe(200)
    expect(await empty.text()).toContain('name="invite"')
    const eva = await krakow.addUser('eva')
    const post = (form: Record<string, string>) =>
      fetch(`${krakow.origin}/accept-invite`, {
        method: 'POST',
        body: new URLSearchParams({ ...form, name: 'eva', password: 'eva-password' }),
      })
    const [byCode, byLink, byToken] = [await invite(), await invite(), await invite()]
    for (const form of [
      { invite: byCode.inviteString, token: '', providerDomain: '' },
      { invite: ` ${byLink.link} ` },
      { invite: '', token: byToken.token, providerDomain: leiden.host },
    ]) {
      expect((await post(form)).status).toBe(200)
    }
    const states = (await ann.api<{ items: { state: string }[] }>('GET', '/invitations')).items
    expect(states.slice(0, 3).map((one) => one.state)).toEqual(['accepted', 'accepted', 'accepted'])
    const { items } = await eva.api<{ items: { address: string }[] }>('GET', '/contacts')
    expect(items.map((contact) => contact.address)).toEqual([ann.address])
  })

  it('says so when the invitation is not whole', async () => {
    const answer = await fetch(`${krakow.origin}/accept-invite?token=x&providerDomain=%20`)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('not a whole invitation')
    const body = new URLSearchParams({ invite: 'not an invitation', name: 'jan', password: 'jan-password' })
    expect((await fetch(`${krakow.origin}/accept-invite`, { method: 'POST', body })).status).toBe(400)
  })
})
