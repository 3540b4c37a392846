import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

interface Trashed {
  name: string
  path: string
  kind: string
}

interface Version {
  version: string
  sizeBytes: number
}

const TRASH_PROPERTIES = `<propfind xmlns="DAV:" xmlns:nc="http://nextcloud.org/ns"><prop>
  <nc:trashbin-filename/><nc:trashbin-original-location/><nc:trashbin-deletion-time/></prop></propfind>`

describe('what was deleted and what was overwritten, over HTTP', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let ben: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
    ben = await leiden.addUser('ben')
  })

  afterAll(() => mesh.close())

  const request = (who: TestUser, method: string, path: string, headers: object = {}, body?: string) =>
    fetch(`${leiden.origin}/remote.php/dav${path}`, {
      method,
      headers: { authorization: who.authorization, ...headers },
      ...(body !== undefined && { body }),
    })
  const textOf = async (path: string) => await (await ann.dav('GET', path)).text()
  const trash = async () => (await ann.api<{ items: Trashed[] }>('GET', '/trash')).items
  const versions = async (path: string) =>
    (await ann.api<{ items: Version[] }>('GET', `/versions?path=${encodeURIComponent(path)}`)).items

  it('come back through the API', async () => {
    await ann.put('/f.txt', 'one')
    await ann.put('/f.txt', 'second')
    const [version] = await versions('/f.txt')
    expect(version).toMatchObject({ sizeBytes: 3 })
    await ann.api('POST', '/versions/restore', { path: '/f.txt', version: version?.version })
    expect(await textOf('/f.txt')).toBe('one')
    expect(await versions('/f.txt')).toHaveLength(2)
    await ann.dav('DELETE', '/f.txt')
    const [deleted] = await trash()
    expect(deleted).toMatchObject({ path: '/f.txt', kind: 'file' })
    const name = encodeURIComponent(deleted?.name ?? '')
    expect(await ann.api('POST', `/trash/${name}/restore`)).toEqual({ path: '/f.txt' })
    expect(await versions('/f.txt')).toHaveLength(2)
  })

  it('lie where the clients of Nextcloud look for what was deleted', async () => {
    await ann.dav('MKCOL', '/d%20%C3%A9')
    await ann.put('/d%20%C3%A9/f.txt', 'text')
    await ann.dav('DELETE', '/d%20%C3%A9')
    const answer = await request(ann, 'PROPFIND', '/trashbin/ann/trash', { depth: '1' }, TRASH_PROPERTIES)
    const xml = await answer.text()
    expect(answer.status).toBe(207)
    expect(xml).toContain('<nc:trashbin-original-location>d é</nc:trashbin-original-location>')
    const [href = ''] = /\/trashbin\/ann\/trash\/d%20%C3%A9\.d\d+/.exec(xml) ?? []
    expect(await (await request(ann, 'GET', `${href}/f.txt`)).text()).toBe('text')
    const elsewhere = await request(ann, 'MOVE', href, { destination: '/remote.php/dav/files/ann/x' })
    expect(elsewhere.status).toBe(403)
    const destination = `${leiden.origin}/remote.php/dav/trashbin/ann/restore/x`
    expect((await request(ann, 'MOVE', href, { destination })).status).toBe(201)
    expect(await textOf('/d%20%C3%A9/f.txt')).toBe('text')
  })

  it('lie where the clients of Nextcloud look for versions', async () => {
    await ann.put('/g.txt', 'one')
    await ann.put('/g.txt', 'two')
    const id = /<oc:fileid>([^<]+)/.exec(
      await (
        await ann.dav('PROPFIND', '/g.txt', {
          headers: { depth: '0' },
          body: '<propfind xmlns="DAV:"><prop><fileid xmlns="http://owncloud.org/ns"/></prop></propfind>',
        })
      ).text(),
    )?.[1]
    const listed = await (
      await request(ann, 'PROPFIND', `/versions/ann/versions/${id}`, { depth: '1' })
    ).text()
    const [, name] = new RegExp(`/versions/ann/versions/${id}/(\\d+)<`).exec(listed) ?? []
    const href = `/versions/ann/versions/${id}/${name}`
    expect(await (await request(ann, 'GET', href)).text()).toBe('one')
    const destination = '/remote.php/dav/versions/ann/restore/target'
    expect((await request(ann, 'MOVE', href, { destination })).status).toBe(204)
    expect(await textOf('/g.txt')).toBe('one')
    expect((await request(ben, 'GET', href)).status).toBe(404)
    expect((await request(ben, 'GET', href.replaceAll('/ann/', '/ben/'))).status).toBe(404)
  })

  it('are removed for good one by one, and all at once', async () => {
    for (const name of ['a', 'b', 'c']) {
      await ann.put(`/${name}`, name)
      await ann.dav('DELETE', `/${name}`)
    }
    const [newest] = (await trash()).filter(({ path }) => path === '/c')
    await ann.api('DELETE', `/trash/${newest?.name}`)
    expect((await trash()).map(({ path }) => path).sort()).toEqual(['/a', '/b'])
    expect((await request(ann, 'DELETE', '/trashbin/ann/trash')).status).toBe(204)
    expect(await trash()).toEqual([])
  })

  it('are nobody else’s, and only come back where no lock forbids it', async () => {
    await ann.dav('MKCOL', '/locked')
    await ann.put('/locked/f', 'x')
    await ann.dav('DELETE', '/locked/f')
    const [deleted] = await trash()
    expect((await ben.call('POST', `/trash/${deleted?.name}/restore`)).status).toBe(404)
    expect((await request(ben, 'PROPFIND', '/trashbin/ann/trash')).status).toBe(404)
    const lock = await ann.dav('LOCK', '/locked', {
      body: '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>',
    })
    const token = lock.headers.get('lock-token') ?? ''
    expect((await ann.call('POST', `/trash/${deleted?.name}/restore`)).status).toBe(423)
    const href = `/trashbin/ann/trash/${deleted?.name}`
    const destination = '/remote.php/dav/trashbin/ann/restore/f'
    expect((await request(ann, 'MOVE', href, { destination })).status).toBe(423)
    const folder = `<${leiden.origin}/dav/files/ann/locked/>`
    const headers = { destination, if: `${folder} (${token})` }
    expect((await request(ann, 'MOVE', href, headers)).status).toBe(201)
  })
})
