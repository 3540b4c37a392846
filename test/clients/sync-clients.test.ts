import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kill, nextcloud, owncloud, requestsOf, SyncedFolder } from '../support/sync-client.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'

let homes: string

beforeAll(async () => {
  homes = await mkdtemp(join(tmpdir(), 'causeway-sync-'))
})

afterAll(() => rm(homes, { recursive: true, force: true }))

const encoded = (name: string) => `/${name.split('/').map(encodeURIComponent).join('/')}`

/** Names that have broken servers before. */
const ODD_NAMES = ['ünï #100% 😀.txt', '50%25 a+b;c.txt', "it's & so.txt", '日本/n n.txt', 'empty']

describe.each([
  ['nextcloudcmd', nextcloud],
  ['owncloudcmd', owncloud],
])('%s', (name, kind) => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let local: SyncedFolder

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
    const home = join(homes, name)
    local = await SyncedFolder.create({ kind, node: leiden, user: 'ann', password: 'ann-password', home })
  })

  afterAll(() => mesh.close())

  const server = async (path: string) =>
    Buffer.from(await (await ann.dav('GET', encoded(path))).arrayBuffer())
  const idOf = async (path: string) => (await ann.dav('HEAD', encoded(path))).headers.get('oc-fileid')
  const uploadsFolder = async () =>
    join(leiden.folder, 'spaces', '.uploads', (await leiden.node.accounts.findUserByName('ann'))?.id ?? '')

  it('brings everything to both sides at the first sync, whatever the names', async () => {
    for (const file of ODD_NAMES) await local.write(file, file === 'empty' ? '' : `from here: ${file}`)
    await ann.dav('MKCOL', encoded('sérver dir'))
    for (const file of ['sérver dir/😀 % #.txt', 'from server.txt'])
      await ann.put(encoded(file), `from there: ${file}`)
    await local.sync()
    const files = await local.read()
    expect(Object.keys(files)).toHaveLength(ODD_NAMES.length + 2)
    for (const [file, content] of Object.entries(files)) {
      expect((await server(file)).toString('latin1'), file).toBe(content)
    }
  })

  it('asks one PROPFIND when nothing changed', async () => {
    await local.sync() // settles what its own uploads changed
    expect(await requestsOf(leiden, () => local.sync())).toEqual({ PROPFIND: 1 })
  })

  it('sends a change and fetches one', async () => {
    await local.write('empty', 'no longer empty')
    await ann.put(encoded('from server.txt'), 'changed there')
    await ann.put(encoded('sérver dir/new.txt'), 'new there')
    await local.sync()
    expect((await server('empty')).toString()).toBe('no longer empty')
    expect(await local.read()).toMatchObject({
      'from server.txt': 'changed there',
      'sérver dir/new.txt': 'new there',
    })
  })

  it('moves a file and a folder without sending them again; ids stay', async () => {
    const [file, folder] = [await idOf('empty'), await idOf('日本/n n.txt')]
    await rename(join(local.path, 'empty'), join(local.path, 'sérver dir', 'moved #1.txt'))
    await rename(join(local.path, '日本'), join(local.path, 'renamed 😀'))
    const requests = await requestsOf(leiden, () => local.sync())
    expect(requests).toMatchObject({ MOVE: 2 })
    expect(requests.PUT).toBeUndefined()
    expect(await idOf('sérver dir/moved #1.txt')).toBe(file)
    expect(await idOf('renamed 😀/n n.txt')).toBe(folder)
    const again = await requestsOf(leiden, () => local.sync())
    expect(again.GET).toBeUndefined()
  })

  it('follows a move on the server', async () => {
    const to = { headers: { destination: `${leiden.origin}/dav/files/ann/moved%20there.txt` } }
    expect((await ann.dav('MOVE', encoded('from server.txt'), to)).status).toBe(201)
    const requests = await requestsOf(leiden, () => local.sync())
    expect(requests.GET).toBeUndefined()
    expect(await local.read()).toMatchObject({ 'moved there.txt': 'changed there' })
  })

  it('deletes on both sides', async () => {
    await rm(join(local.path, "it's & so.txt"))
    await ann.dav('DELETE', encoded('renamed 😀'))
    await local.sync()
    expect((await ann.dav('HEAD', encoded("it's & so.txt"))).status).toBe(404)
    expect(Object.keys(await local.read()).filter((file) => file.startsWith('renamed'))).toEqual([])
  })

  it('makes a conflict copy when both sides changed: nothing is lost', async () => {
    await local.write('moved there.txt', 'mine, longer')
    await ann.put(encoded('moved there.txt'), 'theirs')
    await local.sync()
    const contents = Object.entries(await local.read()).filter(([file]) => file.startsWith('moved there'))
    expect(contents.map(([, content]) => content).sort()).toEqual(['mine, longer', 'theirs'])
    expect((await server('moved there.txt')).toString()).toBe('theirs')
  })

  it('sends a large file in parts', async () => {
    const big = randomBytes(30_000_000)
    await local.write('sérver dir/big #.bin', big)
    const requests = await requestsOf(leiden, () => local.sync())
    expect(requests).toMatchObject({ MKCOL: 1, MOVE: 1 })
    expect(requests.PUT).toBeGreaterThan(1)
    expect((await server('sérver dir/big #.bin')).equals(big)).toBe(true)
    expect(await readdir(await uploadsFolder())).toEqual([])
  })

  it('goes on with an upload that was broken off', async () => {
    const big = randomBytes(40_000_000)
    await local.write('resumed.bin', big)
    const slow = local.start(20_000)
    const folder = await uploadsFolder()
    const firstPart = async () => {
      const [id] = await readdir(folder)
      return id === undefined ? undefined : stat(join(folder, id, '0')).catch(() => undefined)
    }
    const before = await until(firstPart, (part) => part !== undefined)
    await kill(slow)
    const requests = await requestsOf(leiden, () => local.sync())
    expect(requests.MKCOL).toBeUndefined()
    expect(requests.MOVE).toBe(1)
    expect(before?.size).toBeGreaterThan(0)
    expect((await server('resumed.bin')).equals(big)).toBe(true)
  })

  it('changes a large file it sent before', async () => {
    const big = randomBytes(31_000_000)
    const id = await idOf('resumed.bin')
    await local.write('resumed.bin', big)
    await local.sync()
    expect((await server('resumed.bin')).equals(big)).toBe(true)
    expect(await idOf('resumed.bin')).toBe(id)
  })
})

describe('nextcloudcmd with bulk upload', () => {
  it('sends 300 small files in a few requests', async () => {
    const mesh = await TestMesh.create(['leiden'], { clients: { bulkUpload: 'always' } })
    try {
      const leiden = mesh.nodes[0] as TestNode
      const ann = await leiden.addUser('ann')
      const home = join(homes, 'bulk')
      const who = { user: 'ann', password: 'ann-password' }
      const local = await SyncedFolder.create({ kind: nextcloud, node: leiden, ...who, home })
      for (let i = 0; i < 300; i++) await local.write(`süb ${i % 3}/file #${i} %41.txt`, `I am ${i}`)
      const requests = await requestsOf(leiden, () => local.sync())
      expect(requests.PUT).toBeUndefined()
      expect(requests.POST).toBeLessThanOrEqual(5)
      const listed = await Promise.all([0, 1, 2].map((i) => ann.names(`/s%C3%BCb%20${i}`)))
      expect(listed.flat().sort()).toEqual(Array.from({ length: 300 }, (_, i) => `file #${i} %41.txt`).sort())
      await local.write('süb 1/file #1 %41.txt', 'changed, in bulk again')
      await local.sync()
      expect(await (await ann.dav('GET', '/s%C3%BCb%201/file%20%231%20%2541.txt')).text()).toContain(
        'changed',
      )
    } finally {
      await mesh.close()
    }
  })
})
