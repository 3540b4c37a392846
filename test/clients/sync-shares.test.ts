import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nextcloud, owncloud, requestsOf, SyncedFolder } from '../support/sync-client.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, type TestUser, until } from '../support/test-user.ts'

describe.each([
  ['nextcloudcmd', nextcloud],
  ['owncloudcmd', owncloud],
])('%s with folders of somebody at another node', (_name, kind) => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let krakow: TestNode
  let ann: TestUser
  let local: SyncedFolder
  let home: string

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    const [leiden, other] = mesh.nodes as [TestNode, TestNode]
    krakow = other
    ann = await leiden.addUser('ann')
    const jan = await krakow.addUser('jan')
    await connect(ann, jan)
    for (const folder of ['look', 'edit']) await ann.dav('MKCOL', `/${folder}`)
    await ann.put('/look/a.txt', 'a of ann')
    await ann.put('/edit/b.txt', 'b of ann')
    await shareAndAccept(ann, jan, '/look')
    await shareAndAccept(ann, jan, '/edit', 'editor')
    home = await mkdtemp(join(tmpdir(), 'causeway-sync-shares-'))
    local = await SyncedFolder.create({ kind, node: krakow, user: 'jan', password: 'jan-password', home })
  })

  afterAll(async () => {
    await mesh.close()
    await rm(home, { recursive: true, force: true })
  })

  it('brings them, and asks one PROPFIND when nothing changed', async () => {
    await local.sync()
    expect(await local.read()).toEqual({ 'edit/b.txt': 'b of ann', 'look/a.txt': 'a of ann' })
    expect(await requestsOf(krakow, () => local.sync())).toEqual({ PROPFIND: 1 })
  })

  it('changes what may be changed, through both nodes, and learns of changes there', async () => {
    await local.write('edit/b.txt', 'b changed by jan')
    await local.write('edit/new #1.txt', 'new by jan')
    await local.sync()
    expect(await (await ann.dav('GET', '/edit/b.txt')).text()).toBe('b changed by jan')
    expect(await (await ann.dav('GET', '/edit/new%20%231.txt')).text()).toBe('new by jan')
    await ann.put('/look/later.txt', 'later by ann')
    // What was heard of the other node is good for a few seconds, in which its change does not show.
    const syncAndRead = async () => {
      await local.sync()
      return local.read()
    }
    await until(syncAndRead, (files) => files['look/later.txt'] === 'later by ann')
  })

  it('keeps what it may not send, says so, and does not try again and again', async () => {
    await local.write('look/mine.txt', 'not allowed')
    await local.write('look/a.txt', 'changed, not allowed')
    expect((await local.trySync()).log).toContain('permission to add files')
    const requests = await requestsOf(krakow, async () => {
      await local.trySync()
    })
    expect(requests).toEqual({ PROPFIND: 1 })
    expect(await ann.names('/look')).toEqual(['a.txt', 'later.txt'])
    expect(await (await ann.dav('GET', '/look/a.txt')).text()).toBe('a of ann')
    const contents = Object.values(await local.read())
    expect(contents).toEqual(expect.arrayContaining(['a of ann', 'changed, not allowed', 'not allowed']))
  })
})
