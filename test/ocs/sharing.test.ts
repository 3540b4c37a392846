import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseXml } from '../../src/platform/xml.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'
import {
  NOTIFICATIONS,
  type NotificationView,
  nodeAt,
  type OcsShareView,
  ocs,
  SHAREES,
  SHARES,
  share,
} from './support.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser
let bob: TestUser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'])
  leiden = nodeAt(mesh, 0)
  ann = await leiden.addUser('ann')
  bob = await leiden.addUser('bob')
  await ann.dav('MKCOL', '/photos')
  await ann.dav('MKCOL', '/photos/inner')
  await ann.put('/photos/a.txt', 'content')
  await ann.put('/note.txt', 'a note')
})

afterAll(() => mesh.close())

const list = async (user: TestUser, query = '') => (await ocs<OcsShareView[]>(user, `${SHARES}${query}`)).data

describe('a share with somebody here', () => {
  it('has all members that clients read, and a number as id', async () => {
    const made = await share(ann, { path: '/photos', shareType: '0', shareWith: 'bob', note: 'look' })
    expect(made).toMatchObject({
      id: expect.stringMatching(/^\d+$/),
      share_type: 0,
      uid_owner: 'ann',
      displayname_owner: 'ANN',
      uid_file_owner: 'ann',
      permissions: 31,
      stime: expect.any(Number),
      parent: null,
      expiration: null,
      token: null,
      path: '/photos',
      item_type: 'folder',
      mimetype: 'httpd/unix-directory',
      storage_id: expect.any(String),
      item_source: expect.any(Number),
      file_source: expect.any(Number),
      file_target: '/photos',
      share_with: 'bob',
      share_with_displayname: 'BOB',
      password: null,
      mail_send: 0,
      hide_download: 0,
      note: 'look',
      label: '',
      url: '',
    })
    expect(await list(ann, '?path=/photos')).toMatchObject([{ id: made.id }])
    expect(await list(ann, '?path=/note.txt')).toEqual([])
    expect((await ocs<OcsShareView[]>(ann, `${SHARES}/${made.id}`)).data).toMatchObject([{ id: made.id }])
  })

  it('waits for an answer, is accepted through the notification, and is shared with me from then on', async () => {
    expect(await list(bob, '?shared_with_me=true')).toEqual([])
    const pending = await list(bob, '/pending')
    expect(pending).toMatchObject([{ uid_owner: 'ann', share_with: 'bob', note: 'look' }])
    const { data } = await ocs<NotificationView[]>(bob, NOTIFICATIONS)
    const accept = data[0]?.actions.find(({ type }) => type === 'POST')
    expect((await ocs(bob, accept?.link ?? '', { method: 'POST' })).meta.statuscode).toBe(200)
    expect(await list(bob, '?shared_with_me=true')).toMatchObject([
      { id: pending[0]?.id, path: '/photos', uid_owner: 'ann' },
    ])
    expect(await bob.names('/photos/')).toEqual(['a.txt', 'inner'])
    expect((await ocs(bob, NOTIFICATIONS)).data).toEqual([])
  })

  it('is left by the one who received it and ended by the one who gave it', async () => {
    const [mine] = await list(bob, '?shared_with_me=true')
    expect((await ocs(bob, `${SHARES}/${mine?.id}`, { method: 'DELETE' })).status).toBe(200)
    expect(await bob.names('/')).toEqual([])
    const again = await share(ann, { path: '/note.txt', shareType: '0', shareWith: 'bob', permissions: '1' })
    expect(again).toMatchObject({ permissions: 1, item_type: 'file', mimetype: 'text/plain', item_size: 6 })
    expect((await ocs(ann, `${SHARES}/${again.id}`, { method: 'DELETE' })).status).toBe(200)
    expect(await list(ann, '?path=/note.txt')).toEqual([])
    expect((await ocs<NotificationView[]>(bob, NOTIFICATIONS)).data).toEqual([])
  })

  it('keeps its number, and is found below its folder', async () => {
    const made = await share(ann, { path: '/photos/a.txt', shareType: '0', shareWith: 'bob' })
    expect(await list(ann, '?path=/photos&subfiles=true')).toMatchObject([
      { id: made.id, path: '/photos/a.txt' },
    ])
    expect(await list(ann, '?path=/&subfiles=true')).toEqual([])
    await ann.dav('MOVE', '/photos/a.txt', {
      headers: { destination: `${leiden.origin}/dav/files/ann/photos/inner/b.txt` },
    })
    expect(await list(ann, '?path=/photos/inner/b.txt')).toMatchObject([{ id: made.id }])
    expect(await list(ann)).toContainEqual(expect.objectContaining({ path: '/photos/inner/b.txt' }))
    await ocs(ann, `${SHARES}/${made.id}`, { method: 'DELETE' })
  })

  it('is read as XML and written as JSON, by clients that do so', async () => {
    const { data } = await ocs<OcsShareView>(ann, SHARES, {
      method: 'POST',
      json: { path: '/note.txt', shareType: 0, shareWith: 'bob', permissions: 17 },
    })
    const answer = await fetch(`${ann.origin}/ocs/v1.php/${SHARES}/${data.id}`, {
      headers: { authorization: ann.authorization, 'ocs-apirequest': 'true' },
    })
    const text = await answer.text()
    expect(parseXml(text).name).toBe('ocs')
    expect(text).toContain('<statuscode>100</statuscode>')
    expect(text).toContain(`<data><element><id>${data.id}</id><share_type>0</share_type>`)
    await ocs(ann, `${SHARES}/${data.id}`, { method: 'DELETE' })
  })
})

describe('the end of a share', () => {
  it('is a day on which it can still be used', async () => {
    const form = { path: '/note.txt', shareType: '0', shareWith: 'bob', expireDate: '2999-02-28' }
    const made = await share(ann, form)
    expect(made.expiration).toBe('2999-02-28 00:00:00')
    const { items } = await ann.api<{ items: { expiresAt: string }[] }>('GET', '/shares?path=/note.txt')
    expect(items[0]?.expiresAt).toBe('2999-02-28T23:59:59.999Z')
    await ocs(ann, `${SHARES}/${made.id}`, { method: 'DELETE' })
  })

  it.each([
    '2999-02-30',
    'tomorrow',
    '2001-01-01',
    '2999-1-1',
    '9999999-01-01',
  ])('is not %s', async (expireDate) => {
    const form = { path: '/note.txt', shareType: '0', shareWith: 'bob', expireDate }
    const { status, meta } = await ocs(ann, SHARES, { method: 'POST', form })
    expect([status, meta.statuscode, meta.status]).toEqual([400, 400, 'failure'])
    expect(meta.message).not.toBe('')
  })
})

describe('what is changed about a share', () => {
  it('is what is named, and nothing else', async () => {
    const made = await share(ann, { path: '/photos', shareType: '0', shareWith: 'bob', note: 'one' })
    const change = (form: Record<string, string>) =>
      ocs<OcsShareView>(ann, `${SHARES}/${made.id}`, { method: 'PUT', form })
    expect((await change({ permissions: '1' })).data).toMatchObject({ permissions: 1, note: 'one' })
    expect((await change({ expireDate: '2999-01-01', note: 'two' })).data).toMatchObject({
      permissions: 1,
      expiration: '2999-01-01 00:00:00',
      note: 'two',
    })
    expect((await change({ expireDate: '' })).data).toMatchObject({ expiration: null, note: 'two' })
    expect((await change({})).status).toBe(400)
    expect((await change({ permissions: '99' })).status).toBe(400)
    await ocs(ann, `${SHARES}/${made.id}`, { method: 'DELETE' })
  })
})

describe('what is refused', () => {
  const post = (form: Record<string, string>, version: '1' | '2' = '2') =>
    ocs(ann, SHARES, { method: 'POST', form, version })

  it('a path that is not there is 404 in both versions', async () => {
    const form = { path: '/nothing', shareType: '0', shareWith: 'bob' }
    expect(await post(form)).toMatchObject({ status: 404, meta: { statuscode: 404 } })
    expect(await post(form, '1')).toMatchObject({ status: 200, meta: { statuscode: 404 } })
    expect((await ocs(ann, `${SHARES}?path=/nothing`)).status).toBe(404)
    expect((await post({ shareType: '0', shareWith: 'bob' })).status).toBe(404)
  })

  it.each([
    '/../bob/x',
    '/photos/../../x',
    '/a\u0000b',
    '/',
  ])('the path %j leads nowhere else', async (path) => {
    const { status } = await post({ path, shareType: '0', shareWith: 'bob' })
    expect([400, 404]).toContain(status)
  })

  it.each([
    ['0', 400],
    ['32', 400],
    ['-1', 400],
    ['1e1', 400],
    ['3.5', 400],
    ['5', 400],
    ['7', 400],
    ['x', 400],
  ])('the permissions %s of a folder are %i', async (permissions, status) => {
    const answer = await post({ path: '/photos', shareType: '0', shareWith: 'bob', permissions })
    expect(answer.status).toBe(status)
  })

  it.each([
    ['2', 400],
    ['4', 403],
    ['', 400],
    ['-1', 400],
    ['6.0', 400],
  ])('the kind of share %j is %i', async (shareType, status) => {
    expect((await post({ path: '/note.txt', shareType, shareWith: 'x@mail.test' })).status).toBe(status)
  })

  it('somebody who is not here, oneself, and a name that looks like an address elsewhere', async () => {
    const form = { path: '/note.txt', shareType: '0' }
    expect((await post({ ...form, shareWith: 'nobody' })).status).toBe(404)
    expect((await post({ ...form, shareWith: 'bob@krakow.test' })).status).toBe(404)
    expect((await post({ ...form, shareWith: 'ann' })).status).toBe(400)
    expect((await post({ ...form })).status).toBe(404)
    expect((await post({ ...form, shareType: '6', shareWith: 'bob@no such host' })).status).toBe(400)
  })

  it('a server that does not answer is no failure of this one', async () => {
    const form = { path: '/note.txt', shareType: '6', shareWith: 'bob@nowhere.test' }
    const { status, meta } = await post(form)
    expect([status < 500, meta.message.includes('nowhere.test')]).toEqual([true, true])
  })

  it('shares of others are not there, whatever is asked', async () => {
    const made = await share(ann, { path: '/note.txt', shareType: '0', shareWith: 'bob' })
    const eve = await leiden.addUser('eve')
    const [pending] = await list(bob, '/pending')
    for (const id of [made.id, pending?.id, '0', '-1', '1e3', '99999999999999', 'x', '%00']) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const form = method === 'PUT' ? { form: { note: 'mine now' } } : {}
        const { status } = await ocs(eve, `${SHARES}/${id}`, { method, ...form })
        expect([id, method, status]).toEqual([id, method, 404])
      }
      expect((await ocs(eve, `${SHARES}/pending/${id}`, { method: 'POST' })).status).toBe(404)
      expect((await ocs(eve, `${SHARES}/pending/${id}`, { method: 'DELETE' })).status).toBe(404)
    }
    expect((await ocs(bob, `${SHARES}/${made.id}`)).status).toBe(404)
    expect((await ocs(ann, `${SHARES}/${made.id}`)).data).toMatchObject([{ note: '' }])
    await ocs(ann, `${SHARES}/${made.id}`, { method: 'DELETE' })
  })

  it('nothing is changed because a page of another site asks for it', async () => {
    const page = { headers: { 'ocs-apirequest': '' } }
    const form = { path: '/note.txt', shareType: '0', shareWith: 'bob' }
    expect((await ocs(ann, SHARES, { method: 'POST', form, ...page })).status).toBe(412)
    expect(await list(ann, '?path=/note.txt')).toEqual([])
    expect((await ocs(ann, NOTIFICATIONS, { method: 'DELETE', ...page })).status).toBe(412)
  })

  it('a body that is too large, or no JSON', async () => {
    const large = { path: '/note.txt', note: 'x'.repeat(70_000) }
    expect((await ocs(ann, SHARES, { method: 'POST', form: large })).status).toBe(413)
    expect((await ocs(ann, SHARES, { method: 'POST', json: 'text' })).status).toBe(400)
  })
})

describe('whom a client may share with', () => {
  const find = async (search: string) => {
    const { data } = await ocs<Record<string, { value: { shareWith: string; shareType: number } }[]>>(
      ann,
      `${SHAREES}?search=${encodeURIComponent(search)}&itemType=file&perPage=20&page=1`,
    )
    return data as unknown as typeof data & { exact: typeof data }
  }

  it('has all lists, even where there is nobody', async () => {
    for (const path of [`${SHAREES}?search=zz`, `${SHAREES}_recommended`]) {
      const { data } = await ocs(ann, path)
      const lists = {
        users: [],
        groups: [],
        remotes: [],
        remote_groups: [],
        emails: [],
        circles: [],
        rooms: [],
      }
      expect(data).toMatchObject({ ...lists, exact: lists })
    }
  })

  it('is found by the whole name, and by no part of it', async () => {
    expect((await find('bob')).exact.users).toMatchObject([
      { label: 'BOB', value: { shareType: 0, shareWith: 'bob' } },
    ])
    expect((await find(`bob@${leiden.host}`)).exact.users).toMatchObject([{ value: { shareWith: 'bob' } }])
    for (const part of ['bo', '', 'b%', 'ann']) expect((await find(part)).exact.users).toEqual([])
  })

  it('may be anybody elsewhere whose address is typed', async () => {
    expect((await find('Carl@Krakow.test')).exact.remotes).toMatchObject([
      { value: { shareType: 6, shareWith: 'Carl@krakow.test', server: 'krakow.test' } },
    ])
  })
})
