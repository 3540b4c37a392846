import { afterEach, describe, expect, it } from 'vitest'
import { startMesh } from '../../fakes/ocm/mesh.ts'
import { type FakeNextcloud, startFakeNextcloud } from '../../fakes/ocm/nextcloud.ts'
import type { NextcloudVersion } from '../../fakes/ocm/nextcloud-peers.ts'
import type { TestMesh, TestNode } from '../../support/test-mesh.ts'
import { type TestUser, until } from '../../support/test-user.ts'
import { playWith } from './scenarios.ts'

const users = ['bob', 'carl']
const noInvites = [
  'they accept an invitation of ours, and share with their new contact',
  'we accept an invitation of theirs, and share with our new contact',
] as const

describe('with Nextcloud 25', () => {
  playWith({ start: () => startFakeNextcloud({ users, version: 25 }), never: noInvites })
})

describe('with Nextcloud 30, which knows three versions of the protocol and no signatures', () => {
  playWith({ start: () => startFakeNextcloud({ users, version: 30 }), never: noInvites })
})

describe('with Nextcloud 31, every message signed', () => {
  playWith({
    start: () => startFakeNextcloud({ users, version: 31, enforceSignatures: true }),
    settings: { requireSignatures: true },
    never: noInvites,
  })
})

describe('with Nextcloud 32', () => {
  playWith({
    start: () => startFakeNextcloud({ users, version: 32 }),
    // It has no page for invitations of others.
    never: ['they accept an invitation of ours, and share with their new contact'],
  })
})

describe('with Nextcloud 32, every message signed', () => {
  playWith({
    start: () => startFakeNextcloud({ users, version: 32, enforceSignatures: true }),
    settings: { requireSignatures: true },
    never: noInvites,
  })
})

describe('with Nextcloud 33', () => {
  playWith({ start: () => startFakeNextcloud({ users, version: 33 }) })
})

describe('with Nextcloud 34, every message signed', () => {
  playWith({
    start: () => startFakeNextcloud({ users, version: 34, enforceSignatures: true }),
    settings: { requireSignatures: true },
  })
})

describe('with Nextcloud 35, every message signed', () => {
  playWith({
    start: () => startFakeNextcloud({ users, version: 35, enforceSignatures: true }),
    settings: { requireSignatures: true },
  })
})

interface Made {
  token: string
  providerId: string
}

/** alice here, bob at one Nextcloud and carl at another. */
async function threeSides(version: NextcloudVersion) {
  mesh = await startMesh(['leiden'], { ocm: { requireSignatures: false } })
  const [node] = mesh.nodes as [TestNode]
  const cloud = await startFakeNextcloud({ users: ['bob'], version })
  const other = await startFakeNextcloud({ users: ['carl'], name: 'nc2', version: 35 })
  clouds.push(cloud, other)
  return { node, cloud, other, alice: await node.addUser('alice') }
}

function giveTo(alice: TestUser, path: string, shareWith: string, mayReshare: boolean) {
  const body = { path, shareWith, role: 'viewer', mayReshare }
  return alice.api<{ id: string }>('POST', '/shares', body)
}

async function taken(cloud: FakeNextcloud, user: string) {
  const share = cloud.taken.findLast((one) => one.user === user)
  if (share === undefined) throw new Error('nothing has arrived')
  if (share.state === 'pending') await cloud.accept(user, share.id)
  return share
}

let mesh: TestMesh & { nodes: TestNode[] }
const clouds: FakeNextcloud[] = []

describe('Nextcloud and resharing', () => {
  afterEach(async () => {
    for (const cloud of clouds.splice(0)) await cloud.close()
    await mesh?.close()
  })

  it('REQUEST_RESHARE of a Nextcloud user is granted with token and providerId, and refused without the right', async () => {
    const { alice, cloud, other } = await threeSides(32)
    await alice.put('/ours.txt', 'told')
    const share = await giveTo(alice, '/ours.txt', cloud.addressOf('bob'), false)
    const { id } = await taken(cloud, 'bob')
    const refused = await cloud.reshare('bob', id, `anybody@${other.host}`)
    expect([refused.status, refused.json]).toMatchObject([403, { message: 'NOT_ALLOWED' }])
    await alice.api('PATCH', `/shares/${share.id}`, { mayReshare: true })
    const granted = await cloud.reshare('bob', id, other.addressOf('carl'))
    expect([granted.status, granted.json]).toMatchObject([
      201,
      { token: expect.any(String), providerId: expect.any(String) },
    ])
    const far = await taken(other, 'carl')
    expect([far.owner, far.providerId]).toEqual([alice.address, (granted.json as Made).providerId])
    expect(await other.read('carl', far.id)).toBe('told')
    const unknown = await cloud.reshare('bob', id, `nobody@${other.host}`)
    expect(unknown.status).toBe(400)
  })
  it.todo('we ask a Nextcloud to pass its share on')
  it('RESHARE_UNDO ends what was passed on, and so does the end of the first share', async () => {
    const { alice, cloud, other, node } = await threeSides(25)
    await alice.put('/ours.txt', 'told')
    const share = await giveTo(alice, '/ours.txt', cloud.addressOf('bob'), true)
    const { id } = await taken(cloud, 'bob')
    const made = (await cloud.reshare('bob', id, other.addressOf('carl'))).json as Made
    await taken(other, 'carl')
    const wrong = await cloud.undoReshare(node.host, { ...made, token: 'wrong' })
    expect(wrong.status).toBe(400)
    expect((await cloud.undoReshare(node.host, made)).status).toBe(201)
    await until(
      async () => other.taken,
      (left) => left.length === 0,
    )
    expect((await cloud.reshare('bob', id, other.addressOf('carl'))).status).toBe(201)
    const far = await taken(other, 'carl')
    await alice.api('DELETE', `/shares/${share.id}`)
    await expect(other.read('carl', far.id)).rejects.toThrow()
    await until(
      async () => [...cloud.taken, ...other.taken],
      (left) => left.length === 0,
    )
  })

  it('a 400 about our signature is told as a refused signature, not as an unknown person', async () => {
    mesh = await startMesh(['leiden'], { ocm: { requireSignatures: false } })
    const [node] = mesh.nodes as [TestNode]
    const alice = await node.addUser('alice')
    await alice.put('/ours.txt', 'told')
    for (const version of [32, 33, 35] as const) {
      // Its clock is an hour ahead, so that what we sign is too old there.
      const cloud = await startFakeNextcloud({
        ...{ users: ['bob'], name: 'nc', version, enforceSignatures: true },
        nowMs: () => Date.now() + 3_600_000,
      })
      clouds.push(cloud)
      await expect(giveTo(alice, '/ours.txt', cloud.addressOf('bob'), false)).rejects.toThrow(
        'PEER_SIGNATURE_REFUSED',
      )
    }
  })
})
