import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'
import { nodeAt, type OcsShareView, ocs, SHARES, share } from './support.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let ann: TestUser
let bob: TestUser
let cat: TestUser
let dan: TestUser
let jan: TestUser

const list = async (user: TestUser, query = '') => {
  const { data } = await ocs<OcsShareView[]>(user, `${SHARES}${query}`)
  return data.map(({ uid_owner, uid_file_owner, share_with, path }) =>
    [uid_file_owner, uid_owner, share_with, path].join(' '),
  )
}

async function take(user: TestUser): Promise<void> {
  const { items } = await user.api<{ items: { id: string }[] }>('GET', '/received-shares?state=pending')
  for (const { id } of items) await user.api('POST', `/received-shares/${id}/accept`, {})
}

/** ann gives her photos to bob, who passes a part of them on to cat and abroad, and cat to dan. */
beforeAll(async () => {
  mesh = await TestMesh.create(['leiden', 'krakow'])
  const leiden = nodeAt(mesh, 0)
  ann = await leiden.addUser('ann')
  bob = await leiden.addUser('bob')
  cat = await leiden.addUser('cat')
  dan = await leiden.addUser('dan')
  jan = await nodeAt(mesh, 1).addUser('jan')
  await ann.dav('MKCOL', '/photos')
  await ann.dav('MKCOL', '/photos/inner')
  await ann.put('/photos/inner/a.txt', 'content')
  await share(ann, { path: '/photos', shareType: '0', shareWith: 'bob', permissions: '31' })
  await take(bob)
  await share(bob, { path: '/photos/inner', shareType: '0', shareWith: 'cat', permissions: '17' })
  await share(bob, { path: '/photos/inner', shareType: '6', shareWith: jan.address, permissions: '1' })
  await share(bob, { path: '/photos/inner', shareType: '3' })
  await take(cat)
  await share(cat, { path: '/inner/a.txt', shareType: '0', shareWith: 'dan', permissions: '1' })
})
afterAll(() => mesh.close())

describe('shares that others made of what I had given them', () => {
  it('are listed when asked for, by whom and where they are with me', async () => {
    const own = 'ann ann bob /photos'
    expect(await list(ann)).toEqual([own])
    expect(await list(ann, '?reshares=false')).toEqual([own])
    const all = await list(ann, '?reshares=true')
    expect(all[0]).toBe(own)
    expect(all.slice(1).sort()).toEqual([
      'ann bob  /photos/inner',
      'ann bob cat /photos/inner',
      `ann bob ${jan.address} /photos/inner`,
      'ann cat dan /photos/inner/a.txt',
    ])
  })

  it('are those of one entry, or of what lies in a folder', async () => {
    expect(await list(ann, '?path=/photos&reshares=true')).toEqual(['ann ann bob /photos'])
    expect((await list(ann, '?path=/photos/inner&reshares=true')).length).toBe(3)
    expect((await list(ann, '?path=/photos&reshares=true&subfiles=true')).length).toBe(3)
    expect(await list(ann, '?path=/photos/inner&reshares=true&subfiles=true')).toEqual([
      'ann cat dan /photos/inner/a.txt',
    ])
    expect(await list(ann, '?path=/photos/inner')).toEqual([])
  })

  it('cannot be changed or ended by me, and show no link', async () => {
    const { data } = await ocs<(OcsShareView & { can_delete: boolean; url: string })[]>(
      ...([ann, `${SHARES}?path=/photos/inner&reshares=true`] as const),
    )
    expect(data.map(({ can_delete, token, url }) => [can_delete, token, url])).toEqual(
      Array(3).fill([false, null, '']),
    )
    for (const { id } of data) {
      expect((await ocs(ann, `${SHARES}/${id}`, { method: 'DELETE' })).status).toBe(404)
    }
  })

  it('are nobody else’s to see, and gone with what they stand on', async () => {
    expect(await list(cat, '?reshares=true')).toEqual(['cat cat dan /inner/a.txt'])
    expect(await list(dan, '?reshares=true')).toEqual([])
    expect(await list(jan, '?reshares=true')).toEqual([])
    const [first] = (await ocs<OcsShareView[]>(ann, SHARES)).data
    await ocs(ann, `${SHARES}/${first?.id}`, { method: 'DELETE' })
    expect(await list(ann, '?reshares=true')).toEqual([])
  })
})
