import { describe, expect, it } from 'vitest'
import { readAcceptedInvite, readShare } from '../../src/ocm/dialects/standard.ts'
import { findJson } from '../../src/ocm/peer-answer.ts'
import { engines } from '../support/databases.ts'
import { createTestNode, Mesh } from './support.ts'

/** Text at every limit that the protocol's form lets through, in characters of three bytes. */
const long = (length: number) => '語'.repeat(length)

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
