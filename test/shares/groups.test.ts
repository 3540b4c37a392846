import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OcmShare } from '../../src/ocm/types.ts'
import { inTransaction } from '../../src/platform/db.ts'
import { engines } from '../support/databases.ts'
import { bytes, createTestNode, Mesh, type TestNode, textAt, until } from './support.ts'

interface Received {
  id: string
  name: string
  state: string
  mountPath?: string
}

describe.each(engines)('sharing with groups on %s', (engine) => {
  let mesh: Mesh
  let leiden: TestNode
  let krakow: TestNode
  const stopping = new AbortController()

  beforeEach(async () => {
    mesh = new Mesh()
    leiden = await createTestNode(mesh, 'leiden', { engine, users: ['ann', 'ben', 'cat', 'dan'] })
    krakow = await createTestNode(mesh, 'krakow', { users: ['jan', 'ola', 'ewa'] })
    leiden.shares.start(stopping.signal)
    krakow.shares.start(stopping.signal)
    const home = await leiden.home('ann')
    await home.makeCollection(['stars'])
    await home.write(['stars', 'a.txt'], bytes('content of a'))
    await leiden.groups.addGroup('sky', 'Sky watchers')
    for (const name of ['ben', 'cat']) await leiden.groups.addMember('sky', name)
  })

  afterEach(async () => {
    await leiden.close()
    await krakow.close()
  })

  const received = async (node: TestNode, user: string): Promise<Received[]> =>
    ((await node.api(user, 'listReceivedShares')) as { items: Received[] }).items
  const accept = (node: TestNode, user: string, id: string) =>
    node.api(user, 'acceptReceivedShare', { params: { id } })
  const leave = (node: TestNode, user: string, id: string) =>
    node.api(user, 'leaveReceivedShare', { params: { id } })
  const stateOf = async (node: TestNode, user: string, id: string): Promise<string> =>
    ((await node.api(user, 'getShare', { params: { id } })) as { state: string }).state

  async function giveToSky(role = 'viewer'): Promise<string> {
    const recipient = { type: 'group', address: 'sky' }
    const share: { id: string } = await leiden.api('ann', 'createShare', {
      body: { path: '/stars', role, recipient },
    })
    return share.id
  }

  async function acceptFirst(node: TestNode, user: string): Promise<Received> {
    const [share] = await received(node, user)
    return await accept(node, user, share?.id ?? 'none')
  }

  describe('of this node', () => {
    it('is one share, which each member accepts or leaves for themselves', async () => {
      const id = await giveToSky()
      const given = (await leiden.api('ann', 'listShares')) as { items: unknown[] }
      expect(given.items).toMatchObject([
        { id, state: 'pending', recipient: { type: 'local', isGroup: true, displayName: 'Sky watchers' } },
      ])
      expect(await received(leiden, 'ben')).toMatchObject([{ name: 'stars', state: 'pending' }])
      expect(await received(leiden, 'dan')).toEqual([])
      expect(await received(leiden, 'ann')).toEqual([])
      const bens = await acceptFirst(leiden, 'ben')
      const cats = await acceptFirst(leiden, 'cat')
      expect(await stateOf(leiden, 'ann', id)).toBe('accepted')
      expect(await textAt(await leiden.drive('ben'), ['stars', 'a.txt'])).toBe('content of a')
      await leave(leiden, 'ben', bens.id)
      expect(await stateOf(leiden, 'ann', id)).toBe('accepted')
      await expect((await leiden.drive('ben')).stat(['stars'])).rejects.toMatchObject({ status: 404 })
      expect(await textAt(await leiden.drive('cat'), ['stars', 'a.txt'])).toBe('content of a')
      expect(cats.mountPath).toBe('/stars')
    })

    it('reaches who joins later, and is over at once for who goes', async () => {
      await giveToSky('editor')
      await acceptFirst(leiden, 'ben')
      expect(await leiden.groups.addMember('sky', 'dan')).toBe(true)
      expect(await leiden.groups.addMember('sky', 'dan')).toBe(false)
      await acceptFirst(leiden, 'dan')
      const inUse = await leiden.drive('ben')
      expect(await textAt(inUse, ['stars', 'a.txt'])).toBe('content of a')
      expect(await leiden.groups.removeMember('sky', 'ben')).toBe(true)
      await expect(inUse.read(['stars', 'a.txt'])).rejects.toMatchObject({ status: 404 })
      await expect(inUse.write(['stars', 'b.txt'], bytes('late'))).rejects.toMatchObject({ status: 404 })
      expect(await received(leiden, 'ben')).toEqual([])
      expect(await textAt(await leiden.drive('dan'), ['stars', 'a.txt'])).toBe('content of a')
      await leiden.groups.addMember('sky', 'ben')
      expect(await received(leiden, 'ben')).toMatchObject([{ state: 'pending' }])
    })

    it('does not take what is still being sent when its sender leaves the group', async () => {
      await giveToSky('editor')
      await acceptFirst(leiden, 'ben')
      const drive = await leiden.drive('ben')
      async function* slowly() {
        yield Buffer.from('begun ')
        await leiden.groups.removeMember('sky', 'ben')
        yield Buffer.from('and ended')
      }
      await expect(drive.write(['stars', 'slow.txt'], slowly())).rejects.toMatchObject({ status: 404 })
      await expect((await leiden.home('ann')).stat(['stars', 'slow.txt'])).rejects.toMatchObject({
        status: 404,
      })
    })

    it('does not take what is still being sent when its members may only look', async () => {
      const id = await giveToSky('editor')
      await acceptFirst(leiden, 'ben')
      const drive = await leiden.drive('ben')
      async function* slowly() {
        yield Buffer.from('begun ')
        await leiden.api('ann', 'changeShare', { params: { id }, body: { role: 'viewer' } })
        yield Buffer.from('and ended')
      }
      await expect(drive.write(['stars', 'slow.txt'], slowly())).rejects.toMatchObject({ status: 403 })
      await expect(drive.remove(['stars', 'a.txt'])).rejects.toMatchObject({ status: 403 })
      expect((await (await leiden.home('ann')).list(['stars'])).map(({ name }) => name)).toEqual(['a.txt'])
    })

    it('changes and ends for all of them together', async () => {
      const id = await giveToSky()
      for (const user of ['ben', 'cat']) await acceptFirst(leiden, user)
      await leiden.api('ann', 'changeShare', { params: { id }, body: { role: 'editor' } })
      for (const user of ['ben', 'cat']) {
        await (await leiden.drive(user)).write(['stars', `${user}.txt`], bytes(user))
      }
      await leiden.api('ann', 'revokeShare', { params: { id } })
      for (const user of ['ben', 'cat']) {
        await expect((await leiden.drive(user)).stat(['stars'])).rejects.toMatchObject({ status: 404 })
        expect(await received(leiden, user)).toMatchObject([{ state: 'revoked' }])
      }
    })

    it('ends with the group', async () => {
      const id = await giveToSky()
      await acceptFirst(leiden, 'ben')
      await leiden.groups.removeGroup('sky')
      expect(await stateOf(leiden, 'ann', id)).toBe('revoked')
      expect(await received(leiden, 'ben')).toEqual([])
    })

    it('is given once, to a group that there is, by its name', async () => {
      await giveToSky()
      await expect(giveToSky()).rejects.toMatchObject({ status: 409 })
      const body = { path: '/stars', role: 'viewer', recipient: { type: 'group', address: 'none' } }
      await expect(leiden.api('ann', 'createShare', { body })).rejects.toMatchObject({ status: 404 })
      const withPerson = { path: '/stars', role: 'viewer', shareWith: 'sky' }
      await expect(leiden.api('ann', 'createShare', { body: withPerson })).rejects.toMatchObject({
        status: 404,
      })
    })

    it('loses nobody who joins while the share is made', async () => {
      await Promise.all([giveToSky(), leiden.groups.addMember('sky', 'dan')])
      expect(await received(leiden, 'dan')).toHaveLength(1)
    })
  })

  describe('of another server', () => {
    async function give(role = 'viewer'): Promise<{ id: string }> {
      const recipient = { type: 'group', address: `geo@${krakow.host}` }
      return await leiden.api('ann', 'createShare', { body: { path: '/stars', role, recipient } })
    }

    beforeEach(async () => {
      await krakow.groups.addGroup('geo')
      for (const name of ['jan', 'ola']) await krakow.groups.addMember('geo', name)
    })

    it('reaches every member there, and the first who takes it is told of', async () => {
      const { id } = await give()
      expect(await received(krakow, 'jan')).toMatchObject([{ state: 'pending' }])
      expect(await received(krakow, 'ewa')).toEqual([])
      await acceptFirst(krakow, 'jan')
      await until(async () => (await stateOf(leiden, 'ann', id)) === 'accepted')
      const ola = await acceptFirst(krakow, 'ola')
      expect(await textAt(await krakow.drive('ola'), ['stars', 'a.txt'])).toBe('content of a')
      await leave(krakow, 'ola', ola.id)
      expect(await textAt(await krakow.drive('jan'), ['stars', 'a.txt'])).toBe('content of a')
      expect(await stateOf(leiden, 'ann', id)).toBe('accepted')
      expect(mesh.sent.filter((line) => line.startsWith('SHARE_'))).toEqual(['SHARE_ACCEPTED → leiden.test'])
    })

    it('reaches who joins there later, and ends for all when it is withdrawn', async () => {
      const { id } = await give()
      await acceptFirst(krakow, 'jan')
      await krakow.groups.addMember('geo', 'ewa')
      await acceptFirst(krakow, 'ewa')
      expect(await textAt(await krakow.drive('ewa'), ['stars', 'a.txt'])).toBe('content of a')
      await krakow.groups.removeMember('geo', 'jan')
      await expect((await krakow.drive('jan')).stat(['stars'])).rejects.toMatchObject({ status: 404 })
      await leiden.api('ann', 'revokeShare', { params: { id } })
      await until(async () => (await received(krakow, 'ewa'))[0]?.state === 'revoked')
      await krakow.groups.addMember('geo', 'jan')
      expect(await received(krakow, 'jan')).toEqual([])
    })

    it('is closed at once to who goes there, in drives in use and for what is still being sent', async () => {
      await give('editor')
      await acceptFirst(krakow, 'jan')
      await acceptFirst(krakow, 'ola')
      const [jans, olas] = [await krakow.drive('jan'), await krakow.drive('ola')]
      async function* slowly(member: string) {
        yield Buffer.from('begun ')
        await krakow.groups.removeMember('geo', member)
        yield Buffer.from('and ended')
      }
      const unsized = jans.write(['stars', 'slow.txt'], slowly('jan'))
      await expect(unsized).rejects.toMatchObject({ status: 404 })
      await expect(jans.read(['stars', 'a.txt'])).rejects.toMatchObject({ status: 404 })
      expect(await textAt(olas, ['stars', 'a.txt'])).toBe('content of a')
      const sized = olas.write(['stars', 'slow.txt'], slowly('ola'), { sizeBytes: 15 })
      await expect(sized).rejects.toMatchObject({ status: 404 })
      expect((await (await leiden.home('ann')).list(['stars'])).map(({ name }) => name)).toEqual(['a.txt'])
    })

    it('is withdrawn, too, while the group has no member', async () => {
      const { id } = await give()
      for (const name of ['jan', 'ola']) await krakow.groups.removeMember('geo', name)
      await leiden.api('ann', 'revokeShare', { params: { id } })
      await until(() => mesh.sent.includes('SHARE_UNSHARED → krakow.test'))
      await until(async () => {
        const row = await krakow.db('received_group_shares').where({ provider_id: id }).first()
        return row.is_over === 1
      })
      await krakow.groups.addMember('geo', 'jan')
      expect(await received(krakow, 'jan')).toEqual([])
    })

    it('is refused for a group that is not there, and nothing stays behind', async () => {
      const recipient = { type: 'group', address: `none@${krakow.host}` }
      const body = { path: '/stars', role: 'viewer', recipient }
      await expect(leiden.api('ann', 'createShare', { body })).rejects.toMatchObject({ status: 404 })
      expect(await leiden.api('ann', 'listShares')).toEqual({ items: [] })
    })

    it('takes the same message twice as once, and refuses another under its id', async () => {
      const person = { id: 'ann', host: leiden.host }
      const message: OcmShare = {
        shareWith: { id: 'geo', host: krakow.host },
        ...{ name: 'stars', description: '', providerId: 'given-1', owner: person, ownerDisplayName: 'Ann' },
        ...{ sender: person, senderDisplayName: 'Ann', shareType: 'group', resourceType: 'folder' },
        webdav: { uri: `${leiden.publicUrl}/dav/ocm/given-1`, sharedSecret: 'secret', permissions: ['read'] },
      }
      await krakow.shares.inbox.receiveShare(message, leiden.host)
      await krakow.shares.inbox.receiveShare(message, leiden.host)
      expect(await received(krakow, 'jan')).toHaveLength(1)
      for (const other of [
        { ...message, name: 'moons' },
        { ...message, webdav: { ...message.webdav, sharedSecret: 'other' } },
        { ...message, shareWith: { id: 'jan', host: krakow.host }, shareType: 'user' as const },
      ]) {
        const refused = krakow.shares.inbox.receiveShare(other, leiden.host)
        await expect(refused).rejects.toMatchObject({ reason: 'share-changed' })
      }
    })
  })

  it('joins and leaves all or nothing', async () => {
    await giveToSky()
    const failing = inTransaction(leiden.db, async (tx) => {
      await tx('user_group_members').delete()
      throw new Error('stop here')
    })
    await expect(failing).rejects.toThrow('stop here')
    const { id } = await leiden.groups.getGroup('sky')
    expect((await leiden.groups.listMembers(id)).map(({ name }) => name)).toEqual(['ben', 'cat'])
    await expect(leiden.groups.addGroup('sky')).rejects.toMatchObject({ status: 409 })
    await expect(leiden.groups.addGroup('No Good')).rejects.toMatchObject({ status: 400 })
    await expect(leiden.groups.addMember('none', 'ann')).rejects.toMatchObject({ status: 404 })
    await expect(leiden.groups.addMember('sky', 'nobody')).rejects.toMatchObject({ status: 404 })
  })
})
