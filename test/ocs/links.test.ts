import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMesh } from '../fakes/ocm/mesh.ts'
import type { TestMesh, TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'
import { nodeAt, type OcsShareView, ocs, SHAREES, SHARES, share } from './support.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser
let bob: TestUser

beforeAll(async () => {
  mesh = await startMesh(['leiden'])
  leiden = nodeAt(mesh, 0)
  ann = await leiden.addUser('ann')
  bob = await leiden.addUser('bob')
  await leiden.node.groups.addGroup('physics', 'Physicists')
  await leiden.node.groups.addMember('physics', 'bob')
  await ann.dav('MKCOL', '/data')
  await ann.dav('MKCOL', '/data/inner')
  await ann.put('/data/a.txt', 'content')
  await ann.put('/data/inner/b.txt', 'more')
})

afterAll(() => mesh.close())

const linkForm = { path: '/data', shareType: '3' }

/** As a Nextcloud asks for a share of another server. */
async function shareInfo(form: Record<string, string>) {
  const url = `${leiden.origin}/index.php/apps/files_sharing/shareinfo?format=json`
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  return (await answer.json()) as { data: Tree; status: string }
}

interface Tree {
  name: string
  type: string
  permissions: number
  etag: string
  size: number
  children?: Tree[]
}

describe('a public link', () => {
  it('is made with type 3, to be read only unless more is said', async () => {
    const made = await share(ann, { ...linkForm, label: 'for all' })
    expect(made).toMatchObject({
      share_type: 3,
      permissions: 17,
      token: expect.stringMatching(/^\w+$/),
      password: null,
      share_with: null,
      label: 'for all',
    })
    expect(made.url).toBe(`http://${leiden.host}/s/${made.token}`)
    const listed = await fetch(`${leiden.origin}/public.php/dav/files/${made.token}/`, {
      method: 'PROPFIND',
      headers: { depth: '1' },
    })
    expect(await listed.text()).toContain('a.txt')
  })

  it('has a password, which is not shown, and loses it again', async () => {
    const made = await share(ann, { ...linkForm, password: 'long enough', permissions: '15' })
    expect(made).toMatchObject({ permissions: 31, password: '***', share_with: '***' })
    const wrong = await share(ann, { ...linkForm, password: 'short' }).catch((error: Error) => error.message)
    expect(wrong).toMatch(/^400 .*password/)
    const { data } = await ocs<OcsShareView>(ann, `${SHARES}/${made.id}`, {
      method: 'PUT',
      form: { password: '', label: 'open', permissions: '4' },
    })
    expect(data).toMatchObject({ password: null, label: 'open', permissions: 4 })
  })

  it('takes uploads when that is asked for, and of files never', async () => {
    expect(await share(ann, { ...linkForm, publicUpload: 'true' })).toMatchObject({ permissions: 31 })
    const form = { path: '/data/a.txt', shareType: '3', publicUpload: 'true' }
    expect((await ocs(ann, SHARES, { method: 'POST', form })).status).toBe(400)
  })
})

describe('a share with a group of this node', () => {
  it('is made with type 1; the group is found by its whole name', async () => {
    const { data } = await ocs(ann, `${SHAREES}?search=physics`)
    expect(data).toMatchObject({ exact: { groups: [{ value: { shareType: 1, shareWith: 'physics' } }] } })
    expect((await ocs(ann, `${SHAREES}?search=phys`)).data).toMatchObject({
      groups: [],
      exact: { groups: [] },
    })
    const made = await share(ann, { path: '/data', shareType: '1', shareWith: 'physics' })
    expect(made).toMatchObject({ share_type: 1, share_with: 'physics', share_with_displayname: 'Physicists' })
    const pending = await until(
      async () => (await ocs<OcsShareView[]>(bob, `${SHARES}/pending`)).data,
      (all) => all.length === 1,
    )
    expect(pending).toMatchObject([{ uid_owner: 'ann', path: '/data' }])
    const form = { path: '/data', shareType: '1', shareWith: 'bob' }
    expect((await ocs(ann, SHARES, { method: 'POST', form })).status).toBe(404)
  })
})

describe('what other servers read of a share in one go', () => {
  it('is the tree of a link, as deep as they ask', async () => {
    const { token } = await share(ann, linkForm)
    const t = token ?? ''
    const whole = await shareInfo({ t })
    expect(whole).toMatchObject({
      status: 'success',
      data: {
        ...{ name: 'data', type: 'dir', permissions: 17 },
        children: [
          { name: 'a.txt', type: 'file', size: 7, permissions: 17 },
          { name: 'inner', type: 'dir', children: [{ name: 'b.txt', type: 'file' }] },
        ],
      },
    })
    expect((await shareInfo({ t, depth: '0' })).data.children).toBeUndefined()
    expect((await shareInfo({ t, depth: '1' })).data.children?.map(({ children }) => children)).toEqual([
      undefined,
      undefined,
    ])
    expect((await shareInfo({ t, dir: '/inner' })).data).toMatchObject({ children: [{ name: 'b.txt' }] })
  })

  it('is nothing without the password, and nothing of a folder that only takes files', async () => {
    const { token } = await share(ann, { ...linkForm, password: 'long enough' })
    const t = token ?? ''
    expect(await shareInfo({ t })).toMatchObject({ status: 'error' })
    const asked = async (form: Record<string, string>) =>
      (
        await fetch(`${leiden.origin}/apps/files_sharing/shareinfo`, {
          method: 'POST',
          body: new URLSearchParams(form),
        })
      ).status
    expect(await asked({ t })).toBe(403)
    expect(await asked({ t, password: 'wrong one' })).toBe(403)
    expect(await asked({ t, password: 'long enough' })).toBe(200)
    const drop = await share(ann, { ...linkForm, permissions: '4' })
    const seen = await shareInfo({ t: drop.token ?? '' })
    expect(JSON.stringify(seen)).not.toContain('a.txt')
  })

  it.each([
    [{ t: '' }, 404],
    [{ t: 'nothing' }, 404],
    [{ t: 'A'.repeat(24) }, 404],
  ])('is not there for %j', async (form, status) => {
    const url = `${leiden.origin}/index.php/apps/files_sharing/shareinfo`
    expect((await fetch(url, { method: 'POST', body: new URLSearchParams(form) })).status).toBe(status)
    expect((await fetch(url)).status).toBe(405)
  })

  it('ends where the share ends', async () => {
    const { token } = await share(ann, linkForm)
    for (const dir of ['/../', '..', '/inner/../../..', '/nothing']) {
      expect(await shareInfo({ t: token ?? '', dir })).toMatchObject({ status: 'error' })
    }
  })
})
