import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

interface Outcome {
  path: string
  name: string
  status: string
  target?: string
  error?: { status: number; code: string; detail: string }
}

describe('many files in one request', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let ann: TestUser
  let bob: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    const [leiden] = mesh.nodes as [TestNode]
    ann = await leiden.addUser('ann')
    bob = await leiden.addUser('bob')
  })
  afterAll(() => mesh.close())

  const batch = async (user: TestUser, order: Record<string, unknown>) =>
    (await user.api<{ items: Outcome[] }>('POST', '/files/batch', order)).items
  const folders = async (user: TestUser, paths: string[]) =>
    (await user.api<{ items: Outcome[] }>('POST', '/files/folders', { paths })).items

  it('makes a folder once, and names that no disk could hold not at all', async () => {
    const made = await ann.call('POST', '/files/folder', { path: '/new' })
    expect(made).toMatchObject({ status: 201, body: { path: '/new', kind: 'folder' } })
    const again = await ann.call('POST', '/files/folder', { path: '/new' })
    expect(again).toMatchObject({ status: 409, body: { code: 'NAME_TAKEN' } })
    for (const path of ['/..', `/${'x'.repeat(256)}`, '/a\0b', '/']) {
      const refused = await ann.call('POST', '/files/folder', { path })
      expect([path, refused.status >= 400 && refused.status < 500]).toEqual([path, true])
    }
    for (const name of ['   ', 'new\nline', '\u202Egpj', '<script>', 'x'.repeat(255)]) {
      expect((await ann.call('POST', '/files/folder', { path: `/new/${name}` })).status).toBe(201)
    }
    expect((await ann.call('POST', '/files/folder', { path: '/none/new' })).status).toBe(409)
  })

  it('makes the folders of a whole tree with those above them, and says which it could not', async () => {
    await ann.put('/file.txt', 'x')
    const items = await folders(ann, ['/tree/a/b', '/tree/a', '/tree/c', '/file.txt/d', '/tree/c'])
    expect(items.map(({ path, status }) => [path, status])).toEqual([
      ['/tree/a/b', 'done'],
      ['/tree/a', 'done'],
      ['/tree/c', 'done'],
      ['/file.txt/d', 'failed'],
    ])
    expect(items[3]?.error).toMatchObject({ status: 409, code: 'NAME_TAKEN' })
    expect(await ann.names('/tree/')).toEqual(['a', 'c'])
    expect((await ann.call('POST', '/files/folders', { paths: Array(1_001).fill('/x') })).status).toBe(400)
  })

  it('moves what it can, each entry for itself, and leaves, renames or replaces as asked', async () => {
    await folders(ann, ['/from', '/to'])
    for (const name of ['a.txt', 'b.txt', 'c.txt']) await ann.put(`/from/${name}`, `new ${name}`)
    await ann.put('/to/a.txt', 'old')
    const paths = ['/from/a.txt', '/from/none.txt', '/from/b.txt']
    const moved = await batch(ann, { operation: 'move', paths, destination: '/to' })
    expect(moved).toMatchObject([
      { status: 'failed', error: { status: 412 } },
      { status: 'failed', error: { status: 404 } },
      { status: 'done', target: '/to/b.txt' },
    ])
    const kept = { operation: 'move', paths: ['/from/a.txt'], destination: '/to', conflict: 'rename' }
    expect(await batch(ann, kept)).toMatchObject([{ status: 'done', target: '/to/a (2).txt' }])
    const over = { operation: 'copy', paths: ['/from/c.txt'], destination: '/to', conflict: 'overwrite' }
    await ann.put('/to/c.txt', 'old')
    expect(await batch(ann, over)).toMatchObject([{ status: 'done', target: '/to/c.txt' }])
    expect(await (await ann.dav('GET', '/to/c.txt')).text()).toBe('new c.txt')
    expect((await ann.names('/to/')).toSorted()).toEqual(['a (2).txt', 'a.txt', 'b.txt', 'c.txt'])
  })

  it('copies beside the original, and never into itself or out of the drive', async () => {
    await folders(ann, ['/self/below'])
    const beside = { operation: 'copy', paths: ['/self'], destination: '/', conflict: 'rename' }
    expect(await batch(ann, beside)).toMatchObject([{ status: 'done', target: '/self (2)' }])
    const into = {
      operation: 'move',
      paths: ['/self', '/'],
      destination: '/self/below',
      conflict: 'overwrite',
    }
    expect(await batch(ann, into)).toMatchObject([{ error: { code: 'INTO_ITSELF' } }, { status: 'failed' }])
    for (const conflict of ['fail', 'rename', 'overwrite']) {
      const same = { operation: 'move', paths: ['/self'], destination: '/', conflict }
      expect(await batch(ann, same)).toMatchObject([{ error: { status: 409, code: 'SAME_PLACE' } }])
    }
    for (const destination of ['/file.txt', undefined]) {
      const order = { operation: 'move', paths: ['/self'], destination }
      expect((await ann.call('POST', '/files/batch', order)).status).toBe(400)
    }
    expect(await ann.names('/self/')).toEqual(['below'])
  })

  it('leaves what is locked or may not be changed', async () => {
    await folders(ann, ['/work'])
    for (const name of ['locked', 'open']) await ann.put(`/work/${name}`, 'x')
    const body =
      '<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>'
    expect((await ann.dav('LOCK', '/work/locked', { body })).status).toBe(200)
    const paths = ['/work/locked', '/work/open']
    expect(await batch(ann, { operation: 'delete', paths })).toMatchObject([
      { status: 'failed', error: { status: 423 } },
      { status: 'done' },
    ])
    await ann.api('POST', '/shares', { path: '/work', shareWith: 'bob', role: 'viewer' })
    const pending = await bob.api<{ items: { id: string }[] }>('GET', '/received-shares?state=pending')
    await bob.api('POST', `/received-shares/${pending.items[0]?.id}/accept`, {})
    await ann.put('/work/third', 'x')
    const own = { operation: 'delete', paths: ['/work/third'] }
    expect(await batch(bob, own)).toMatchObject([{ status: 'failed', error: { status: 403 } }])
    const copy = { operation: 'copy', paths: ['/work/locked'], destination: '/', conflict: 'fail' }
    expect(await batch(bob, copy)).toMatchObject([{ status: 'done', target: '/locked' }])
  })

  it('puts back much of what was deleted, or removes it for good', async () => {
    await ann.api('DELETE', '/trash').catch(() => undefined)
    for (const name of ['one', 'two', 'three']) await ann.put(`/${name}`, 'x')
    await batch(ann, { operation: 'delete', paths: ['/one', '/two', '/three'] })
    const { items } = await ann.api<{ items: { name: string; path: string }[] }>('GET', '/trash')
    const nameOf = (path: string) => items.find((item) => item.path === path)?.name
    const back = await ann.api<{ items: Outcome[] }>('POST', '/trash/batch', {
      operation: 'restore',
      names: [nameOf('/one'), 'nothing.d1', nameOf('/two')],
    })
    expect(back.items).toMatchObject([{ target: '/one' }, { status: 'failed' }, { target: '/two' }])
    const names = [nameOf('/three')]
    const gone = await ann.api<{ items: Outcome[] }>('POST', '/trash/batch', { operation: 'remove', names })
    expect(gone.items).toMatchObject([{ status: 'done' }])
    expect((await ann.api<{ items: unknown[] }>('GET', '/trash')).items).toEqual([])
  })
})
