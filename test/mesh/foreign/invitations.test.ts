import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeCloud } from '../../fakes/ocm/fake-cloud.ts'
import { startMesh } from '../../fakes/ocm/mesh.ts'
import { startFakeNextcloud } from '../../fakes/ocm/nextcloud.ts'
import { startFakeOcmGo } from '../../fakes/ocm/ocm-go.ts'
import { startFakeOpencloud } from '../../fakes/ocm/opencloud.ts'
import { startFakeReva } from '../../fakes/ocm/reva.ts'
import type { TestMesh, TestNode } from '../../support/test-mesh.ts'
import { type TestUser, until } from '../../support/test-user.ts'

interface Contact {
  id: string
  address: string
  userId: string
  host: string
  displayName: string
  email: string
}

interface Manner {
  /** What it calls bob in an invitation, without its own name behind. */
  id?: (cloud: Cloud) => string
  /** It invites, and accepts no invitations of others. */
  asksOnly?: boolean
  /** It takes shares with token exchange only. */
  wantsTokens?: boolean
}

type Cloud = FakeCloud & { acceptInvite?(user: string, invite: string): Promise<void> }

const users = ['bob', 'carl', 'dora']
let mesh: TestMesh & { nodes: TestNode[] }
let node: TestNode

beforeAll(async () => {
  mesh = await startMesh(['leiden'], { ocm: { requireSignatures: false } })
  ;[node] = mesh.nodes as [TestNode]
})
afterAll(() => mesh.close())

const contactsOf = async (user: TestUser) => (await user.api<{ items: Contact[] }>('GET', '/contacts')).items
const invite = (user: TestUser) => user.api<{ inviteString: string }>('POST', '/invitations', {})

const opencloud = async (options: { ocis?: boolean; wire?: 'url' | 'uri' }) => {
  const cloud = await startFakeOpencloud({ users, ...options })
  cloud.trust(node.host)
  return cloud
}

const bareId = (cloud: Cloud) => cloud.user('bob').id
const encodedId = (cloud: Cloud) =>
  Buffer.from(`${bareId(cloud)}@https://${cloud.host}`)
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_')

describe.each<[string, () => Promise<Cloud>, Manner]>([
  ['Nextcloud 32', () => startFakeNextcloud({ users, version: 32 }), { asksOnly: true }],
  ['Nextcloud 33', () => startFakeNextcloud({ users, version: 33 }), {}],
  ['Nextcloud 35', () => startFakeNextcloud({ users, version: 35 }), {}],
  ['Reva', () => startFakeReva({ users, autoAccept: [/.*/] }), {}],
  ['oCIS', () => opencloud({ ocis: true }), {}],
  ['OpenCloud as it was recorded', () => opencloud({ wire: 'url' }), { id: encodedId }],
  ['a newer OpenCloud', () => opencloud({ wire: 'uri' }), { id: encodedId }],
  ['a strict server of OCM 1.4', () => startFakeOcmGo({ users, mustInvite: false }), { wantsTokens: true }],
])('invitations with %s', (name, start, { id = bareId, asksOnly = false, wantsTokens = false }) => {
  let cloud: Cloud
  let alice: TestUser

  beforeAll(async () => {
    cloud = await start()
    alice = await node.addUser(`alice ${name}`.replaceAll(/\W+/g, '-').toLowerCase())
  })
  afterAll(() => cloud.close())

  it.skipIf(asksOnly)('of ours, accepted there, make contacts of both, once', async () => {
    const { inviteString } = await invite(alice)
    await cloud.acceptInvite?.('bob', inviteString)
    expect(cloud.contactsOf('bob').at(-1)).toMatchObject({ id: alice.name, host: node.host })
    const [contact, ...more] = await contactsOf(alice)
    expect(more).toEqual([])
    const bob = id(cloud)
    expect(contact).toMatchObject({ userId: bob, host: cloud.host, address: `${bob}@${cloud.host}` })
    expect(contact).toMatchObject({ displayName: 'BOB', email: 'bob@mail.test' })
    await expect(cloud.acceptInvite?.('dora', inviteString)).rejects.toThrow('409')
    expect(await contactsOf(alice)).toHaveLength(1)
  })

  it('of theirs, accepted here, make contacts of both', async () => {
    const before = cloud.contactsOf('bob').length
    const { inviteString } = cloud.createInvite('bob')
    const contact = await alice.api<Contact>('POST', '/invitations/accept', { invite: inviteString })
    expect(contact).toMatchObject({ userId: id(cloud), host: cloud.host, displayName: 'BOB' })
    const known = cloud.contactsOf('bob')
    expect(known.length).toBeGreaterThanOrEqual(Math.max(before, 1))
    expect(known.at(-1)).toMatchObject({ id: alice.name, name: alice.name.toUpperCase() })
    expect((await contactsOf(alice)).map((one) => one.userId)).toEqual([contact.userId])
  })

  it.skipIf(wantsTokens)('make an address that reaches the person', async () => {
    await alice.put('/note.txt', 'x')
    const [contact] = await contactsOf(alice)
    await alice.api('POST', '/shares', { path: '/note.txt', shareWith: contact?.address, role: 'viewer' })
    await until(
      async () => cloud.requests.filter((one) => one.path.endsWith('/shares')).at(-1)?.body ?? '{}',
      (body) => JSON.parse(body).shareWith === cloud.addressOf('bob'),
    )
  })

  it('that are unknown there are told as that', async () => {
    const guessed = { token: 'guessed', provider: cloud.host }
    expect(await alice.call('POST', '/invitations/accept', guessed)).toMatchObject({
      status: 400,
      body: { code: 'INVITATION_INVALID' },
    })
    expect(await contactsOf(alice)).toHaveLength(1)
  })

  it('leave a contact that can be deleted', async () => {
    const [contact] = await contactsOf(alice)
    await alice.api('DELETE', `/contacts/${contact?.id}`)
    expect(await contactsOf(alice)).toEqual([])
  })
})

describe('somebody who is a contact already', () => {
  it('is that after another invitation of Reva, too', async () => {
    const reva = await startFakeReva({ users })
    const alice = await node.addUser('alice-again')
    const accept = () =>
      alice.call<Contact>('POST', '/invitations/accept', { invite: reva.createInvite('bob').inviteString })
    const first = await accept()
    const second = await accept()
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body).toEqual(first.body)
    await alice.api('DELETE', `/contacts/${first.body.id}`)
    expect(await accept()).toMatchObject({ status: 409, body: { code: 'ALREADY_CONTACTS' } })
    await reva.close()
  })
})

describe('a server that does not know this node', () => {
  it('is told as one that does not trust it', async () => {
    const cloud = await startFakeOpencloud({ users })
    const alice = await node.addUser('alice-untrusted')
    const { inviteString } = cloud.createInvite('bob')
    expect(await alice.call('POST', '/invitations/accept', { invite: inviteString })).toMatchObject({
      status: 403,
      body: { code: 'PEER_REFUSED', detail: expect.stringContaining('does not trust this node') },
    })
    await cloud.close()
  })
})

describe('a message that an invitation of ours was accepted', () => {
  const bob = { token: '', userID: 'bob', email: 'bob@x.test', name: 'Bob' }
  const accepted = async (wire: object) => {
    const answer = await fetch(`${node.origin}/ocm/invite-accepted`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(wire),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  it('is taken in every spelling, and answered in the one of OCM 1.4', async () => {
    const cloud = await startFakeReva({ users })
    const alice = await node.addUser('alice-spelled')
    const tokenOf = async () => (await alice.api<{ token: string }>('POST', '/invitations', {})).token
    for (const wire of [
      { recipientProvider: cloud.host, userID: 'a' },
      { recipientProvider: `http://${cloud.host}`, userId: 'b', userID: undefined },
      { recipientProvider: `https://${cloud.host.toUpperCase()}/`, userID: `c@${cloud.host}` },
      { recipientProvider: cloud.host, userID: `d@https://${cloud.host}@${cloud.host}` },
      { recipientProvider: cloud.host, userID: 'e', email: undefined, name: null },
    ]) {
      expect(await accepted({ ...bob, token: await tokenOf(), ...wire })).toEqual({
        status: 200,
        body: { userID: 'alice-spelled', email: '', name: 'ALICE-SPELLED' },
      })
    }
    const ids = (await contactsOf(alice)).map((contact) => contact.address)
    expect(ids.sort()).toEqual(['a', 'b', 'c', 'd', 'e'].map((id) => `${id}@${cloud.host}`))
    await cloud.close()
  })

  it('is refused by what is wrong with it', async () => {
    const cloud = await startFakeReva({ users })
    const alice = await node.addUser('alice-refusing')
    const made = await alice.api<{ id: string; token: string }>('POST', '/invitations', {})
    const wire = { ...bob, token: made.token, recipientProvider: cloud.host }
    expect((await accepted({ ...wire, token: 'guessed' })).status).toBe(400)
    expect((await accepted({ ...wire, token: undefined })).status).toBe(400)
    expect((await accepted({ ...wire, userID: undefined })).status).toBe(400)
    expect((await accepted({ ...wire, recipientProvider: 'no host' })).status).toBe(400)
    await node.node.ocm.trust.add(cloud.host, 'denied')
    expect(await accepted(wire)).toMatchObject({ status: 403, body: { message: 'SENDER_NOT_TRUSTED' } })
    await node.node.ocm.trust.remove(cloud.host, 'denied')
    const answer = await accepted(wire)
    expect(answer.status).toBe(200)
    expect(await accepted(wire)).toEqual(answer)
    expect(await accepted({ ...wire, userID: 'another' })).toMatchObject({
      status: 409,
      body: { message: 'INVITE_ALREADY_ACCEPTED' },
    })
    const old = await alice.api<{ id: string; token: string }>('POST', '/invitations', {})
    await node.node.db('invitations').where({ id: old.id }).update({ expires_at_ms: 1 })
    expect(await accepted({ ...wire, token: old.token })).toMatchObject({
      status: 400,
      body: { message: 'TOKEN_INVALID' },
    })
    await cloud.close()
  })
})
