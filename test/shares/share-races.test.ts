import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OcmNotification } from '../../src/ocm/notification.ts'
import { engines } from '../support/databases.ts'
import { bytes, createTestNode, holdRow, Mesh, START_MS, type TestNode, untilBlocked } from './support.ts'

interface Share {
  id: string
  role: string
  state: string
  note?: string
  expiresAt?: string
}

describe.each(engines)('two who do something to a share at the same moment, on %s', (engine) => {
  let mesh: Mesh
  let leiden: TestNode
  let krakow: TestNode
  let hashing: PromiseWithResolvers<void>
  let hashed: PromiseWithResolvers<void>

  beforeEach(async () => {
    hashing = Promise.withResolvers()
    hashed = Promise.withResolvers()
    const hash = async (text: string) => {
      hashing.resolve()
      await hashed.promise
      return `hash of ${text}`
    }
    const passwords = { hash, verify: async () => false }
    mesh = new Mesh()
    leiden = await createTestNode(mesh, 'leiden', {
      engine,
      users: ['ann', 'ben', 'cat'],
      parts: { passwords },
    })
    krakow = await createTestNode(mesh, 'krakow', { users: ['jan'] })
    const home = await leiden.home('ann')
    await home.makeCollection(['data'])
    await home.write(['data', 'a.txt'], bytes('alpha'))
  })
  afterEach(async () => {
    await krakow.close()
    await leiden.close()
  })

  const give = (user: string, shareWith: string, more = {}): Promise<Share> =>
    leiden.api(user, 'createShare', { body: { path: '/data', shareWith, role: 'editor', ...more } })
  const change = (user: string, id: string, body: object): Promise<Share> =>
    leiden.api(user, 'changeShare', { params: { id }, body })
  const share = (user: string, id: string): Promise<Share> => leiden.api(user, 'getShare', { params: { id } })
  const revoke = (id: string): Promise<unknown> => leiden.api('ann', 'revokeShare', { params: { id } })
  const received = async (user: string): Promise<Share[]> =>
    ((await leiden.api(user, 'listReceivedShares')) as { items: Share[] }).items
  const answer = async (user: string, verb: 'accept' | 'decline'): Promise<Share> => {
    const [first] = await received(user)
    return await leiden.api(user, `${verb}ReceivedShare`, { params: { id: first?.id } })
  }
  /** Starts both while a row is held, the second when the first waits for it; how they end. */
  const together = async (
    [table, where]: [string, object],
    [first, second]: [() => Promise<unknown>, () => Promise<unknown>],
  ) => {
    const held = await holdRow(leiden.db, table, where)
    const one = first()
    await untilBlocked(leiden.db, 1)
    let isOver = false
    const two = second().finally(() => {
      isOver = true
    })
    await untilBlocked(leiden.db, 2, () => isOver)
    await held.release()
    const ends = await Promise.allSettled([one, two])
    return ends.map((end) => (end.status === 'fulfilled' ? 'done' : (end.reason.status ?? end.reason)))
  }
  const both = ['done', 'done']
  const passedOn = async () => {
    const above = await give('ann', 'ben', { mayReshare: true })
    await answer('ben', 'accept')
    return above
  }

  describe('a right that is taken away', () => {
    it('does not come back with a password that was being hashed', async () => {
      const body = { path: '/data', role: 'editor', recipient: { type: 'link' } }
      const link: Share = await leiden.api('ann', 'createShare', { body })
      const protecting = change('ann', link.id, { password: 'open sesame' })
      await hashing.promise
      expect(await change('ann', link.id, { role: 'viewer' })).toMatchObject({ role: 'viewer' })
      hashed.resolve()
      expect(await protecting).toMatchObject({ role: 'viewer', link: { hasPassword: true } })
      expect(await share('ann', link.id)).toMatchObject({ role: 'viewer' })
    })

    it('does not come back with a note', async () => {
      const { id } = await give('ann', 'ben')
      const narrow = () => change('ann', id, { role: 'viewer' })
      const note = () => change('ann', id, { note: 'look' })
      expect(await together(['shares', { id }], [narrow, note])).toEqual(both)
      expect(await share('ann', id)).toMatchObject({ role: 'viewer', note: 'look' })
      expect(await received('ben')).toMatchObject([{ role: 'viewer', note: 'look' }])
    })

    it('does not come back with a change of what the share stands on', async () => {
      const above = await passedOn()
      const { id } = await give('ben', 'cat')
      const narrow = () => change('ben', id, { role: 'viewer' })
      const shorten = () => change('ann', above.id, { expiresAt: new Date(START_MS + 60_000).toISOString() })
      expect(await together(['shares', { id }], [narrow, shorten])).toEqual(both)
      const expiresAt = new Date(START_MS + 60_000).toISOString()
      expect(await share('ben', id)).toMatchObject({ role: 'viewer', expiresAt })
    })

    it('is not given on by who still had it when they asked', async () => {
      const above = await passedOn()
      const { id } = await give('ben', 'cat', { role: 'viewer' })
      const [mine] = await received('ben')
      const narrow = () => change('ann', above.id, { role: 'viewer' })
      const widen = () => change('ben', id, { role: 'editor' })
      const ended = await together(['received_shares', { id: mine?.id }], [narrow, widen])
      expect(ended).toEqual(['done', 403])
      expect(await share('ben', id)).toMatchObject({ role: 'viewer' })
    })

    it('does not come back by a change of what has ended meanwhile', async () => {
      const { id } = await give('ann', 'ben')
      const widen = () => change('ann', id, { note: 'too late' })
      expect(await together(['shares', { id }], [() => revoke(id), widen])).toEqual(['done', 409])
      expect(await share('ann', id)).toMatchObject({ state: 'revoked' })
    })

    it('does not come back by a notice that says nothing of it', async () => {
      const home = await krakow.home('jan')
      await home.write(['b.txt'], bytes('beta'))
      const given: Share = await krakow.api('jan', 'createShare', {
        body: { path: '/b.txt', shareWith: `ann@${leiden.host}`, role: 'viewer' },
      })
      const tell = (more: Partial<OcmNotification>) => () =>
        leiden.shares.inbox.receiveNotification(
          {
            ...{ type: 'SHARE_CHANGE_PERMISSION', resourceType: 'file', providerId: given.id },
            ...{ permissions: ['read'], ...more },
          } as OcmNotification,
          krakow.host,
        )
      const end = { expiresAtMs: START_MS + 60_000 }
      const where: [string, object] = ['received_shares', { provider_id: given.id }]
      expect(await together(where, [tell(end), tell({ note: 'look' })])).toEqual(both)
      const expiresAt = new Date(START_MS + 60_000).toISOString()
      expect(await received('ann')).toMatchObject([{ note: 'look', expiresAt }])
    })
  })

  describe('one who answers or goes, and one who takes back,', () => {
    it.each(['accept', 'decline'] as const)('do not wait for each other: %s', async (verb) => {
      const { id } = await give('ann', 'ben')
      const [mine] = await received('ben')
      const where: [string, object] = ['received_shares', { id: mine?.id }]
      const ended = await together(where, [() => answer('ben', verb), () => revoke(id)])
      // Who answers has looked before, and on SQLite comes after who takes back.
      expect(ended).toEqual(engine === 'sqlite' ? [409, 'done'] : both)
      expect(await share('ann', id)).toMatchObject({ state: 'revoked' })
      expect(await received('ben')).toMatchObject([{ state: 'revoked' }])
    })

    it('do not wait for each other where who goes has passed it on', async () => {
      await leiden.groups.addGroup('sky', 'Sky watchers')
      await leiden.groups.addMember('sky', 'ben')
      const recipient = { type: 'group', address: 'sky' }
      const body = { path: '/data', role: 'editor', mayReshare: true, recipient }
      const { id }: Share = await leiden.api('ann', 'createShare', { body })
      await answer('ben', 'accept')
      const below = await give('ben', 'cat')
      const leave = () => leiden.groups.removeMember('sky', 'ben')
      expect(await together(['shares', { id: below.id }], [leave, () => revoke(id)])).toEqual(both)
      expect(await received('ben')).toEqual([])
      expect(await share('ben', below.id)).toMatchObject({ state: 'revoked' })
    })
  })
})
