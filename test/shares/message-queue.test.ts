import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OcmNotification } from '../../src/ocm/notification.ts'
import { PeerError, type PeerFailure } from '../../src/ocm/peer-error.ts'
import { messageOf } from '../../src/platform/errors.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createSeal } from '../../src/platform/seal.ts'
import { messageWaitMs } from '../../src/shares/message-attempt.ts'
import {
  createMessageQueue,
  type MessageQueue,
  type MessageQueueDeps,
} from '../../src/shares/message-queue.ts'
import { deleteMessage, failMessage } from '../../src/shares/messages-repo.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { HandClock, START_MS, until } from './support.ts'

const about = { userId: 'u', side: 'received', subjectId: 'r1', peerHost: 'krakow.test' } as const
const notice = (type: OcmNotification['type'] = 'SHARE_ACCEPTED', more: Partial<OcmNotification> = {}) => ({
  notification: { type, resourceType: 'file', providerId: '42', ...more },
})
const seal = createSeal(randomBytes(32))
const DAY_MS = 86_400_000

describe.each(engines)('messages to peers on %s', (engine) => {
  let database: TestDatabase
  let clock: HandClock
  let failure: PeerError | undefined
  let tried: OcmNotification[]

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    clock = new HandClock()
    failure = undefined
    tried = []
  })
  afterEach(() => database.close())

  const fail = (reason: PeerFailure, retryAfterSeconds?: number) => {
    const options = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
    failure = new PeerError(reason, 'krakow.test', 'It failed.', options)
  }
  const deps = (notify: MessageQueueDeps['ocm']['notify']): MessageQueueDeps => ({
    db: database.db,
    clock,
    seal,
    log: createLogger('silent'),
    ocm: { notify, sendShare: () => Promise.reject(new Error('not needed')) },
    ends: {
      isWanted: async () => true,
      arrived: ({ id }) => deleteMessage(database.db, id),
      givenUp: ({ id }, error) => failMessage(database.db, id, messageOf(error)),
    },
  })
  /** A queue as a process has it after its start; several may share the database. */
  const startQueue = (): MessageQueue =>
    createMessageQueue(
      deps(async (_host, notification) => {
        tried.push(notification)
        if (failure !== undefined) throw failure
        return undefined
      }),
    )
  const rows = () => database.db('share_messages').orderBy('position')
  const waiting = async () => (await rows()).filter((row) => row.state === 'waiting').length

  it('are delivered once, with the secret that lies sealed in the table', async () => {
    const queue = startQueue()
    const content = notice('SHARE_ACCEPTED', { sharedSecret: 's3cret' })
    await queue.enqueue(database.db, { ...about, content })
    expect(JSON.stringify(await rows())).not.toContain('s3cret')
    await Promise.all([queue.deliverDue(), startQueue().deliverDue()])
    await queue.deliverDue()
    expect(tried).toEqual([content.notification])
    expect(await rows()).toEqual([])
  })

  it('go in their order, each after the one before it about the same share', async () => {
    const queue = startQueue()
    await queue.enqueue(database.db, { ...about, content: notice('SHARE_ACCEPTED') })
    await queue.enqueue(database.db, { ...about, content: notice('SHARE_DECLINED') })
    await queue.enqueue(database.db, { ...about, subjectId: 'r2', content: notice('USER_REMOVED') })
    fail('unreachable')
    await queue.deliverDue()
    expect(tried.map(({ type }) => type).sort()).toEqual(['SHARE_ACCEPTED', 'USER_REMOVED'])
    failure = undefined
    tried = []
    clock.advance(30_000)
    await queue.deliverDue()
    const ofShare = tried.filter(({ type }) => type !== 'USER_REMOVED')
    expect(ofShare.map(({ type }) => type)).toEqual(['SHARE_ACCEPTED', 'SHARE_DECLINED'])
    expect(await rows()).toEqual([])
  })

  it('do not hold a stop up: what is on its way is given up and is the first thing after the next start', async () => {
    const stop = new AbortController()
    const asked: AbortSignal[] = []
    const queue = createMessageQueue(
      deps(
        (host, _, { signal } = {}) =>
          new Promise((_resolve, reject) => {
            asked.push(signal as AbortSignal)
            signal?.addEventListener('abort', () => reject(new PeerError('unreachable', host, 'Given up.')))
          }),
      ),
    )
    for (let n = 0; n < 40; n++) {
      const peerHost = `h${Math.floor(n / 4)}.test`
      await queue.enqueue(database.db, { ...about, peerHost, subjectId: `r${n}`, content: notice() })
    }
    const ended = queue.run(stop.signal)
    await until(() => asked.length === 16)
    stop.abort()
    await ended
    expect([asked.length, await waiting()]).toEqual([16, 40])
    await startQueue().deliverDue()
    expect([tried.length, await waiting()]).toEqual([40, 0])
  })

  it('are not held up by a server that never answers, however many wait for that one', async () => {
    const stop = new AbortController()
    const asked: string[] = []
    const queue = createMessageQueue(
      deps((host, _, { signal } = {}) => {
        asked.push(host)
        if (host !== 'tarpit.test') return Promise.resolve(undefined)
        return new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new PeerError('unreachable', host, 'Given up.')))
        })
      }),
    )
    const send = (peerHost: string, n: number) =>
      queue.enqueue(database.db, { ...about, peerHost, subjectId: `${peerHost} ${n}`, content: notice() })
    for (let n = 0; n < 50; n++) await send('tarpit.test', n)
    for (let n = 0; n < 20; n++) await send(`h${n % 5}.test`, n)
    const running = queue.run(stop.signal)
    const answered = () => asked.filter((host) => host !== 'tarpit.test').length
    await until(() => answered() === 20)
    await send('late.test', 1)
    queue.wake()
    await until(() => asked.includes('late.test'))
    expect(asked.filter((host) => host === 'tarpit.test')).toHaveLength(2)
    stop.abort()
    await running
    expect(await waiting()).toBe(50)
  })

  it('do not stop because one of them meets a fault of our own', async () => {
    const controller = new AbortController()
    let faults = 0
    const ends = {
      arrived: () => (faults++ === 0 ? Promise.reject(new Error('No room.')) : Promise.resolve()),
    }
    const own = deps(async () => undefined)
    const queue = createMessageQueue({ ...own, ends: { ...own.ends, ...ends } })
    await queue.enqueue(database.db, { ...about, content: notice() })
    await expect(queue.deliverDue()).rejects.toThrow('No room.')
    const running = queue.run(controller.signal)
    await queue.enqueue(database.db, { ...about, subjectId: 'r2', content: notice() })
    queue.wake()
    await until(() => faults === 2)
    controller.abort()
    await running
  })

  it('are tried again with growing waits, by whichever process is there, until they arrive', async () => {
    fail('unreachable')
    await startQueue().enqueue(database.db, { ...about, content: notice() })
    await startQueue().deliverDue()
    expect(tried.length).toBe(1)
    for (const [index, waitMs] of [30_000, 60_000, 120_000].entries()) {
      clock.advance(waitMs - 1)
      await startQueue().deliverDue()
      expect(tried.length).toBe(index + 1)
      clock.advance(1)
      await startQueue().deliverDue()
      expect(tried.length).toBe(index + 2)
    }
    expect((await rows())[0]).toMatchObject({ tries: 4, state: 'waiting' })
    expect((await rows())[0].last_error).toMatch(/^It failed\. .*running/)
    failure = undefined
    clock.advance(240_000)
    await startQueue().deliverDue()
    expect(tried.length).toBe(5)
    expect(await rows()).toEqual([])
  })

  it('go out as soon as the server is heard of again, and not those for another one', async () => {
    fail('unreachable')
    const queue = startQueue()
    await queue.enqueue(database.db, { ...about, content: notice() })
    await queue.enqueue(database.db, {
      ...{ ...about, subjectId: 'r2', peerHost: 'gdansk.test' },
      content: notice('SHARE_DECLINED'),
    })
    for (const waitMs of [0, 30_000, 60_000, 120_000, 240_000]) {
      clock.advance(waitMs)
      await queue.deliverDue()
    }
    expect(tried.length).toBe(10)
    failure = undefined
    clock.advance(60_000)
    queue.heardFrom('krakow.test')
    await until(async () => (await rows()).some((row) => row.next_try_at_ms === clock.nowMs()))
    await queue.deliverDue()
    expect((await rows()).map(({ peer_host }) => peer_host)).toEqual(['gdansk.test'])
    expect(tried.length).toBe(11)
  })

  it('of which one fails while others arrive are not tried without end', async () => {
    fail('bad-answer')
    const queue = startQueue()
    await queue.enqueue(database.db, { ...about, content: notice() })
    await queue.deliverDue()
    for (const [index, gapMs] of [3_000, 6_000, 12_000].entries()) {
      const dueMs = clock.nowMs() + gapMs
      for (let n = 0; n < 5; n++) queue.heardFrom('krakow.test')
      await until(async () => (await rows())[0].next_try_at_ms === dueMs)
      await queue.deliverDue()
      expect(tried.length).toBe(index + 1)
      clock.advance(gapMs)
      await queue.deliverDue()
      expect(tried.length).toBe(index + 2)
    }
  })

  it('wait as long as a busy peer asks for', async () => {
    fail('busy', 600)
    await startQueue().enqueue(database.db, { ...about, content: notice() })
    await startQueue().deliverDue()
    expect((await rows())[0].next_try_at_ms).toBe(START_MS + 600_000)
    clock.advance(599_999)
    const heard = startQueue()
    heard.heardFrom('krakow.test')
    await heard.close()
    await startQueue().deliverDue()
    expect(tried.length).toBe(1)
    clock.advance(1)
    fail('busy', 10 * 365 * 86_400)
    await startQueue().deliverDue()
    expect((await rows())[0].next_try_at_ms).toBe(START_MS + 600_000 + DAY_MS)
  })

  it('are given up after seven days, the last try at their very end, and stay to be seen', async () => {
    fail('unreachable')
    const queue = startQueue()
    await queue.enqueue(database.db, { ...about, content: notice() })
    while ((await waiting()) === 1) {
      await queue.deliverDue()
      const [row] = await rows()
      if (row.state === 'waiting') clock.advance(row.next_try_at_ms - clock.nowMs())
    }
    expect(clock.nowMs()).toBe(START_MS + 7 * DAY_MS)
    expect(tried.length).toBeGreaterThan(150)
    expect((await rows())[0]).toMatchObject({ state: 'failed', last_error: 'It failed.' })
    await queue.deliverDue()
    expect((await rows())[0].tries).toBe(tried.length)
    expect(messageWaitMs(500)).toBe(3_600_000)
  })

  it('that somebody died over are taken up again after a while', async () => {
    const queue = startQueue()
    await queue.enqueueClaimed(database.db, { ...about, content: notice() })
    await queue.deliverDue()
    expect(tried).toEqual([])
    clock.advance(4 * 60_000)
    await startQueue().deliverDue()
    expect([tried.length, await waiting()]).toEqual([1, 0])
  })

  it.each([
    'refused',
    'recipient-unknown',
    'unsupported',
  ] as const)('are given up at once when the answer is %s', async (reason) => {
    fail(reason)
    const queue = startQueue()
    await queue.enqueue(database.db, { ...about, content: notice() })
    await queue.deliverDue()
    expect([tried.length, await waiting()]).toEqual([1, 0])
  })

  it('go out as soon as the queue is woken, and stop with the signal', async () => {
    const queue = startQueue()
    const controller = new AbortController()
    const running = queue.run(controller.signal)
    await queue.enqueue(database.db, { ...about, content: notice() })
    queue.wake()
    await until(() => tried.length === 1)
    await until(async () => (await waiting()) === 0)
    controller.abort()
    await running
    await queue.enqueue(database.db, { ...about, content: notice() })
    queue.wake()
    expect(await waiting()).toBe(1)
  })
})
