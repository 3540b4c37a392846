import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCli, temporaryFolder } from '../cli/support/cli.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'

interface Link {
  id: string
  link: { url: string }
}
interface Added {
  share?: { id: string; name: string; role: string; state: string; owner: { address: string } }
  code?: string
  detail?: string
}

const PASSWORD = 'a long password'

describe('a public link of another node', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let krakow: TestNode
  let ann: TestUser
  let jan: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    const [leiden, second] = mesh.nodes as [TestNode, TestNode]
    krakow = second
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    for (const name of ['one', 'two', 'three', 'four', 'five', 'six']) {
      await ann.dav('MKCOL', `/${name}`)
      await ann.put(`/${name}/a.txt`, `content of ${name}`)
    }
  })
  afterAll(() => mesh.close())

  async function open(path: string, more: { role?: string; password?: string } = {}) {
    const { role = 'viewer', password } = more
    const recipient = { type: 'link', ...(password && { password }) }
    return await ann.api<Link>('POST', '/shares', { path, role, recipient })
  }

  const add = (link: string, password?: string) =>
    jan.call<Added>('POST', '/received-shares/add-link', {
      link,
      ...(password === undefined ? {} : { password }),
    })

  it('becomes a share of its owner, with the rights of the link, and ends with it', async () => {
    const { id, link } = await open('/one', { role: 'editor' })
    const { status, body } = await add(link.url)
    expect([status, body.share]).toMatchObject([
      201,
      { name: 'one', role: 'editor', state: 'pending', owner: { address: ann.address } },
    ])
    await jan.api('POST', `/received-shares/${body.share?.id}/accept`, {})
    expect(await (await jan.dav('GET', '/one/a.txt')).text()).toBe('content of one')
    await ann.api('DELETE', `/shares/${id}`)
    await until(
      () => jan.api<{ state: string }>('GET', `/received-shares/${body.share?.id}`),
      (share) => share.state === 'revoked',
    )
  })

  it('that is there already is no second share', async () => {
    const { link } = await open('/two')
    const first = await add(link.url)
    expect(first.body.share?.name).toBe('two')
    expect(await add(`${link.url}/download`)).toEqual({ ...first, body: {} })
    const all = await jan.api<{ items: { name: string }[] }>('GET', '/received-shares')
    expect(all.items.filter((item) => item.name === 'two')).toHaveLength(1)
  })

  it('wants its password', async () => {
    const { link } = await open('/three', { password: PASSWORD })
    expect(await add(link.url)).toMatchObject({ status: 403, body: { code: 'LINK_PASSWORD_NEEDED' } })
    expect(await add(link.url, 'wrong')).toMatchObject({ status: 403, body: { code: 'LINK_PASSWORD_WRONG' } })
    expect(await add(link.url, PASSWORD)).toMatchObject({ status: 201, body: { share: { name: 'three' } } })
  })

  it('is refused for a reason: over, no link at all, here at home, a server that is not trusted', async () => {
    const { id, link } = await open('/four')
    await ann.api('DELETE', `/shares/${id}`)
    expect(await add(link.url)).toMatchObject({ status: 404, body: { code: 'LINK_OVER' } })
    for (const text of ['no link', 'ftp://x.test/s/abc', `${link.url.split('/s/')[0]}/files/a`]) {
      expect(await add(text)).toMatchObject({ status: 400, body: { code: 'NOT_A_LINK' } })
    }
    const own = await add(`http://${jan.address.split('@')[1]}/s/abc`)
    expect(own).toMatchObject({ status: 400, body: { code: 'OWN_LINK' } })
    expect((await add('http://10.1.2.3/s/abc')).body.code).toBe('PEER_ADDRESS_REFUSED')
    const wary = await mesh.start('wary', { ocm: { trust: 'allowlist' } })
    const kim = await wary.addUser('kim')
    const asked = await kim.call<Added>('POST', '/received-shares/add-link', { link: link.url })
    expect(asked).toMatchObject({ status: 403, body: { code: 'PEER_NOT_TRUSTED' } })
  })

  it('is added by the command, its password from standard input', async () => {
    const { link } = await open('/six', { password: PASSWORD })
    const cli = createCli(await temporaryFolder())
    const env = { url: krakow.origin, user: 'jan', password: 'jan-password' }
    const refused = await cli(['share', 'add-link', link.url], { env })
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('needs its password')])
    const added = await cli(['share', 'add-link', link.url, '--password-stdin'], {
      ...{ env, stdin: `${PASSWORD}\n` },
    })
    expect(added).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^six of ann@.*share accept \S+\n$/),
    })
    const again = await cli(['share', 'add-link', link.url, '--password-stdin', '--json'], {
      ...{ env, stdin: `${PASSWORD}\n` },
    })
    expect(JSON.parse(again.stdout)).toEqual({ state: 'asked' })
  })

  it('is added on the page that the link of another server sends visitors to', async () => {
    const { link } = await open('/five')
    for (const path of ['/index.php/apps/files', '/apps/files/', '/add-link']) {
      const page = await fetch(`${krakow.origin}${path}`)
      expect(page.status).toBe(200)
      expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
      expect(await page.text()).toContain('<script src="/add-link.js">')
    }
    const script = await fetch(`${krakow.origin}/add-link.js`)
    expect(script.headers.get('content-type')).toContain('javascript')
    const post = (values: Record<string, string>) =>
      fetch(`${krakow.origin}/add-link`, { method: 'POST', body: new URLSearchParams(values) })
    const who = { link: link.url, name: 'jan' }
    const refused = await post({ ...who, password: 'wrong' })
    expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining(link.url)])
    const hostile = await post({ ...who, link: '"><script>x', password: 'jan-password' })
    expect([hostile.status, (await hostile.text()).includes('"><script>x')]).toEqual([400, false])
    const added = await post({ ...who, password: 'jan-password' })
    expect([added.status, await added.text()]).toEqual([200, expect.stringContaining('five has arrived')])
  })

  it('is asked for at most 20 times a minute by one user, on the page as by programs', async () => {
    const eve = await krakow.addUser('eve')
    const form = new URLSearchParams({ link: 'no link', name: 'eve', password: 'eve-password' })
    const post = () => fetch(`${krakow.origin}/add-link`, { method: 'POST', body: form })
    for (let count = 0; count < 10; count += 1) {
      expect((await post()).status).toBe(400)
      const { status } = await eve.call('POST', '/received-shares/add-link', { link: 'no link' })
      expect(status).toBe(400)
    }
    const late = await post()
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)])
    const { status } = await eve.call('POST', '/received-shares/add-link', { link: 'no link' })
    expect(status).toBe(429)
  })
})
