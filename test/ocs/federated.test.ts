import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'
import {
  NOTIFICATIONS,
  type NotificationView,
  nodeAt,
  ocs,
  REMOTE_SHARES,
  SHAREES,
  SHARES,
  share,
} from './support.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let ann: TestUser
let carl: TestUser
let dora: TestUser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden', 'krakow'])
  ann = await nodeAt(mesh, 0).addUser('ann')
  carl = await nodeAt(mesh, 1).addUser('carl')
  dora = await nodeAt(mesh, 1).addUser('dora')
  await ann.dav('MKCOL', '/data')
  await ann.put('/data/a.txt', 'content')
  await ann.put('/b.txt', 'more')
})

afterAll(() => mesh.close())

interface RemoteShareView {
  id: string
  remote: string
  name: string
  owner: string
  mountpoint: string
  accepted: boolean
  permissions: number
  type: string
  share_token: string
}

const notifications = async (user: TestUser) => (await ocs<NotificationView[]>(user, NOTIFICATIONS)).data
const remotes = async (user: TestUser, below = '') =>
  (await ocs<RemoteShareView[]>(user, `${REMOTE_SHARES}${below}`)).data

describe('a share with somebody elsewhere', () => {
  it('is made with type 6, announced there, and accepted by the button of the notification', async () => {
    const made = await share(ann, {
      path: '/data',
      shareType: '6',
      shareWith: carl.address,
      permissions: '15',
    })
    expect(made).toMatchObject({ share_type: 6, share_with: carl.address, permissions: 15 })
    await until(
      () => notifications(carl),
      (all) => all.length === 1,
    )
    const [told] = await notifications(carl)
    expect(told).toMatchObject({
      app: 'files_sharing',
      object_type: 'remote_share',
      shouldNotify: true,
      subject: expect.stringContaining(ann.address),
    })
    const [pending] = await remotes(carl, '/pending')
    expect(pending).toMatchObject({
      id: told?.object_id,
      accepted: false,
      name: 'data',
      type: 'dir',
      share_token: '',
    })
    expect(await remotes(carl)).toEqual([])
    const [accept, decline] = told?.actions ?? []
    expect([accept?.type, decline?.type]).toEqual(['POST', 'DELETE'])
    expect(accept?.link).toBe(
      `http://${carl.address.split('@')[1]}/ocs/v2.php/${REMOTE_SHARES}/pending/${pending?.id}`,
    )
    expect((await ocs(dora, accept?.link ?? '', { method: 'POST' })).status).toBe(404)
    expect((await ocs(carl, accept?.link ?? '', { method: 'POST' })).status).toBe(200)
    expect(await remotes(carl)).toMatchObject([
      { id: pending?.id, accepted: true, mountpoint: '/data', owner: ann.address, permissions: 15 },
    ])
    expect(await remotes(carl, `/${pending?.id}`)).toMatchObject({ id: pending?.id })
    expect(await carl.names('/data/')).toEqual(['a.txt'])
    expect(await notifications(carl)).toEqual([])
  })

  it('is left there', async () => {
    const [mine] = await remotes(carl)
    expect((await ocs(dora, `${REMOTE_SHARES}/${mine?.id}`)).status).toBe(404)
    expect((await ocs(dora, `${REMOTE_SHARES}/${mine?.id}`, { method: 'DELETE' })).status).toBe(404)
    expect((await ocs(carl, `${REMOTE_SHARES}/${mine?.id}`, { method: 'DELETE' })).status).toBe(200)
    expect(await remotes(carl)).toEqual([])
    expect(await carl.names('/')).toEqual([])
  })

  it('goes on waiting when its notification is dismissed, and is declined under the other address, too', async () => {
    await share(ann, { path: '/b.txt', shareType: '6', shareWith: carl.address })
    await until(
      () => notifications(carl),
      (all) => all.length === 1,
    )
    const [told] = await notifications(carl)
    const at = `${NOTIFICATIONS}/${told?.notification_id}`
    expect((await ocs(carl, at)).data).toMatchObject({ notification_id: told?.notification_id })
    expect((await ocs(dora, at, { method: 'DELETE' })).status).toBe(404)
    expect((await ocs(carl, at, { method: 'DELETE' })).status).toBe(200)
    expect(await notifications(carl)).toEqual([])
    expect((await ocs(carl, at)).status).toBe(404)
    const [pending] = await remotes(carl, '/pending')
    expect(pending).toMatchObject({
      name: 'b.txt',
      type: 'file',
      mountpoint: '{{TemporaryMountPointName#/b.txt}}',
    })
    const { status } = await ocs(carl, `${SHARES}/pending/${pending?.id}`, { method: 'DELETE' })
    expect(status).toBe(200)
    expect(await remotes(carl, '/pending')).toEqual([])
  })
})

describe('notifications', () => {
  it('have an ETag, and 304 as long as nothing is new', async () => {
    const first = await ocs<NotificationView[]>(carl, NOTIFICATIONS)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"\w+"$/)
    const same = await ocs(carl, NOTIFICATIONS, { headers: { 'if-none-match': etag } })
    expect([same.status, same.headers.get('etag')]).toEqual([304, etag])
    await ann.put('/c.txt', 'c')
    await share(ann, { path: '/c.txt', shareType: '6', shareWith: carl.address })
    await until(
      () => notifications(carl),
      (all) => all.length === 1,
    )
    const changed = await ocs<NotificationView[]>(carl, NOTIFICATIONS, { headers: { 'if-none-match': etag } })
    expect(changed.status).toBe(200)
    expect(changed.data).toHaveLength(1)
  })

  it('are all dismissed at once, and in the API too', async () => {
    const { items } = await carl.api<{ items: { id: number; kind: string; subjectId: string }[] }>(
      'GET',
      '/notifications',
    )
    expect(items).toMatchObject([{ kind: 'share.received' }])
    expect((await dora.call('DELETE', `/notifications/${items[0]?.id}`)).status).toBe(404)
    expect((await ocs(carl, NOTIFICATIONS, { method: 'DELETE' })).status).toBe(200)
    expect((await carl.api<{ items: unknown[] }>('GET', '/notifications')).items).toEqual([])
    expect((await remotes(carl, '/pending')).length).toBe(1)
  })

  it('tell that an invitation was accepted, and by whom', async () => {
    await ocs(ann, NOTIFICATIONS, { method: 'DELETE' })
    const { link } = await ann.api<{ link: string }>('POST', '/invitations', {})
    await carl.api('POST', '/invitations/accept', { invite: link })
    await until(
      () => notifications(ann),
      (all) => all.length === 1,
    )
    const [told] = await notifications(ann)
    expect(told).toMatchObject({
      app: 'contacts',
      subject: expect.stringContaining(carl.address),
      actions: [],
    })
    expect(await notifications(carl)).toEqual([])
    const { data } = await ocs(ann, `${SHAREES}?search=car`)
    expect(data).toMatchObject({ remotes: [{ value: { shareType: 6, shareWith: carl.address } }] })
    const exact = await ocs(ann, `${SHAREES}?search=${carl.address}`)
    expect(exact.data).toMatchObject({ remotes: [], exact: { remotes: [{ name: 'CARL' }] } })
    expect((await ann.api<{ items: unknown[] }>('GET', '/notifications')).items).toHaveLength(1)
    await ann.api('DELETE', `/notifications/${told?.notification_id}`)
    expect(await notifications(ann)).toEqual([])
  })

  it('of contacts, those of this node are people here', async () => {
    const { link } = await ann.api<{ link: string }>('POST', '/invitations', {})
    const eve = await nodeAt(mesh, 0).addUser('eve')
    await eve.api('POST', '/invitations/accept', { invite: link })
    const { data } = await ocs(ann, `${SHAREES}?search=ev`)
    expect(data).toMatchObject({
      users: [{ label: 'EVE', value: { shareType: 0, shareWith: 'eve' } }],
      remotes: [],
    })
    await until(
      () => notifications(ann),
      (all) => all.length === 1,
    )
    await ocs(ann, NOTIFICATIONS, { method: 'DELETE' })
  })

  it('tell how a transfer ended', async () => {
    const job = await ann.api<{ id: string }>('POST', '/transfers', {
      source: { path: '/data' },
      destination: { path: '/copy' },
      label: 'night run',
    })
    await ann.untilEnded(job.id)
    await until(
      () => notifications(ann),
      (all) => all.length === 1,
    )
    expect(await notifications(ann)).toMatchObject([
      { app: 'transfers', object_id: job.id, subject: 'The transfer "night run" is finished' },
    ])
  })
})
