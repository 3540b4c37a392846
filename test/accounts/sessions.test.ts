import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Accounts } from '../../src/accounts/accounts.ts'
import { Authenticator } from '../../src/accounts/authenticator.ts'
import { PasswordHasher } from '../../src/accounts/password-hasher.ts'
import { csrfTokenOf, isCsrfTokenOf, Sessions } from '../../src/accounts/sessions.ts'
import { EventBus } from '../../src/platform/events.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'

const DAY_MS = 86_400_000

describe.each(engines)('sessions on %s', (engine) => {
  let database: TestDatabase
  let sessions: Sessions
  let accounts: Accounts
  let nowMs: number
  let userId: string
  let passwordMark: string | undefined
  const events = new EventBus()

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    nowMs = 1_800_000_000_000
    const clock = { nowMs: () => nowMs, wait: async () => undefined }
    const hasher = new PasswordHasher({ N: 16, r: 1, p: 1 })
    accounts = new Accounts({ db: database.db, clock, hasher })
    sessions = new Sessions({ db: database.db, clock, events, config: { idleDays: 14, maxDays: 90 } })
    userId = (await accounts.addUser({ name: 'ann', password: 'ann-password' })).id
    const authenticator = new Authenticator({ db: database.db, clock, hasher })
    passwordMark = (await authenticator.signIn('ann', 'ann-password')).passwordMark
  })

  afterEach(() => database.close())

  const begin = (more = {}) =>
    sessions.begin({ userId, passwordMark, via: 'password', userAgent: 'x', address: '192.0.2.1', ...more })

  it('are found by their secret, of which the database holds only a hash', async () => {
    const { secret, session } = await begin()
    expect(await sessions.find(secret)).toMatchObject({
      userName: 'ann',
      isAdmin: false,
      session: { id: session.id },
    })
    const rows = JSON.stringify(await database.db('sessions'))
    expect(rows).not.toContain(secret)
    expect(rows).toContain(session.id)
  })

  it.each([
    '',
    'x',
    'a'.repeat(43),
    `${'a'.repeat(42)}'`,
    '__proto__',
  ])('are not found by %j', async (secret) => {
    await begin()
    expect(await sessions.find(secret)).toBeUndefined()
  })

  it('live on while they are used, at most their whole life', async () => {
    const { secret } = await begin()
    for (let day = 0; day < 88; day += 8) {
      nowMs += 8 * DAY_MS
      expect(await sessions.find(secret), `day ${day}`).toBeDefined()
    }
    nowMs += 3 * DAY_MS
    expect(await sessions.find(secret)).toBeUndefined()
  })

  it('end when nobody uses them, and are swept then', async () => {
    const { secret } = await begin()
    nowMs += 14 * DAY_MS
    expect(await sessions.find(secret)).toBeUndefined()
    expect(await sessions.listOf(userId)).toEqual([])
    expect(await database.db('sessions')).toHaveLength(1)
    await sessions.sweep()
    expect(await database.db('sessions')).toHaveLength(0)
  })

  it('are written at most every five minutes', async () => {
    const { secret } = await begin()
    nowMs += 4 * 60_000
    const before = (await sessions.find(secret))?.session.lastSeenAtMs
    expect((await sessions.find(secret))?.session.lastSeenAtMs).toBe(before)
    nowMs += 2 * 60_000
    await sessions.find(secret)
    expect((await sessions.find(secret))?.session.lastSeenAtMs).toBe(nowMs)
  })

  it('begin with another secret each time and take the place of the one before', async () => {
    const first = await begin()
    const second = await begin({ formerSecret: first.secret })
    expect(second.secret).not.toBe(first.secret)
    expect(await sessions.find(first.secret)).toBeUndefined()
    expect(await sessions.find(second.secret)).toBeDefined()
  })

  it('end with a change of the password, but for the one that changed it', async () => {
    const [here, there] = [await begin(), await begin()]
    await accounts.changePassword(userId, 'ann-password', 'new-password', { sessionId: here.session.id })
    expect(await sessions.find(here.secret)).toBeDefined()
    expect(await sessions.find(there.secret)).toBeUndefined()
  })

  it('end with their user', async () => {
    const { secret } = await begin()
    await database.db('users').where({ id: userId }).delete()
    expect(await sessions.find(secret)).toBeUndefined()
    expect(await database.db('sessions')).toHaveLength(0)
  })

  it('can be ended by their own user only', async () => {
    const bob = await accounts.addUser({ name: 'bob', password: 'bob-password' })
    const { secret, session } = await begin()
    await expect(sessions.end(bob.id, session.id)).rejects.toMatchObject({ status: 404 })
    expect(await sessions.find(secret)).toBeDefined()
    await sessions.end(userId, session.id)
    expect(await sessions.find(secret)).toBeUndefined()
  })

  it('are told of when they begin', async () => {
    const told: unknown[] = []
    const stop = events.subscribe('signIn', (event) => told.push(event))
    const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
    const { session } = await begin({ userAgent })
    stop()
    const client = 'Firefox on Linux'
    expect(told).toEqual([{ userId, sessionId: session.id, client, address: '192.0.2.1', via: 'password' }])
  })
})

describe('the token of a session', () => {
  it('is good for its own session only', () => {
    const token = csrfTokenOf('one')
    expect(isCsrfTokenOf('one', token)).toBe(true)
    for (const wrong of ['', 'x', token.slice(1), `${token}A`, csrfTokenOf('two')]) {
      expect(isCsrfTokenOf('one', wrong), wrong).toBe(false)
    }
  })
})
