import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Notifications } from '../../src/notify/notifications/notifications.ts'
import { NodeWatch } from '../../src/notify/watch/node-watch.ts'
import type { PeerHealth } from '../../src/notify/watch/types.ts'
import { EventBus } from '../../src/platform/events.ts'
import { createLogger } from '../../src/platform/log.ts'
import { SpacesRepo } from '../../src/store/spaces-repo.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { addUsers, FakeClock } from './support.ts'

const HOUR_MS = 3_600_000
const ROUND_MS = 300_000

describe.each(engines)('looking after the node on %s', (engine) => {
  let database: TestDatabase
  let clock: FakeClock
  let notifications: Notifications
  let peers: PeerHealth[]
  let freeBytes: number
  let spaceRoots: Record<string, string>

  /** Another worker, or the same after a new start. */
  const newWatch = (diskLowBytes?: number) =>
    new NodeWatch({
      ...{ db: database.db, clock, notifications, log: createLogger('silent'), diskLowBytes },
      facts: {
        quotaBytes: 1_000,
        disk: async () => ({ freeBytes, totalBytes: 10_000 }),
        listPeers: async () => peers,
        listAdmins: async () => ['root'],
      },
    })
  const round = async (watch = newWatch()) => {
    clock.pass(ROUND_MS)
    await watch.look()
  }
  /** What somebody is told since the last time; it is dismissed. */
  const told = async (userId: string) => {
    const found = await notifications.list(userId)
    await notifications.dismissAll(userId)
    return found.map(({ subject }) => subject)
  }
  const use = (userId: string, bytes: number) =>
    database
      .db('files')
      .where('id', spaceRoots[userId] ?? '')
      .update({ size_bytes: bytes })
  const peer = (reason: 'away' | 'signature', succeededAtMs?: number): PeerHealth => ({
    host: 'there.test',
    hasHeldKey: false,
    lastFailure: { atMs: clock.nowMs(), reason, text: 'It went wrong.' },
    ...(succeededAtMs === undefined ? {} : { succeededAtMs }),
  })

  beforeAll(async () => {
    database = await createTestDatabase(engine)
    await addUsers(database.db, ['ann', 'ben', 'root'])
    const spaces = new SpacesRepo(database.db)
    const [ann, ben] = [await spaces.createForOwner('ann', 1), await spaces.createForOwner('ben', 1)]
    spaceRoots = { ann: ann.rootId, ben: ben.rootId }
    await database.db('files').where('id', ann.trashRootId).update({ size_bytes: 100 })
  })

  afterAll(() => database.close())

  beforeEach(async () => {
    clock = new FakeClock()
    peers = []
    freeBytes = 9_000
    for (const table of ['notifications', 'watch_states']) await database.db(table).delete()
    await use('ann', 0)
    await use('ben', 0)
    const deps = { db: database.db, clock, events: new EventBus(), sendsMail: false }
    notifications = new Notifications({ ...deps, shares: { listWaiting: async () => [] } })
  })

  it('tells once that a drive is full to 90 %, and again after it was below 85 %', async () => {
    await use('ann', 799)
    await round()
    expect(await told('ann')).toEqual([])
    await use('ann', 800)
    await Promise.all([round(), round()])
    expect(await told('ann')).toEqual(['Your drive is 90 % full'])
    expect(await told('ben')).toEqual([])
    // Long enough for the notification to be forgotten.
    clock.pass(40 * 24 * HOUR_MS)
    await database.db('notifications').delete()
    for (const bytes of [850, 760, 850]) {
      await use('ann', bytes)
      await round()
    }
    expect(await told('ann')).toEqual([])
    await use('ann', 740)
    await round()
    await use('ann', 880)
    await round()
    expect(await told('ann')).toEqual(['Your drive is 98 % full'])
  })

  it('heeds the limit of a user', async () => {
    await use('ben', 950)
    await database.db('users').where('id', 'ben').update({ quota_bytes: 5_000 })
    await round()
    expect(await told('ben')).toEqual([])
    await database.db('users').where('id', 'ben').update({ quota_bytes: null })
    await round()
    expect(await told('ben')).toEqual(['Your drive is 95 % full'])
  })

  it('tells administrators once that the disk is nearly full', async () => {
    freeBytes = 499
    await round()
    await round()
    expect(await told('root')).toEqual(['The disk of the node is nearly full: 499 B left'])
    expect(await told('ann')).toEqual([])
    for (freeBytes of [510, 490]) await round()
    expect(await told('root')).toEqual([])
    for (freeBytes of [2_000, 490]) await round()
    expect((await told('root')).length).toBe(1)
    freeBytes = 2_000
    await round()
    await round(newWatch(3_000))
    expect((await told('root')).length).toBe(1)
  })

  it('tells of a server that was away for a day, and takes it back when it is there', async () => {
    const wellAtMs = clock.nowMs()
    clock.pass(1_000)
    peers = [peer('away', wellAtMs)]
    await round()
    clock.pass(25 * HOUR_MS)
    await round()
    expect(await told('root')).toEqual([])
    peers = [peer('away', wellAtMs)]
    await Promise.all([round(), round()])
    const [notice] = await notifications.list('root')
    expect(notice?.subject).toBe('there.test has not been reachable for a day')
    expect(notice?.message).toContain('The last error: It went wrong.')
    peers = [peer('away', wellAtMs)]
    await round()
    expect((await notifications.list('root')).length).toBe(1)
    peers = [peer('away', clock.nowMs() + 1)]
    await round()
    expect(await notifications.list('root')).toEqual([])
  })

  it('tells of signatures that fail several times within an hour, and of a key nobody has accepted', async () => {
    for (let at = 0; at < 4; at++) {
      peers = [peer('signature')]
      await round()
      clock.pass(2 * HOUR_MS)
    }
    expect(await told('root')).toEqual([])
    for (let at = 0; at < 3; at++) {
      peers = [peer('signature')]
      await round()
      await round()
    }
    expect(await told('root')).toEqual(['Signatures between this node and there.test fail'])
    await round()
    expect(await told('root')).toEqual([])
    peers = []
    await round()
    peers = [{ host: 'there.test', hasHeldKey: true }]
    await round()
    await round()
    expect((await notifications.list('root')).map(({ message }) => message.split('\n')[0])).toEqual([
      'It signs with a new key that nobody has accepted; its messages are refused.',
    ])
  })
})
