import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeHttpServer, json } from '../fakes/ocm/http-server.ts'
import { startMesh } from '../fakes/ocm/mesh.ts'
import { startFakeOwncloud10 } from '../fakes/ocm/owncloud10.ts'
import type { TestMesh, TestNode } from '../support/test-mesh.ts'
import { type TestUser, until } from '../support/test-user.ts'

/** A server from before OCM: nothing but `/ocs-provider/` and what that names. */
let old: FakeHttpServer
let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let krakow: TestNode
let ann: TestUser

const SERVICES = {
  FEDERATED_SHARING: {
    version: 1,
    endpoints: { share: '/ocs/v2.php/cloud/shares', webdav: '/public.php/webdav/' },
  },
}

beforeAll(async () => {
  old = await FakeHttpServer.listen('oc10.test', async ({ path, method }) => {
    if (path === '/ocs-provider/') return json(200, { version: 2, services: SERVICES })
    if (method === 'POST') return json(200, { ocs: { meta: { status: 'ok', statuscode: 100 }, data: [] } })
    return json(404, {})
  })
  mesh = await startMesh(['leiden', 'krakow'], { ocm: { requireSignatures: 'known' } })
  leiden = mesh.nodes[0] as TestNode
  krakow = mesh.nodes[1] as TestNode
  ann = await leiden.addUser('ann')
  await krakow.addUser('carl')
})

afterAll(async () => {
  await mesh.close()
  await old.close()
})

interface Received {
  id: string
  name: string
  state: string
  owner: { address: string }
}

const received = async () => (await ann.api<{ items: Received[] }>('GET', '/received-shares')).items

/** As Nextcloud writes it (recorded). */
const shareForm = (changes: Record<string, string> = {}) => ({
  shareWith: 'ann',
  token: 'dgSldsMCdfWWCo7',
  name: 'hello.txt',
  remoteId: '1',
  owner: 'einstein',
  ownerFederatedId: `einstein@${old.host}`,
  sharedBy: 'einstein',
  sharedByFederatedId: `einstein@${old.host}`,
  remote: `http://${old.host}/`,
  shareType: '6',
  ...changes,
})

async function send(
  form: Record<string, string>,
  below = '',
  options: { version?: string; node?: TestNode } = {},
) {
  const { version = '2', node = leiden } = options
  const url = `${node.origin}/ocs/v${version}.php/cloud/shares${below}?format=json`
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  const { meta, data } = (
    (await answer.json()) as { ocs: { meta: { statuscode: number; message: string }; data: unknown } }
  ).ocs
  return { status: answer.status, code: meta.statuscode, message: meta.message, data }
}

describe('a server from before Open Cloud Mesh', () => {
  it('finds out what it can send, and where', async () => {
    for (const path of ['/ocs-provider/', '/ocs-provider']) {
      const answer = await fetch(`${leiden.origin}${path}`)
      expect(answer.headers.get('content-type')).toContain('application/json')
      expect(await answer.json()).toMatchObject({
        version: 2,
        services: {
          FEDERATED_SHARING: {
            endpoints: { share: '/ocs/v2.php/cloud/shares', webdav: '/public.php/webdav/' },
          },
          SHARING: { endpoints: { share: '/ocs/v2.php/apps/files_sharing/api/v1/shares' } },
        },
      })
    }
  })

  it('sends a share, once, and hears that it was accepted', async () => {
    expect(await send(shareForm())).toMatchObject({ status: 200, code: 200, data: [] })
    expect(await send(shareForm(), '', { version: '1' })).toMatchObject({ status: 200, code: 100 })
    const [share, ...more] = await received()
    expect(share).toMatchObject({
      name: 'hello.txt',
      state: 'pending',
      owner: { address: `einstein@${old.host}` },
    })
    expect(more).toEqual([])
    await ann.api('POST', `/received-shares/${share?.id}/accept`, {})
    const told = await until(
      async () => old.requests.find(({ path }) => path.startsWith('/ocs/v2.php/cloud/shares/1/accept')),
      (request) => request !== undefined,
    )
    expect(told?.body).toBe('token=dgSldsMCdfWWCo7')
  })

  it('takes it back, with the secret of the share only', async () => {
    expect(await send({ token: 'another' }, '/1/unshare')).toMatchObject({ status: 400 })
    expect(await send({}, '/1/unshare')).toMatchObject({ status: 400 })
    expect((await received())[0]?.state).toBe('accepted')
    expect(await send({ token: 'dgSldsMCdfWWCo7' }, '/1/unshare')).toMatchObject({ status: 200, code: 200 })
    expect((await received())[0]?.state).toBe('revoked')
  })

  it.each([
    ['somebody who is not here', { shareWith: 'nobody' }, 400],
    ['nobody', { shareWith: '' }, 400],
    ['no name', { name: '' }, 400],
    ['no secret', { token: '' }, 400],
    ['a secret that is no header', { token: 'a\nb' }, 400],
    ['no id', { remoteId: '' }, 400],
    ['no server', { remote: '' }, 400],
    ['an owner of another server', { ownerFederatedId: 'einstein@leiden.test' }, 403],
    ['the same id with other content', { remoteId: '1', name: 'other.txt' }, 409],
  ])('is refused %s', async (_, changes, status) => {
    expect(await send(shareForm({ remoteId: '7', ...changes }))).toMatchObject({ status, code: status })
    expect((await received()).map(({ name }) => name)).toEqual(['hello.txt'])
  })

  it('is refused what is no such message', async () => {
    for (const below of ['/1/move', '/1/accept/more', '/%ff/accept']) {
      expect((await send({ token: 'x' }, below)).status).not.toBe(200)
    }
    const room = 1_048_576 - new URLSearchParams(shareForm({ shareWith: '' })).toString().length
    const full = shareForm({ shareWith: 'x'.repeat(room) })
    expect(await send(full)).toMatchObject({ status: 400 })
    const large = shareForm({ shareWith: 'x'.repeat(room + 1) })
    expect(await send(large)).toMatchObject({ status: 413, message: 'PAYLOAD_TOO_LARGE' })
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`f${n}`, '']))
    expect(await send(shareForm(many))).toMatchObject({ status: 400, message: 'INVALID_FORM' })
    expect((await fetch(`${leiden.origin}/ocs/v2.php/cloud/shares`)).status).toBe(404)
  })

  it('cannot be played by a server that signs', async () => {
    const form = shareForm({
      remote: `http://${krakow.host}/`,
      ownerFederatedId: `carl@${krakow.host}`,
      sharedByFederatedId: `carl@${krakow.host}`,
    })
    expect(await send(form)).toMatchObject({ status: 401, message: 'SIGNATURE_REQUIRED' })
  })
})

describe('a server whose messages of OCM do not get through', () => {
  let cloud: Awaited<ReturnType<typeof startFakeOwncloud10>>
  let given: { id: string; state: string }
  let secret: string

  beforeAll(async () => {
    cloud = await startFakeOwncloud10({ users: ['bob', 'carl'], name: 'nc2' })
    await ann.put('/given.txt', 'given')
    const form = { path: '/given.txt', shareWith: `bob@${cloud.host}`, role: 'editor', mayReshare: true }
    given = await ann.api('POST', '/shares', form)
    const [taken] = await until(
      async () => cloud.taken,
      (all) => all.length === 1,
    )
    secret = taken?.secret ?? ''
  })

  afterAll(() => cloud.close())

  const shares = async () =>
    (await ann.api<{ items: { id: string; state: string }[] }>('GET', '/shares')).items

  it('answers a share of ours', async () => {
    expect(await send({ token: 'wrong' }, `/${given.id}/accept`)).toMatchObject({ status: 400 })
    expect(await send({ token: secret }, `/${given.id}/accept`)).toMatchObject({ status: 200, code: 200 })
    expect(await shares()).toMatchObject([{ id: given.id, state: 'accepted' }])
  })

  it('asks to share it with somebody else, changes that, and takes it back', async () => {
    const form = { token: secret, shareWith: `carl@${cloud.host}`, remoteId: '5', permission: '19' }
    const { status, data } = await send(form, `/${given.id}/reshare`)
    expect(status).toBe(200)
    const { token, remoteId } = data as { token: string; remoteId: string }
    expect(token).toMatch(/^\S{20,}$/)
    expect((await shares()).map(({ id }) => id)).toContain(remoteId)
    expect(await send({ token, permissions: '99' }, `/${remoteId}/permissions`)).toMatchObject({
      status: 400,
    })
    expect((await send({ token, permissions: '1' }, `/${remoteId}/permissions`)).status).toBe(200)
    expect(await ann.api('GET', `/shares/${remoteId}`)).toMatchObject({ role: 'viewer' })
    expect((await send({ token }, `/${remoteId}/revoke`)).status).toBe(200)
    expect(await ann.api('GET', `/shares/${remoteId}`)).toMatchObject({ state: 'revoked' })
  })

  it('declines it in the end', async () => {
    expect((await send({ token: secret }, `/${given.id}/decline`)).status).toBe(200)
    expect(await ann.api('GET', `/shares/${given.id}`)).toMatchObject({ state: 'declined' })
  })
})

describe('where every message has to be signed', () => {
  it('nothing is taken in the old form', async () => {
    const strict = await startMesh(['leiden'], { ocm: { requireSignatures: 'always' } })
    const node = strict.nodes[0] as TestNode
    await node.addUser('ann')
    expect(await send(shareForm(), '', { node })).toMatchObject({
      status: 401,
      message: 'SIGNATURE_REQUIRED',
    })
    await strict.close()
  })
})
