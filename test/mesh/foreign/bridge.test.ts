import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FakeCloud } from '../../fakes/ocm/fake-cloud.ts'
import type { GivenShare, ShareOptions } from '../../fakes/ocm/fake-types.ts'
import { startMesh } from '../../fakes/ocm/mesh.ts'
import { type FakeNextcloud, startFakeNextcloud } from '../../fakes/ocm/nextcloud.ts'
import { type FakeOpencloud, startFakeOpencloud } from '../../fakes/ocm/opencloud.ts'
import type { TestMesh, TestNode } from '../../support/test-mesh.ts'
import { type TestUser, until } from '../../support/test-user.ts'
import { acceptHere, type ReceivedView, textHere } from './scenarios.ts'

interface ShareView {
  id: string
  role: string
  state: string
}

/** All that can be granted. */
const ALL: ShareOptions = { permissions: ['read', 'write', 'share'] }

let mesh: TestMesh & { nodes: TestNode[] }
let alice: TestUser
let nextcloud: FakeNextcloud
let opencloud: FakeOpencloud
let ocis: FakeOpencloud

beforeEach(async () => {
  mesh = await startMesh(['leiden'], { ocm: { requireSignatures: false } })
  const [node] = mesh.nodes as [TestNode]
  alice = await node.addUser('alice')
  nextcloud = await startFakeNextcloud({ users: ['bob'] })
  opencloud = await startFakeOpencloud({ users: ['carl'] })
  ocis = await startFakeOpencloud({ users: ['dora'], ocis: true })
  for (const cloud of [opencloud, ocis]) cloud.trust(node.host)
})
afterEach(async () => {
  for (const cloud of [nextcloud, opencloud, ocis]) await cloud.close()
  await mesh.close()
})

/** A folder with a file in it comes from a cloud to alice, who accepts it. */
async function receive(
  cloud: FakeCloud,
  user: string,
  options: ShareOptions = ALL,
): Promise<{ source: GivenShare; mounted: ReceivedView }> {
  await cloud.addFile(user, 'field/notes.txt', 'from the source')
  const source = await cloud.shareFile(user, 'field', alice.address, options)
  return { source, mounted: await acceptHere(alice, 'field') }
}

async function passOn(cloud: FakeCloud, user: string, role: string, path = '/field') {
  const body = { path, shareWith: cloud.addressOf(user), role }
  return await alice.call<ShareView & { code: string }>('POST', '/shares', body)
}

/** The id under which somebody at the far end has what was passed on. */
async function taken(cloud: FakeCloud, user: string): Promise<string> {
  const [share] = cloud.taken.filter((one) => one.user === user)
  if (share === undefined) throw new Error('nothing has arrived')
  if (share.state === 'pending') await cloud.accept(user, share.id)
  return share.id
}

const given = async (): Promise<ShareView[]> =>
  (await alice.api<{ items: ShareView[] }>('GET', '/shares')).items

async function expectWorks(source: FakeCloud, owner: string, far: FakeCloud, user: string): Promise<string> {
  expect(await passOn(far, user, 'editor')).toMatchObject({ status: 201, body: { state: 'pending' } })
  const id = await taken(far, user)
  expect((await far.list(user, id)).slice(1).map(({ name }) => name)).toEqual(['notes.txt'])
  expect(await far.read(user, id, 'notes.txt')).toBe('from the source')
  await far.write(user, id, 'answer.txt', 'from the far end')
  expect(await source.fileText(owner, 'field/answer.txt')).toBe('from the far end')
  await far.change(user, id, 'MOVE', 'answer.txt', 'moved.txt')
  expect(await source.fileText(owner, 'field/moved.txt')).toBe('from the far end')
  await far.change(user, id, 'DELETE', 'moved.txt')
  expect(await textHere(alice, '/field/notes.txt')).toBe('from the source')
  return id
}

describe('between a Nextcloud and an OpenCloud, which cannot share with each other,', () => {
  it('stands a node that both send their shares to', async () => {
    await nextcloud.addFile('bob', 'a.txt', 'alpha')
    await nextcloud.shareFile('bob', 'a.txt', alice.address)
    await opencloud.addFile('carl', 'b.txt', 'beta')
    await opencloud.shareFile('carl', 'b.txt', alice.address)
    expect(await textHere(alice, (await acceptHere(alice, 'a.txt')).mountPath)).toBe('alpha')
    expect(await textHere(alice, (await acceptHere(alice, 'b.txt')).mountPath)).toBe('beta')
  })

  it('a folder of the Nextcloud is read and written by somebody of the OpenCloud through our node', async () => {
    await receive(nextcloud, 'bob')
    await expectWorks(nextcloud, 'bob', opencloud, 'carl')
  })

  it('a folder of the OpenCloud is read and written by somebody of the Nextcloud through our node', async () => {
    await receive(opencloud, 'carl')
    await expectWorks(opencloud, 'carl', nextcloud, 'bob')
  })

  it('a single file goes both ways, too', async () => {
    await nextcloud.addFile('bob', 'a.txt', 'alpha')
    await nextcloud.shareFile('bob', 'a.txt', alice.address, ALL)
    await acceptHere(alice, 'a.txt')
    await passOn(opencloud, 'carl', 'editor', '/a.txt')
    const id = await taken(opencloud, 'carl')
    expect(await opencloud.read('carl', id)).toBe('alpha')
    await opencloud.write('carl', id, '', 'changed')
    expect(await nextcloud.fileText('bob', 'a.txt')).toBe('changed')
  })

  it('nobody gets more rights on the way than there were', async () => {
    await receive(nextcloud, 'bob', { permissions: ['read', 'share'] })
    expect(await passOn(opencloud, 'carl', 'editor')).toMatchObject({
      status: 403,
      body: { code: 'RESHARE_RIGHTS' },
    })
    expect((await passOn(opencloud, 'carl', 'viewer')).status).toBe(201)
    const id = await taken(opencloud, 'carl')
    expect(await opencloud.read('carl', id, 'notes.txt')).toBe('from the source')
    await expect(opencloud.change('carl', id, 'MKCOL', 'sub')).rejects.toThrow()
    expect(await alice.names('/field')).toEqual(['notes.txt'])
  })

  it('what may not be passed on is not, and nothing goes back to where it came from', async () => {
    await receive(nextcloud, 'bob', { permissions: ['read', 'write'] })
    expect(await passOn(opencloud, 'carl', 'viewer')).toMatchObject({
      status: 403,
      body: { code: 'RESHARE_REFUSED' },
    })
    expect(opencloud.taken).toEqual([])
    await opencloud.addFile('carl', 'other/x.txt', 'x')
    await opencloud.shareFile('carl', 'other', alice.address, ALL)
    await acceptHere(alice, 'other')
    expect(await passOn(opencloud, 'carl', 'viewer', '/other')).toMatchObject({
      status: 403,
      body: { code: 'RESHARE_TO_ORIGIN' },
    })
  })

  it('what is taken back at the source is closed at the far end, which is told', async () => {
    const { source } = await receive(nextcloud, 'bob')
    await passOn(ocis, 'dora', 'viewer')
    const id = await taken(ocis, 'dora')
    expect(await ocis.read('dora', id, 'notes.txt')).toBe('from the source')
    await nextcloud.unshare(source.id)
    await expect(ocis.read('dora', id, 'notes.txt')).rejects.toThrow()
    expect((await given())[0]?.state).toBe('revoked')
    await until(
      async () => ocis.taken,
      (left) => left.length === 0,
    )
  })

  it('what is closed at a source that tells nobody is closed at the far end, and shown as gone here', async () => {
    const { source, mounted } = await receive(opencloud, 'carl')
    await passOn(nextcloud, 'bob', 'viewer')
    const id = await taken(nextcloud, 'bob')
    expect(await nextcloud.read('bob', id, 'notes.txt')).toBe('from the source')
    await opencloud.unshare(source.id)
    await expect(nextcloud.read('bob', id, 'notes.txt')).rejects.toThrow()
    const view = await alice.api<{ state: string; goneSince: string }>(
      'GET',
      `/received-shares/${mounted.id}`,
    )
    expect(view).toMatchObject({ state: 'accepted', goneSince: expect.any(String) })
    expect(await alice.names('/')).toEqual(['field'])
    await alice.api('DELETE', `/received-shares/${mounted.id}`)
    await until(
      async () => nextcloud.taken,
      (left) => left.length === 0,
    )
  })

  it('fewer permissions at the source are fewer at the far end', async () => {
    const { source } = await receive(ocis, 'dora')
    await passOn(nextcloud, 'bob', 'editor')
    const id = await taken(nextcloud, 'bob')
    await nextcloud.write('bob', id, 'one.txt', '1')
    await ocis.changePermission(source.id, ['read', 'share'])
    expect((await given())[0]).toMatchObject({ role: 'viewer' })
    await expect(nextcloud.write('bob', id, 'two.txt', '2')).rejects.toThrow(/read-only/)
    await expect(nextcloud.change('bob', id, 'MKCOL', 'sub')).rejects.toThrow()
    expect(await nextcloud.read('bob', id, 'notes.txt')).toBe('from the source')
    await ocis.changePermission(source.id, ['read'])
    await expect(nextcloud.read('bob', id, 'notes.txt')).rejects.toThrow()
    expect((await given())[0]?.state).toBe('revoked')
  })
})
