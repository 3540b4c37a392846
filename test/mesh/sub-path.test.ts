import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeNextcloud, startFakeNextcloud } from '../fakes/ocm/nextcloud.ts'
import { type PathProxy, startPathProxy } from '../support/path-proxy.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, TestUser, until } from '../support/test-user.ts'

const hosts = Object.fromEntries(['leiden', 'krakow', 'nc'].map((name) => [`${name}.test`, '127.0.0.1']))
const settings = {
  network: { allow: ['127.0.0.0/8'], insecureHttp: true, hosts },
  ocm: { requireSignatures: 'always' as const },
}

let proxy: PathProxy
let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let krakow: TestNode
let nextcloud: FakeNextcloud
let ann: TestUser
let jan: TestUser
/** krakow as the world reaches it: through the proxy, below a path. */
let krakowUrl: string

beforeAll(async () => {
  proxy = await startPathProxy('/cloud')
  mesh = await TestMesh.create(['leiden'], settings)
  ;[leiden] = mesh.nodes as [TestNode]
  krakow = await mesh.start('krakow', {
    ...settings,
    publicUrl: `http://krakow.test:${proxy.port}/cloud`,
  })
  proxy.upstreamPort = Number(new URL(krakow.origin).port)
  krakowUrl = `http://127.0.0.1:${proxy.port}/cloud`
  nextcloud = await startFakeNextcloud({ users: ['bob'], version: 32, enforceSignatures: true })
  ann = await leiden.addUser('ann')
  await krakow.addUser('jan')
  jan = new TestUser({ ...{ name: 'jan', password: 'jan-password' }, origin: krakowUrl, host: krakow.host })
})
afterAll(async () => {
  await nextcloud?.close()
  await mesh.close()
  await proxy.close()
})

/** An address of krakow, at the loopback port of its proxy. */
const reached = (url: string) => url.replace('krakow.test', '127.0.0.1')
const textOf = async (user: TestUser, path: string) => (await user.dav('GET', path)).text()

async function makeFolder(user: TestUser, folder: string): Promise<void> {
  await user.dav('MKCOL', folder)
  await user.dav('MKCOL', `${folder}/sub`)
  await user.put(`${folder}/a b.txt`, `from ${user.name}`)
}

describe('the drive of a node below a path', () => {
  it('names its files by the addresses at which they are reached', async () => {
    await makeFolder(jan, '/own')
    const listing = await (await jan.dav('PROPFIND', '/own', { headers: { depth: '1' } })).text()
    const hrefs = [...listing.matchAll(/<d:href>([^<]*)<\/d:href>/g)].map((match) => match[1])
    expect(hrefs).toEqual([
      '/cloud/dav/files/jan/own/',
      '/cloud/dav/files/jan/own/a%20b.txt',
      '/cloud/dav/files/jan/own/sub/',
    ])
    expect(await (await jan.dav('GET', '/own/')).text()).toContain('"/cloud/dav/files/jan/own/a%20b.txt"')
  })

  it('takes those addresses where a header names one', async () => {
    const destination = `http://${krakow.host}/cloud/dav/files/jan/own/sub/c.txt`
    const moved = await jan.dav('MOVE', '/own/a b.txt', { headers: { destination } })
    expect(moved.status).toBe(201)
    expect(await textOf(jan, '/own/sub/c.txt')).toBe('from jan')
    const back = await jan.dav('COPY', '/own/sub/c.txt', {
      headers: { destination: '/cloud/dav/files/jan/own/a%20b.txt' },
    })
    expect(back.status).toBe(201)
    const locked = await jan.dav('LOCK', '/own/sub/c.txt', {
      body: '<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>',
    })
    const token = locked.headers.get('lock-token') ?? ''
    expect(await locked.text()).toContain('<d:lockroot><d:href>/cloud/dav/files/jan/own/sub/c.txt</d:href>')
    const refused = await jan.dav('PUT', '/own/sub/c.txt', { body: 'x' })
    expect([refused.status, await refused.text()]).toEqual([
      423,
      expect.stringContaining('<d:href>/cloud/dav/files/jan/own/sub/c.txt</d:href>'),
    ])
    const written = await jan.dav('PUT', '/own/sub/c.txt', {
      ...{ body: 'by the holder', headers: { if: `<${destination}> (${token})` } },
    })
    expect(written.status).toBe(204)
    await jan.dav('UNLOCK', '/own/sub/c.txt', { headers: { 'lock-token': token } })
  })

  it('gives back what was deleted', async () => {
    await jan.put('/gone.txt', 'here again')
    await jan.dav('DELETE', '/gone.txt')
    const trash = `${krakowUrl}/remote.php/dav/trashbin/jan/trash`
    const headers = { authorization: jan.authorization }
    const listing = await (
      await fetch(trash, { method: 'PROPFIND', headers: { ...headers, depth: '1' } })
    ).text()
    const href = /<d:href>(\/cloud\/remote\.php\/dav\/trashbin\/jan\/trash\/gone[^<]*)</.exec(listing)?.[1]
    const destination = `http://${krakow.host}/cloud/remote.php/dav/trashbin/jan/restore/gone.txt`
    const from = new URL(href ?? '', krakowUrl)
    const moved = await fetch(from, { method: 'MOVE', headers: { ...headers, destination } })
    expect(moved.status).toBe(201)
    expect(await textOf(jan, '/gone.txt')).toBe('here again')
  })

  it('is not there at addresses without the path', async () => {
    const answer = await fetch(`${new URL(krakowUrl).origin}/dav/files/jan/`)
    expect([answer.status, await answer.text()]).toEqual([404, 'No such page at this host.'])
  })
})

describe('sharing with a node below a path, every message signed,', () => {
  it('begins with an invitation, accepted by its link on either side', async () => {
    const { link, token } = await jan.api<{ link: string; token: string }>('POST', '/invitations', {})
    expect(link).toBe(`http://${krakow.host}/cloud/wayf?token=${token}`)
    const page = await (await fetch(reached(link))).text()
    expect(page).toContain('action="wayf"')
    const chosen = await fetch(reached(link).replace(/\?.*/, ''), {
      ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams({ token, server: leiden.host }) },
    })
    expect(chosen.status).toBe(303)
    expect(chosen.headers.get('location')).toContain(`http://${leiden.host}/accept-invite?token=${token}`)
    expect(chosen.headers.get('set-cookie')).toContain('Path=/cloud/wayf;')
    await ann.api('POST', '/invitations/accept', { invite: link })
    const { items } = await jan.api<{ items: { address: string }[] }>('GET', '/contacts')
    expect(items.map(({ address }) => address)).toEqual([ann.address])
  })

  it('is where the page of another node leads guests to', async () => {
    const { token } = await ann.api<{ token: string }>('POST', '/invitations', {})
    const chosen = await fetch(`${leiden.origin}/wayf`, {
      ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams({ token, server: krakow.host }) },
    })
    const location = new URL(chosen.headers.get('location') ?? '')
    expect(location.origin + location.pathname).toBe(`http://${krakow.host}/cloud/accept-invite`)
    expect((await fetch(reached(location.href))).status).toBe(200)
    const accepted = await fetch(reached(location.href), {
      method: 'POST',
      body: new URLSearchParams({
        ...Object.fromEntries(location.searchParams),
        ...{ name: 'jan', password: 'jan-password' },
      }),
    })
    expect([accepted.status, await accepted.text()]).toEqual([200, expect.stringContaining(ann.address)])
  })

  it('works towards it', async () => {
    await makeFolder(ann, '/from-ann')
    const { shareId, mountPath } = await shareAndAccept(ann, jan, '/from-ann', 'editor')
    expect(await jan.names(`${mountPath}/`)).toEqual(['a b.txt', 'sub'])
    expect(await textOf(jan, `${mountPath}/a b.txt`)).toBe('from ann')
    await jan.put(`${mountPath}/sub/new.txt`, 'from jan')
    expect(await textOf(ann, '/from-ann/sub/new.txt')).toBe('from jan')
    await until(
      () => ann.api<{ state: string }>('GET', `/shares/${shareId}`),
      ({ state }) => state === 'accepted',
    )
  })

  it('works from it: listed, read, written and moved in through the share', async () => {
    await makeFolder(jan, '/from-jan')
    const { shareId, mountPath } = await shareAndAccept(jan, ann, '/from-jan', 'editor')
    expect(await ann.names(`${mountPath}/`)).toEqual(['a b.txt', 'sub'])
    const part = await ann.dav('GET', `${mountPath}/a b.txt`, { headers: { range: 'bytes=5-7' } })
    expect([part.status, await part.text()]).toEqual([206, 'jan'])
    await ann.put(`${mountPath}/new.txt`, 'from ann')
    const destination = `${leiden.origin}/dav/files/ann${mountPath}/sub/moved.txt`
    expect((await ann.dav('MOVE', `${mountPath}/new.txt`, { headers: { destination } })).status).toBe(201)
    expect(await textOf(jan, '/from-jan/sub/moved.txt')).toBe('from ann')
    await until(
      () => jan.api<{ state: string }>('GET', `/shares/${shareId}`),
      ({ state }) => state === 'accepted',
    )
    await jan.api('DELETE', `/shares/${shareId}`)
    await until(
      () => ann.names('/'),
      (names) => !names.includes('from-jan'),
    )
  })

  it('works from it to a Nextcloud, and from there', async () => {
    await makeFolder(jan, '/for-bob')
    const body = { path: '/for-bob', shareWith: nextcloud.addressOf('bob'), role: 'editor' }
    await jan.api('POST', '/shares', body)
    const [taken] = nextcloud.pendingShares('bob')
    const id = taken?.id ?? 'nothing arrived'
    await nextcloud.accept('bob', id)
    expect((await nextcloud.list('bob', id)).slice(1).map(({ name }) => name)).toEqual(['a b.txt', 'sub'])
    expect(await nextcloud.read('bob', id, 'a b.txt')).toBe('from jan')
    await nextcloud.write('bob', id, 'b.txt', 'from bob')
    await nextcloud.change('bob', id, 'MOVE', 'b.txt', 'sub/b.txt')
    expect(await textOf(jan, '/for-bob/sub/b.txt')).toBe('from bob')
    await nextcloud.addFile('bob', 'theirs.txt', 'by bob')
    await nextcloud.shareFile('bob', 'theirs.txt', jan.address)
    const { items } = await jan.api<{ items: { id: string }[] }>('GET', '/received-shares?state=pending')
    await jan.api('POST', `/received-shares/${items[0]?.id}/accept`, {})
    expect(await textOf(jan, '/theirs.txt')).toBe('by bob')
  })

  it('is told of by an invitation that is pasted as a code, too', async () => {
    await connect(ann, jan)
    await connect(jan, ann)
    const { items } = await ann.api<{ items: { address: string }[] }>('GET', '/contacts')
    expect(items.map(({ address }) => address)).toEqual([jan.address])
  })
})

describe('a public link of a node below a path', () => {
  const make = async (more: object = {}) => {
    const body = { path: '/linked', role: 'editor', recipient: { type: 'link', ...more } }
    const { link } = await jan.api<{ link: { url: string } }>('POST', '/shares', body)
    return link.url
  }
  const targets = (page: string) =>
    [...page.matchAll(/(?:href|action)="([^"]*)"/g)].map((match) => match[1] ?? '')

  beforeAll(() => makeFolder(jan, '/linked'))

  it('shows a page that leads only to addresses that are there', async () => {
    const url = await make()
    expect(url).toMatch(new RegExp(`^http://${krakow.host}/cloud/s/[^/]+$`))
    const token = url.split('/').at(-1)
    const page = await (await fetch(reached(url))).text()
    expect(targets(page).every((target) => target.startsWith(`/cloud/s/${token}`))).toBe(true)
    const download =
      targets(page)
        .find((target) => target.includes('/download'))
        ?.replaceAll('&amp;', '&') ?? ''
    expect(await (await fetch(new URL(download, krakowUrl))).text()).toBe('from jan')
    const upload = targets(page).find((target) => target.includes('/upload')) ?? ''
    const form = new FormData()
    form.append('files', new Blob(['brought']), 'brought.txt')
    const brought = await fetch(new URL(upload, krakowUrl), { method: 'POST', body: form })
    expect([brought.status, new URL(brought.url).pathname]).toEqual([200, `/cloud/s/${token}`])
    expect(await textOf(jan, '/linked/brought.txt')).toBe('brought')
    const alias = await fetch(`${krakowUrl}/index.php/s/${token}`, { redirect: 'manual' })
    expect(alias.headers.get('location')).toBe(`/cloud/s/${token}`)
    const ways = await fetch(`${krakowUrl}/s/${token}/add`, {
      ...{ method: 'POST', body: new URLSearchParams({ shareWith: 'cloud.example' }) },
    })
    expect(await ways.text()).toContain(encodeURIComponent(`http://${krakow.host}/cloud`))
  })

  it('asks for its password, and remembers it for this path alone', async () => {
    const url = await make({ password: 'a long password' })
    const path = new URL(url).pathname
    const asked = await (await fetch(reached(url))).text()
    expect(targets(asked)).toEqual([`${path}/login`])
    const entered = await fetch(`${reached(url)}/login`, {
      ...{ method: 'POST', redirect: 'manual' },
      body: new URLSearchParams({ password: 'a long password' }),
    })
    expect([entered.status, entered.headers.get('location')]).toEqual([303, path])
    const cookie = entered.headers.get('set-cookie') ?? ''
    expect(cookie).toContain(`Path=${path};`)
    const page = await fetch(reached(url), { headers: { cookie: cookie.split(';')[0] ?? '' } })
    expect(await page.text()).toContain('a b.txt')
  })
})
