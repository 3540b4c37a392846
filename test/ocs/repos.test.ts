import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Notifications } from '../../src/ocs/notifications/notifications.ts'
import { OcsNumbers } from '../../src/ocs/numbers-repo.ts'
import type { OcsReceivedShare } from '../../src/ocs/sharing/types.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'

const DAY_MS = 86_400_000

describe.each(engines)('on %s', (engine) => {
  let database: TestDatabase
  let nowMs = 1_795_000_000_000
  const clock: Clock = { nowMs: () => nowMs, wait: () => Promise.resolve() }

  beforeAll(async () => {
    database = await createTestDatabase(engine)
    for (const id of ['u1', 'u2']) {
      const row = { id, name: id, display_name: id, email: '', password_hash: '', created_at_ms: 1 }
      await database.db('users').insert(row)
    }
  })

  afterAll(() => database.close())

  describe('numbers', () => {
    it('are given once to each id, and to nothing else', async () => {
      const numbers = new OcsNumbers(database.db)
      const first = await numbers.numbersOf('given', ['a', 'b', 'a'])
      expect([...first.keys()].sort()).toEqual(['a', 'b'])
      const more = await numbers.numbersOf('given', ['b', 'c', 'a'])
      expect([more.get('a'), more.get('b')]).toEqual([first.get('a'), first.get('b')])
      expect(await numbers.numberOf('received', 'a')).not.toBe(first.get('a'))
      expect(await numbers.find(String(first.get('b')))).toEqual({ kind: 'given', id: 'b' })
      expect(await numbers.numbersOf('file', [])).toEqual(new Map())
    })

    it('are the same for all who ask at once, and for more than fit into one statement', async () => {
      const numbers = new OcsNumbers(database.db)
      const ids = Array.from({ length: 1_100 }, (_, index) => `file ${index}`)
      const [one, two] = await Promise.all([numbers.numbersOf('file', ids), numbers.numbersOf('file', ids)])
      expect(one).toEqual(two)
      expect(new Set(one?.values()).size).toBe(ids.length)
    })

    it.each([
      '',
      '0',
      '-1',
      '01',
      '1.5',
      '1e3',
      ' 1',
      '9999999999',
      '4294967296',
      "1' or '1'='1",
    ])('are not %j', async (text) => expect(await new OcsNumbers(database.db).find(text)).toBeUndefined())
  })

  describe('notifications', () => {
    let pending: OcsReceivedShare[]
    let notifications: Notifications
    const share = (id: string) =>
      ({
        id,
        isAccepted: false,
        name: id,
        note: '',
        owner: { id: 'o@there', displayName: 'O' },
        sender: { id: 's@there', displayName: 'S' },
        createdAtMs: nowMs,
      }) as OcsReceivedShare
    const news = (subjectId: string) => ({
      ...{ userId: 'u1', kind: 'transfer' as const, subjectId },
      subject: `about ${subjectId}`,
      message: '',
    })
    const subjects = async (userId = 'u1') => (await notifications.list(userId)).map((one) => one.subjectId)

    beforeEach(async () => {
      pending = []
      await database.db('notifications').delete()
      const listReceived = async (userId: string) => (userId === 'u1' ? pending : [])
      notifications = new Notifications({ db: database.db, clock, sharing: { listReceived } })
    })

    it('tell of every share that waits, newest first, under numbers that stay', async () => {
      pending = [share('one')]
      const [first] = await notifications.list('u1')
      nowMs += 1_000
      pending = [share('two'), ...pending]
      expect(await subjects()).toEqual(['two', 'one'])
      expect((await notifications.list('u1')).at(-1)?.id).toBe(first?.id)
      expect(first?.subject).toBe('S (s@there) wants to share "one" (of O, o@there) with you')
      expect(await subjects('u2')).toEqual([])
      pending = pending.slice(0, 1)
      expect(await subjects()).toEqual(['two'])
    })

    it('are shown whatever number of shares waits, and tell of the newest only', async () => {
      const count = 1_200
      pending = Array.from({ length: count }, (_, index) => ({
        ...share(`share ${index}`),
        createdAtMs: nowMs + index,
      }))
      expect((await subjects())[0]).toBe(`share ${count - 1}`)
      expect((await subjects()).length).toBe(100)
      expect((await database.db('notifications')).length).toBe(200)
      pending = []
      expect(await subjects()).toEqual([])
      expect(await database.db('notifications')).toEqual([])
    })

    it('do not come back once dismissed, while the share goes on waiting', async () => {
      pending = [share('one'), share('two')]
      const [first] = await notifications.list('u1')
      await notifications.dismiss('u1', first?.id ?? 0)
      expect(await subjects()).toHaveLength(1)
      await expect(notifications.dismiss('u1', first?.id ?? 0)).rejects.toThrow('no such')
      await expect(notifications.dismiss('u2', first?.id ?? 0)).rejects.toThrow('no such')
      await notifications.dismissAll('u1')
      expect(await subjects()).toEqual([])
    })

    it('tell once of what happens once, and anew of what happens again', async () => {
      await notifications.tellOnce(news('a'))
      const [first] = await notifications.list('u1')
      await notifications.tellOnce(news('a'))
      expect((await notifications.list('u1')).map(({ id }) => id)).toEqual([first?.id])
      await notifications.dismissAll('u1')
      await notifications.tellOnce(news('a'))
      expect(await subjects()).toEqual([])
      await notifications.tell(news('a'))
      const [again] = await notifications.list('u1')
      expect(again?.id).toBeGreaterThan(first?.id ?? 0)
    })

    it('are forgotten after a month, and when there are too many', async () => {
      await notifications.tell(news('old'))
      nowMs += 31 * DAY_MS
      for (let count = 0; count < 205; count++) await notifications.tell(news(`job ${count}`))
      const rows: unknown[] = await database.db('notifications')
      expect(rows).toHaveLength(200)
      expect(await notifications.list('u1')).toHaveLength(100)
    })
  })
})
