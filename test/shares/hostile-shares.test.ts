import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readAcceptedInvite, readShare } from '../../src/ocm/dialects/standard.ts'
import { findJson } from '../../src/ocm/peer-answer.ts'
import { engines } from '../support/databases.ts'
import { createTestNode, Mesh, type TestNode, until } from './support.ts'

/** Text at every limit that the protocol's form lets through, in characters of three bytes. */
const long = (length: number) => '語'.repeat(length)

const DAY_MS = 86_400_000

/** A share of another server, sent as often as wanted under other ids. */
function shareFor(node: TestNode, providerId: string, change: object = {}) {
  const wire = {
    shareWith: `jan@${node.host}`,
    name: 'n',
    providerId,
    owner: 'ann@leiden.test',
    shareType: 'user',
    resourceType: 'folder',
    protocol: { webdav: { uri: 'https://leiden.test/x', sharedSecret: 's' } },
    ...change,
  }
  return readShare(findJson(JSON.stringify(wire)))
}

describe.each(engines)('more shares than anybody answers, on %s', (engine) => {
  let krakow: TestNode
  const receive = (id: string, host = 'leiden.test', change: object = {}) =>
    krakow.shares.inbox.receiveShare(shareFor(krakow, id, change), host)
  const list = async (user: string): Promise<{ id: string; name: string; state: string }[]> =>
    ((await krakow.api(user, 'listReceivedShares', { query: { limit: '1000' } })) as { items: [] }).items

  beforeEach(async () => {
    krakow = await createTestNode(new Mesh(), 'krakow', { engine, users: ['jan', 'ola'] })
  })
  afterEach(() => krakow.close())

  it('are refused beyond 200 of one server for one person, until some are answered', async () => {
    for (let n = 0; n < 200; n++) await receive(`${n}`)
    await expect(receive('one more')).rejects.toMatchObject({ reason: 'too-many' })
    await receive('0')
    await receive('other host', 'bari.test')
    await receive('other person', 'leiden.test', { shareWith: `ola@${krakow.host}` })
    const [first] = await list('jan')
    await krakow.api('jan', 'declineReceivedShare', { params: { id: first?.id } })
    await receive('one more')
    expect((await list('jan')).filter(({ state }) => state === 'pending').length).toBe(201)
  })

  it('keep what is for a group from the one member only who has them', async () => {
    await krakow.groups.addGroup('sky', 'Sky watchers')
    await krakow.groups.addMember('sky', 'jan')
    for (let n = 0; n < 200; n++) await receive(`${n}`)
    const ofGroup = { shareType: 'group', shareWith: `sky@${krakow.host}`, name: 'stars' }
    await expect(receive('g', 'leiden.test', ofGroup)).rejects.toMatchObject({ reason: 'too-many' })
    await krakow.groups.addMember('sky', 'ola')
    await receive('g', 'leiden.test', ofGroup)
    expect((await list('ola')).map(({ name }) => name)).toEqual(['stars'])
    expect((await list('jan')).map(({ name }) => name)).not.toContain('stars')
  })

  it('are forgotten 90 days after they came, when they have ended', async () => {
    for (const id of ['declined', 'revoked', 'pending']) await receive(id, 'leiden.test', { name: id })
    for (const state of ['declined', 'revoked'])
      await krakow.db('received_shares').where({ name: state }).update({ state })
    const names = async () => (await list('jan')).map(({ name }) => name).sort()
    krakow.clock.advance(89 * DAY_MS)
    await receive('young', 'leiden.test', { name: 'young', expiration: 1 })
    krakow.shares.start(new AbortController().signal)
    const isTidied = () => krakow.db('received_shares').where({ name: 'young', state: 'revoked' })
    await until(async () => (await isTidied()).length === 1)
    expect(await names()).toEqual(['declined', 'pending', 'revoked', 'young'])
    krakow.clock.advance(DAY_MS)
    await until(async () => {
      krakow.clock.advance(60_000)
      return (await names()).join() === 'pending,young'
    })
  })
})

describe.each(engines)('shares and invitations of a hostile server, on %s', (engine) => {
  it('are stored up to every limit, with whatever characters, and shown', async () => {
    const krakow = await createTestNode(new Mesh(), 'krakow', { engine, users: ['jan'] })
    try {
      const send = (change: object) => {
        const wire = {
          shareWith: `jan@${krakow.host}`,
          name: 'n',
          providerId: '1',
          owner: 'ann@leiden.test',
          shareType: 'user',
          resourceType: 'folder',
          protocol: { webdav: { uri: 'https://leiden.test/x', sharedSecret: 's' } },
          ...change,
        }
        const share = readShare(findJson(JSON.stringify(wire)))
        return krakow.shares.inbox.receiveShare(share, 'leiden.test')
      }
      await send({ providerId: long(512), name: long(2000), description: long(20_000) })
      await send({ providerId: '\ud800', name: 'a\0b\ud800', ownerDisplayName: '\0' })
      await send({ providerId: 42, expiration: 8.64e12 })
      await send({ providerId: '4', owner: `${long(512)}@leiden.test`, expiration: 1e12 + 0.5 })
      const { items } = (await krakow.api('jan', 'listReceivedShares')) as {
        items: { id: string; name: string }[]
      }
      expect(items.map((one) => one.name.length).sort()).toEqual([1, 1, 1000, 3])
      for (const { id } of items) {
        expect(await krakow.api('jan', 'acceptReceivedShare', { params: { id } })).toMatchObject({
          state: 'accepted',
        })
      }
      expect((await (await krakow.drive('jan')).list([])).length).toBe(4)
    } finally {
      await krakow.close()
    }
  })

  it('make contacts up to every limit', async () => {
    const krakow = await createTestNode(new Mesh(), 'krakow', { engine, users: ['jan'] })
    try {
      const { token } = (await krakow.api('jan', 'createInvitation')) as { token: string }
      const wire = {
        recipientProvider: 'leiden.test',
        token,
        userID: long(512),
        name: long(9000),
        email: long(9000),
      }
      await krakow.shares.inbox.inviteAccepted(readAcceptedInvite(wire))
      const { items } = (await krakow.api('jan', 'listContacts')) as {
        items: { userId: string; displayName: string }[]
      }
      expect(items.map((one) => [one.userId.length, one.displayName.length])).toEqual([[512, 300]])
    } finally {
      await krakow.close()
    }
  })
})
