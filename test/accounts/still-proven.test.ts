import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AccessTokens } from '../../src/accounts/access-tokens.ts'
import { Accounts } from '../../src/accounts/accounts.ts'
import { Authenticator } from '../../src/accounts/authenticator.ts'
import { principalOf } from '../../src/accounts/identify.ts'
import { PasswordHasher } from '../../src/accounts/password-hasher.ts'
import { Sessions } from '../../src/accounts/sessions.ts'
import { UserAdmin } from '../../src/accounts/user-admin.ts'
import { systemClock as clock } from '../../src/platform/clock.ts'
import type { Db } from '../../src/platform/db.ts'
import { EventBus } from '../../src/platform/events.ts'
import type { Principal } from '../../src/platform/principal.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { meanwhile } from '../support/meanwhile.ts'

const ROOT: Principal = { userId: 'root', userName: 'root', isAdmin: true, via: 'password' }

/** What happens between the proof of a password and what it opens. */
describe.each(engines)('who proved themselves a moment ago, on %s', (engine) => {
  let database: TestDatabase
  let accounts: Accounts
  let sessions: Sessions
  let tokens: AccessTokens
  let admin: UserAdmin
  let ann: Principal

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    const hasher = new PasswordHasher({ N: 16, r: 1, p: 1 })
    const deps = { db: database.db, clock, hasher }
    accounts = new Accounts(deps)
    const events = new EventBus()
    sessions = new Sessions({ ...deps, events, config: { idleDays: 14, maxDays: 90 } })
    tokens = new AccessTokens({ ...deps, maxSeconds: 600 })
    admin = new UserAdmin({ ...deps, accounts, leave: async () => undefined })
    await accounts.addUser({ name: 'ann', password: 'old-password' })
    ann = await new Authenticator(deps).signIn('ann', 'old-password')
  })

  afterEach(() => database.close())

  const begin = ({ userId, passwordMark } = ann) =>
    sessions.begin({ userId, passwordMark, via: 'password', userAgent: 'x', address: '192.0.2.1' })
  const reset = (tx: Db) => tx('users').where({ id: ann.userId }).update({ password_hash: 'none' })
  const count = async (table: string) => (await database.db(table)).length

  const changes = {
    'changed the password': () => accounts.changePassword(ann.userId, 'old-password', 'new-password'),
    'got another password': () => admin.change(ROOT, 'ann', { password: 'new-password' }),
    'was locked out': () => admin.change(ROOT, 'ann', { locked: true }),
    'was removed': () => admin.remove(ROOT, 'ann'),
  }
  const openings: Record<string, () => Promise<unknown>> = {
    sessions: () => begin(),
    app_passwords: () => accounts.createAppPassword(ann, 'laptop'),
    access_tokens: () => tokens.issue(ann, [], 60),
  }

  describe.each(Object.entries(openings))('and %s', (table, open) => {
    it('gets one while nothing changed', async () => {
      await open()
      expect(await count(table)).toBe(1)
    })

    it.each(Object.entries(changes))('gets none when somebody %s meanwhile', async (what, change) => {
      await change()
      const refusal =
        what === 'was locked out'
          ? { status: 403, code: 'ACCOUNT_LOCKED' }
          : { status: 401, message: 'The user name or the password is wrong.' }
      await expect(open()).rejects.toMatchObject(refusal)
      expect(await count(table)).toBe(0)
    })

    it('waits for a change that is under way, and gets none', async () => {
      await expect(meanwhile(database.db, reset, open)).rejects.toMatchObject({ status: 401 })
      expect(await count(table)).toBe(0)
    })
  })

  it('changes no password that an administrator has set meanwhile', async () => {
    const work = () => accounts.changePassword(ann.userId, 'old-password', 'new-password')
    const refusal = { status: 403, code: 'WRONG_PASSWORD' }
    await expect(meanwhile(database.db, reset, work)).rejects.toMatchObject(refusal)
    expect(await database.db('users').select('password_hash')).toEqual([{ password_hash: 'none' }])
  })

  it('makes nothing with a session or an app password that ended meanwhile', async () => {
    const { secret } = await begin()
    const found = await sessions.find(secret)
    const inBrowser = principalOf(found as NonNullable<typeof found>)
    const { id } = await accounts.createAppPassword(inBrowser, 'laptop')
    const program: Principal = { ...ann, via: 'app-password', appPasswordId: id }
    await tokens.issue(program, [], 60)
    await accounts.changePassword(ann.userId, 'old-password', 'new-password')
    await accounts.revokeAppPassword(ann.userId, id)
    const ended = { status: 401, code: 'SESSION_ENDED' }
    await expect(accounts.createAppPassword(inBrowser, 'more')).rejects.toMatchObject(ended)
    await expect(tokens.issue(inBrowser, [], 60)).rejects.toMatchObject(ended)
    await expect(tokens.issue(program, [], 60)).rejects.toMatchObject({ status: 401 })
    expect([await count('app_passwords'), await count('access_tokens')]).toEqual([0, 0])
  })

  it('comes in by an identity provider, but not after being locked out', async () => {
    const enter = () =>
      sessions.begin({ userId: ann.userId, via: 'oidc', userAgent: 'x', address: '192.0.2.1' })
    await enter()
    await admin.change(ROOT, 'ann', { locked: true })
    await expect(enter()).rejects.toMatchObject({ status: 403, code: 'ACCOUNT_LOCKED' })
    expect(await count('sessions')).toBe(0)
  })
})
