import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic } from '../support/test-user.ts'

interface Started {
  poll: { token: string; endpoint: string }
  login: string
}

describe('a program that signs in through the browser', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    leiden = mesh.nodes[0] as TestNode
    await leiden.addUser('ann')
  })

  afterAll(() => mesh.close())

  const local = (url: string) => `${leiden.origin}${new URL(url).pathname}`

  async function start(
    path = '/index.php/login/v2',
    agent = 'Mozilla/5.0 (Linux) <mirall>',
  ): Promise<Started> {
    const answer = await fetch(`${leiden.origin}${path}`, {
      method: 'POST',
      headers: { 'user-agent': agent },
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    return (await answer.json()) as Started
  }
  const poll = ({ poll: { endpoint, token } }: Started) =>
    fetch(local(endpoint), { method: 'POST', body: new URLSearchParams({ token }) })
  const grant = ({ login }: Started, password = 'ann-password') =>
    fetch(local(login), { method: 'POST', body: new URLSearchParams({ name: 'ann', password }) })

  it('gets a password of its own, once, after the person granted it', async () => {
    const flow = await start()
    expect(flow.poll.endpoint).toBe(`http://${leiden.host}/login/v2/poll`)
    expect(new URL(flow.login).host).toBe(leiden.host)
    expect(flow.login).not.toContain(flow.poll.token)
    expect((await poll(flow)).status).toBe(404)
    const page = await fetch(local(flow.login))
    const text = await page.text()
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(text).toContain('Mozilla/5.0 (Linux) &lt;mirall&gt;')
    expect(text).not.toContain('<script')
    const granted = await grant(flow)
    expect([granted.status, await granted.text()]).toEqual([200, expect.stringContaining('Access granted')])
    const answer = await poll(flow)
    expect(answer.status).toBe(200)
    const given = (await answer.json()) as { server: string; loginName: string; appPassword: string }
    expect(given).toMatchObject({ server: `http://${leiden.host}`, loginName: 'ann' })
    const root = await fetch(`${leiden.origin}/remote.php/dav/files/ann/`, {
      method: 'PROPFIND',
      headers: { authorization: basic('ann', given.appPassword), depth: '0' },
    })
    expect(root.status).toBe(207)
    expect((await poll(flow)).status).toBe(404)
    expect((await fetch(local(flow.login))).status).toBe(404)
    expect((await grant(flow)).status).toBe(404)
  })

  it('shows up among the app passwords by its own name', async () => {
    const flow = await start('/login/v2', 'my\u00a0phone')
    await grant(flow)
    await poll(flow)
    const { id } = (await leiden.node.accounts.findUserByName('ann')) ?? { id: '' }
    const labels = (await leiden.node.accounts.listAppPasswords(id)).map((one) => one.label)
    expect(labels).toContain('my phone')
  })

  it('gets nothing for a wrong password, and the person may try again', async () => {
    const flow = await start()
    const refused = await grant(flow, 'wrong-password')
    expect(refused.status).toBe(401)
    expect(await refused.text()).toContain('The user name or the password is wrong.')
    expect((await poll(flow)).status).toBe(404)
    expect((await grant(flow)).status).toBe(200)
  })

  it('cannot be let in with an app password', async () => {
    const first = await start()
    await grant(first)
    const { appPassword } = (await (await poll(first)).json()) as { appPassword: string }
    expect((await grant(await start(), appPassword)).status).toBe(403)
  })

  it('cannot poll with the token of the page, nor grant with that of the poll', async () => {
    const flow = await start()
    const swapped = {
      poll: { ...flow.poll, token: flow.login.split('/').at(-1) ?? '' },
      login: `http://x/login/v2/flow/${flow.poll.token}`,
    }
    expect((await grant(swapped)).status).toBe(404)
    await grant(flow)
    expect((await poll(swapped)).status).toBe(404)
    expect((await poll(flow)).status).toBe(200)
  })

  it('is one of many that poll at once: one gets it', async () => {
    const flow = await start()
    await grant(flow)
    const answers = await Promise.all(Array.from({ length: 8 }, () => poll(flow)))
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
  })
})
