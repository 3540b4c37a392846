import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

interface Item {
  name: string
  path: string
  kind: string
  permissions: Record<string, boolean>
  shared?: { given: number; link: boolean }
  received?: { shareId: string; owner: { address: string; displayName: string } }
  isMountBroken?: boolean
}

interface Listing {
  folder: Item & { id: string; etag: string }
  items: Item[]
  total?: number
  nextCursor?: string
}

const HOSTILE = ['<script>alert(1)<', '\u202Egpj.exe', 'ü'.repeat(127), '   ', 'new\nline', '100%2e #?&.txt']

describe('the files of the API', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let ann: TestUser
  let bob: TestUser
  let eva: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    const [leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    bob = await leiden.addUser('bob')
    eva = await krakow.addUser('eva')
  })
  afterAll(() => mesh.close())

  const list = (user: TestUser, query: Record<string, string>) =>
    user.call<Listing>('GET', `/files?${new URLSearchParams(query)}`)
  const url = (...names: string[]) => names.map((name) => `/${encodeURIComponent(name)}`).join('')
  const mkcol = async (user: TestUser, path: string) =>
    expect((await user.dav('MKCOL', path)).status).toBe(201)

  it('lists hostile names as they are, page by page, and takes them back as paths', async () => {
    await mkcol(ann, '/hostile')
    for (const name of HOSTILE) {
      await mkcol(ann, url('hostile', name))
      await ann.put(url('hostile', name, name), 'x')
    }
    const names: string[] = []
    let cursor: string | undefined
    do {
      const query = { path: '/hostile', limit: '4', ...(cursor === undefined ? {} : { cursor }) }
      const { body } = await list(ann, query)
      names.push(...body.items.map(({ name }) => name))
      cursor = body.nextCursor
    } while (cursor !== undefined)
    expect(names.toSorted()).toEqual(HOSTILE.toSorted())
    for (const name of HOSTILE) {
      const { body } = await list(ann, { path: `/hostile/${name}` })
      expect(body.items.map((item) => item.path)).toEqual([`/hostile/${name}/${name}`])
      const info = await ann.api<Item>(
        'GET',
        `/files/info?${new URLSearchParams({ path: `/hostile/${name}/${name}` })}`,
      )
      expect(info).toMatchObject({ name, kind: 'file', checksums: { sha256: expect.any(String) } })
    }
  })

  it('refuses what cannot be a path, a page or a cursor', async () => {
    expect(await list(ann, { path: '/a\0b' })).toMatchObject({ status: 400 })
    expect(await list(ann, { path: '/../etc' })).toMatchObject({ status: 400 })
    expect(await list(ann, { path: '/nowhere' })).toMatchObject({ status: 404 })
    expect(await list(ann, { limit: '1001' })).toMatchObject({ status: 400 })
    await ann.put('/plain.txt', 'x')
    expect(await list(ann, { path: '/plain.txt' })).toMatchObject({
      status: 400,
      body: { code: 'NOT_A_FOLDER' },
    })
    const first = await list(ann, { path: '/hostile', limit: '1' })
    const cursor = first.body.nextCursor ?? ''
    for (const query of [{ cursor: 'x' }, { cursor, sort: 'size' }, { cursor, order: 'desc' }]) {
      expect(await list(ann, { path: '/hostile', ...query })).toMatchObject({
        status: 400,
        body: { code: 'INVALID_CURSOR' },
      })
    }
  })

  it('tells what is shared, what was received and what may be done with it', async () => {
    await mkcol(ann, '/given')
    await ann.put('/given/inside.txt', 'x')
    await ann.api('POST', '/shares', { path: '/given', shareWith: 'bob', role: 'viewer' })
    const link = { path: '/given', recipient: { type: 'link' }, role: 'viewer' }
    await ann.api('POST', '/shares', link)
    const own = await list(ann, {})
    expect(own.body.items.find(({ name }) => name === 'given')?.shared).toEqual({ given: 1, link: true })
    expect(own.body.items.find(({ name }) => name === 'hostile')).not.toHaveProperty('shared')
    expect(own.body.folder).toMatchObject({
      path: '/',
      permissions: { write: true, delete: false, move: false },
    })

    const pending = await bob.api<{ items: { id: string }[] }>('GET', '/received-shares?state=pending')
    const id = pending.items[0]?.id ?? ''
    await bob.api('POST', `/received-shares/${id}/accept`, {})
    await mkcol(bob, '/zzz')
    const { body } = await list(bob, {})
    expect(body.total).toBe(2)
    expect(body.items.map(({ name }) => name)).toEqual(['given', 'zzz'])
    expect(body.items[0]).toMatchObject({
      received: { shareId: id, owner: { displayName: 'ANN' } },
      permissions: { read: true, write: false, delete: true, move: true, share: false },
    })
    const inside = await list(bob, { path: '/given' })
    expect(inside.body.items).toMatchObject([
      { path: '/given/inside.txt', permissions: { read: true, write: false, delete: false, move: false } },
    ])
    const search = await bob.call('GET', '/search?q=inside&path=/given')
    expect(search).toMatchObject({ status: 400, body: { code: 'NOT_SEARCHABLE' } })
  })

  it('lists what lies on another server page by page, and shows when it is gone', async () => {
    const invitation = await ann.api<{ inviteString: string }>('POST', '/invitations', {})
    await eva.api('POST', '/invitations/accept', { invite: invitation.inviteString })
    await mkcol(ann, '/far')
    for (const n of [10, 9, 1]) await ann.put(`/far/file${n}`, 'x'.repeat(n))
    const share = await ann.api<{ id: string }>('POST', '/shares', {
      path: '/far',
      shareWith: eva.address,
      role: 'viewer',
    })
    const pending = await eva.api<{ items: { id: string }[] }>('GET', '/received-shares?state=pending')
    await eva.api('POST', `/received-shares/${pending.items[0]?.id}/accept`, {})
    const first = await list(eva, { path: '/far', limit: '2' })
    expect(first.body.items.map(({ name }) => name)).toEqual(['file1', 'file9'])
    const rest = await list(eva, { path: '/far', limit: '2', cursor: first.body.nextCursor ?? '' })
    expect(rest.body).toMatchObject({ items: [{ name: 'file10' }] })
    const bySize = await list(eva, { path: '/far', sort: 'size', order: 'desc' })
    expect(bySize.body.items.map(({ name }) => name)).toEqual(['file10', 'file9', 'file1'])
    expect((await list(eva, {})).body.items[0]).toMatchObject({
      name: 'far',
      received: { owner: { address: ann.address } },
    })
    await ann.call('DELETE', `/shares/${share.id}`)
    expect([404, 502, 503]).toContain((await list(eva, { path: '/far' })).status)
  })

  it('finds names anywhere in the drive, and only in the own one', async () => {
    await mkcol(ann, '/deep')
    await ann.put(url('deep', 'Überblick 2024.pdf'), 'x')
    const found = await ann.api<Listing>('GET', '/search?q=uberblick%202024')
    expect(found.items.map(({ path }) => path)).toEqual(['/deep/Überblick 2024.pdf'])
    const others = await bob.api<Listing>('GET', '/search?q=uberblick')
    expect(others.items).toEqual([])
  })
})
