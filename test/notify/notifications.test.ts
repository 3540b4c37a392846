import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Notifications } from '../../src/notify/notifications/notifications.ts'
import { NotificationsRepo } from '../../src/notify/notifications/notifications-repo.ts'
import type { News, WaitingShare } from '../../src/notify/notifications/types.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { EventBus } from '../../src/platform/events.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { addUsers } from './support.ts'

const DAY_MS = 86_400_000

describe.each(engines)('notifications on %s', (engine) => {
  let database: TestDatabase
  let nowMs = 1_795_000_000_000
  const clock: Clock = { nowMs: () => nowMs, wait: () => Promise.resolve() }
  const events = new EventBus()
  let pending: WaitingShare[]
  let notifications: Notifications
  const share = (id: string): WaitingShare => ({
    ...{ id, source: 'remote', name: id, kind: 'file', note: '', createdAtMs: nowMs },
    owner: { name: 'O', address: 'o@there' },
    sender: { name: 'S', address: 's@there' },
  })
  const news = (subjectId: string): News => ({
    ...{ userId: 'u1', kind: 'app-password.created', subjectId },
    facts: { label: `about ${subjectId}` },
  })
  const subjects = async (userId = 'u1') => (await notifications.list(userId)).map((one) => one.subjectId)

  beforeAll(async () => {
    database = await createTestDatabase(engine)
    await addUsers(database.db, ['u1', 'u2'])
  })

  afterAll(() => database.close())

  beforeEach(async () => {
    pending = []
    await database.db('notifications').delete()
    const listWaiting = async (userId: string) => (userId === 'u1' ? pending : [])
    const deps = { db: database.db, clock, events, shares: { listWaiting } }
    notifications = new Notifications({ ...deps, sendsMail: false })
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

  it('tell of the last end of a thing only, and show live pages that there is something', async () => {
    const heard: unknown[] = []
    const stop = events.subscribe('notification', (event) => heard.push(event))
    const facts = {
      label: 'x',
      filesDone: 1,
      filesFailed: 0,
      bytes: 1,
      seconds: 1,
      finishedAt: '',
      failures: [],
    }
    const kinds = ['transfer.finished', 'transfer.failed'] as const
    await notifications.tell({ userId: 'u1', kind: 'transfer.failed', subjectId: 'job', facts }, kinds)
    await notifications.tell({ userId: 'u1', kind: 'transfer.finished', subjectId: 'job', facts }, kinds)
    const shown = await notifications.list('u1')
    expect(shown.map(({ kind, link }) => [kind, link])).toEqual([['transfer.finished', '/transfers/job']])
    expect(heard).toEqual([
      { userId: 'u1', kind: 'transfer.failed' },
      { userId: 'u1', kind: 'transfer.finished' },
    ])
    stop()
  })

  it('show what an older version wrote as it stands', async () => {
    const row = { user_id: 'u1', kind: 'transfer.finished', subject_id: 'old', created_at_ms: nowMs }
    const facts = JSON.stringify({ subject: 'The transfer is finished', message: 'Files: 3 arrived.' })
    await database.db('notifications').insert({ ...row, facts })
    expect(await notifications.list('u1')).toMatchObject([
      { subject: 'The transfer is finished', message: 'Files: 3 arrived.', actions: [] },
    ])
  })

  it('keep names on one line, whatever stands in them', async () => {
    pending = [
      { ...share('one'), name: 'a\r\nBcc: x@y\u202egnp.exe', sender: { name: '\n', address: 's@there' } },
    ]
    const [shown] = await notifications.list('u1')
    expect(shown?.subject).toBe('s@there wants to share "a Bcc: x@y\ufffdgnp.exe" (of O, o@there) with you')
    expect(shown?.actions.map(({ path }) => path)).toEqual([
      '/received-shares/one/accept',
      '/received-shares/one/decline',
    ])
  })

  it('are taken for mail by one process only', async () => {
    const repo = new NotificationsRepo(database.db)
    await repo.insertNew([{ ...news('m'), createdAtMs: nowMs, mail: 'new' }])
    const [one] = await repo.listForMail('new', 10)
    const id = one?.id ?? 0
    expect(await Promise.all([repo.setMail(id, 'new', 'done'), repo.setMail(id, 'new', 'done')])).toEqual([
      true,
      false,
    ])
  })
})
