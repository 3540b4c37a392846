import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PeerError } from '../../src/ocm/peer-error.ts'
import type { OcmNotification, PeerFailure } from '../../src/ocm/types.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createSeal } from '../../src/platform/seal.ts'
import { createNoticeQueue, type NoticeQueue, noticeWaitMs } from '../../src/shares/notice-queue.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { HandClock, until } from './support.ts'

const notice = {
  peerHost: 'krakow.test',
  type: 'SHARE_ACCEPTED',
  resourceType: 'file',
  providerId: '42',
} as const
const seal = createSeal(randomBytes(32))

describe.each(engines)('notices to peers on %s', (engine) => {
  let database: TestDatabase
  let clock: HandClock
  let failing: PeerFailure | undefined
  let tried: OcmNotification[]

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    clock = new HandClock()
    failing = undefined
    tried = []
  })
  afterEach(() => database.close())

  /** A queue as a process has it after its start; several may share the database. */
  const startQueue = (): NoticeQueue =>
    createNoticeQueue({
      db: database.db,
      clock,
      seal,
      log: createLogger('silent'),
      ocm: {
        notify: async (host, notification) => {
          tried.push(notification)
          if (failing !== undefined) throw new PeerError(failing, host, 'It failed.')
        },
      },
    })
  const waiting = async () => (await database.db('share_notices').select()).length

  it('are delivered once, with the secret that lies sealed in the table', async () => {
    const queue = startQueue()
    await queue.enqueue(database.db, { ...notice, secretSealed: seal.seal('s3cret') })
    expect(JSON.stringify(await database.db('share_notices').select())).not.toContain('s3cret')
    await Promise.all([queue.deliverDue(), startQueue().deliverDue()])
    await queue.deliverDue()
    const { peerHost: _, ...sent } = notice
    expect(tried).toEqual([{ ...sent, sharedSecret: 's3cret' }])
    expect(await waiting()).toBe(0)
  })

  it('do not hold a stop up: what is on its way is given up and made again later', async () => {
    const stop = new AbortController()
    const asked: AbortSignal[] = []
    const queue = createNoticeQueue({
      db: database.db,
      clock,
      seal,
      log: createLogger('silent'),
      ocm: {
        notify: (host, _, { signal } = {}) =>
          new Promise((_resolve, reject) => {
            asked.push(signal as AbortSignal)
            signal?.addEventListener('abort', () => reject(new PeerError('unreachable', host, 'Given up.')))
          }),
      },
    })
    for (let n = 0; n < 20; n++) await queue.enqueue(database.db, { ...notice, providerId: `${n}` })
    const ended = queue.run(stop.signal)
    await until(() => asked.length === 8)
    stop.abort()
    await ended
    expect([asked.length, await waiting()]).toEqual([8, 20])
  })

  it('are tried again with growing waits, by whichever process is there, until they arrive', async () => {
    failing = 'unreachable'
    await startQueue().enqueue(database.db, notice)
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
    failing = undefined
    clock.advance(240_000)
    await startQueue().deliverDue()
    expect(tried.length).toBe(5)
    expect(await waiting()).toBe(0)
  })

  it('are given up after twenty tries, some days later', async () => {
    failing = 'unreachable'
    const queue = startQueue()
    await queue.enqueue(database.db, notice)
    for (let tries = 1; tries <= 20; tries++) {
      expect(await waiting()).toBe(1)
      await queue.deliverDue()
      clock.advance(noticeWaitMs(tries))
    }
    expect(await waiting()).toBe(0)
    expect(tried.length).toBe(20)
    const days =
      Array.from({ length: 20 }, (_, i) => noticeWaitMs(i + 1)).reduce((a, b) => a + b) / 86_400_000
    expect(days).toBeGreaterThan(2)
    expect(days).toBeLessThan(5)
  })

  it.each([
    'refused',
    'recipient-unknown',
    'not-trusted',
    'unsupported',
  ] as const)('are given up at once when the answer is %s', async (reason) => {
    failing = reason
    const queue = startQueue()
    await queue.enqueue(database.db, notice)
    await queue.deliverDue()
    expect([tried.length, await waiting()]).toEqual([1, 0])
  })

  it('go out as soon as the queue is woken, and stop with the signal', async () => {
    const queue = startQueue()
    const controller = new AbortController()
    const running = queue.run(controller.signal)
    await queue.enqueue(database.db, notice)
    queue.wake()
    await until(() => tried.length === 1)
    await until(async () => (await waiting()) === 0)
    controller.abort()
    await running
    await queue.enqueue(database.db, notice)
    queue.wake()
    expect(await waiting()).toBe(1)
  })
})
