import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FakePermission } from '../../fakes/ocm/dav-properties.ts'
import type { FakeCloud } from '../../fakes/ocm/fake-cloud.ts'
import { startMesh } from '../../fakes/ocm/mesh.ts'
import { type FakeNextcloud, startFakeNextcloud } from '../../fakes/ocm/nextcloud.ts'
import { type FakeOpencloud, startFakeOpencloud } from '../../fakes/ocm/opencloud.ts'
import type { TestMesh, TestNode } from '../../support/test-mesh.ts'
import { type TestUser, until } from '../../support/test-user.ts'
import { acceptHere } from './scenarios.ts'

interface LinkView {
  id: string
  role: string
  state: string
  code?: string
  link: { url: string }
}

let mesh: TestMesh & { nodes: TestNode[] }
let node: TestNode
let alice: TestUser
let nextcloud: FakeNextcloud
let opencloud: FakeOpencloud

beforeEach(async () => {
  mesh = await startMesh(['leiden'], { ocm: { requireSignatures: false } })
  ;[node] = mesh.nodes as [TestNode]
  alice = await node.addUser('alice')
  nextcloud = await startFakeNextcloud({ users: ['bob', 'carl'] })
  opencloud = await startFakeOpencloud({ users: ['dora'] })
  opencloud.trust(node.host)
})
afterEach(async () => {
  for (const cloud of [nextcloud, opencloud]) await cloud.close()
  await mesh.close()
})

async function receive(cloud: FakeCloud, user: string, permissions: FakePermission[]) {
  await cloud.addFile(user, 'field/notes.txt', 'from the source')
  const source = await cloud.shareFile(user, 'field', alice.address, { permissions })
  await acceptHere(alice, 'field')
  return source
}

const open = (role = 'viewer', path = '/field', more = {}) =>
  alice.call<LinkView>('POST', '/shares', { path, role, recipient: { type: 'link' }, ...more })

/** The page of the link, by the way visitors come. */
const visit = (made: LinkView, below = '') =>
  fetch(`${node.origin}/s/${made.link.url.split('/').at(-1)}${below}`)

const stateOf = async (id: string) => (await alice.api<LinkView>('GET', `/shares/${id}`)).state

describe('a public link to what was received from another server', () => {
  it('shows and brings it, with the rights of the link, from there', async () => {
    await receive(nextcloud, 'bob', ['read', 'write', 'share'])
    const { status, body } = await open()
    expect([status, body.role]).toEqual([201, 'viewer'])
    expect(await (await visit(body)).text()).toContain('notes.txt')
    expect(await (await visit(body, '/download?path=/notes.txt')).text()).toBe('from the source')
    const form = new FormData()
    form.append('files', new Blob(['x']), 'b.txt')
    const refused = await fetch((await visit(body, '')).url.concat('/upload?path=/'), {
      ...{ method: 'POST', body: form },
    })
    expect(refused.status).toBe(403)
    const writable = (await open('editor')).body
    const brought = await fetch(`${(await visit(writable)).url}/upload?path=/`, {
      ...{ method: 'POST', body: bringing('b.txt'), redirect: 'manual' },
    })
    expect(brought.status).toBe(303)
    expect(await nextcloud.fileText('bob', 'field/b.txt')).toBe('brought')
    const file = (await open('viewer', '/field/notes.txt')).body
    expect(await (await visit(file, '/download')).text()).toBe('from the source')
  })

  it('takes files without showing any', async () => {
    await receive(nextcloud, 'bob', ['read', 'write', 'share'])
    const { body } = await open('uploader')
    expect(await (await visit(body)).text()).not.toContain('notes.txt')
    expect((await visit(body, '/download?path=/notes.txt')).status).not.toBe(200)
    const url = `${(await visit(body)).url}/upload?path=/`
    await fetch(url, { method: 'POST', body: bringing('c.txt'), redirect: 'manual' })
    expect(await nextcloud.fileText('bob', 'field/c.txt')).toBe('brought')
  })

  it('is not made without the right to pass on, and never with more than there is', async () => {
    await nextcloud.addFile('bob', 'kept/a.txt', 'a')
    await nextcloud.shareFile('bob', 'kept', alice.address, { permissions: ['read', 'write'] })
    await acceptHere(alice, 'kept')
    expect(await open('viewer', '/kept')).toMatchObject({ status: 403, body: { code: 'RESHARE_REFUSED' } })
    await receive(nextcloud, 'bob', ['read', 'share'])
    for (const role of ['editor', 'uploader']) {
      expect(await open(role)).toMatchObject({ status: 403, body: { code: 'RESHARE_RIGHTS' } })
    }
    const { body } = await open()
    const more = await alice.call<LinkView>('PATCH', `/shares/${body.id}`, { role: 'editor' })
    expect(more).toMatchObject({ status: 403, body: { code: 'RESHARE_RIGHTS' } })
  })

  it('ends when the share is taken back there: its page is 404, and its owner sees that it is over', async () => {
    const source = await receive(nextcloud, 'bob', ['read', 'share'])
    const { body } = await open()
    await nextcloud.unshare(source.id)
    await until(
      () => stateOf(body.id),
      (state) => state === 'revoked',
    )
    const page = await visit(body)
    expect([page.status, await page.text()]).toEqual([404, expect.stringContaining('No such link')])
  })

  it('is 404 without a word of where it was, when the share is taken back by a server that tells nobody', async () => {
    const source = await receive(opencloud, 'dora', ['read', 'share'])
    const { body } = await open()
    expect((await visit(body)).status).toBe(200)
    await opencloud.unshare(source.id)
    const page = await visit(body)
    const text = await page.text()
    expect([page.status, text]).toEqual([404, expect.stringContaining('What was shared here is gone.')])
    expect(text).not.toContain(opencloud.host)
    expect(text).not.toContain('your drive')
  })

  it('says that it cannot be reached, without a word of where, while that server is away', async () => {
    await receive(nextcloud, 'bob', ['read', 'share'])
    const { body } = await open()
    const { host } = nextcloud
    await nextcloud.close()
    const page = await visit(body, '/download?path=/notes.txt')
    const text = await page.text()
    expect([page.status, text]).toEqual([503, expect.stringContaining('cannot be reached now')])
    expect(text).not.toContain(host)
    nextcloud = await startFakeNextcloud({ users: ['bob'] })
  })

  it('is left when its owner leaves the share, and taken by a visitor into another cloud meanwhile', async () => {
    await receive(opencloud, 'dora', ['read', 'share'])
    const { body } = await open()
    const offered = await fetch(`${(await visit(body)).url}/add`, {
      ...{ method: 'POST', body: new URLSearchParams({ shareWith: nextcloud.addressOf('carl') }) },
    })
    expect(offered.status).toBe(200)
    const [taken] = nextcloud.pendingShares('carl')
    await nextcloud.accept('carl', taken?.id ?? '')
    expect(await nextcloud.read('carl', taken?.id ?? '', 'notes.txt')).toBe('from the source')
    const { items } = await alice.api<{ items: { id: string }[] }>('GET', '/received-shares?state=accepted')
    await alice.api('DELETE', `/received-shares/${items[0]?.id}`)
    expect((await visit(body)).status).toBe(404)
    await expect(nextcloud.read('carl', taken?.id ?? '', 'notes.txt')).rejects.toThrow()
  })
})

function bringing(name: string): FormData {
  const form = new FormData()
  form.append('files', new Blob(['brought']), name)
  return form
}
