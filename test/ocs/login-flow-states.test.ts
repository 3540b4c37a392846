import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Accounts } from '../../src/accounts/accounts.ts'
import { Authenticator } from '../../src/accounts/authenticator.ts'
import { PasswordHasher } from '../../src/accounts/password-hasher.ts'
import { Sessions } from '../../src/accounts/sessions.ts'
import { removeSessionsOf } from '../../src/accounts/sessions-repo.ts'
import { UserAdmin } from '../../src/accounts/user-admin.ts'
import { UsersRepo } from '../../src/accounts/users-repo.ts'
import { LoginFlows, type StartedLogin } from '../../src/ocs/login-flows.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { Db } from '../../src/platform/db.ts'
import { EventBus } from '../../src/platform/events.ts'
import type { Principal } from '../../src/platform/principal.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { meanwhile } from '../support/meanwhile.ts'

describe.each(engines)('the states of sign-ins on %s', (engine) => {
  let database: TestDatabase
  let accounts: Accounts
  let sessions: Sessions
  let admin: UserAdmin
  let nowMs: number
  let flows: LoginFlows
  let ann: Principal

  beforeEach(async () => {
    nowMs = 1_700_000_000_000
    database = await createTestDatabase(engine)
    const clock = { ...systemClock, nowMs: () => nowMs }
    const deps = { db: database.db, clock, hasher: new PasswordHasher({ N: 16, r: 1, p: 1 }) }
    accounts = new Accounts(deps)
    admin = new UserAdmin({ ...deps, accounts, leave: async () => undefined })
    const events = new EventBus()
    sessions = new Sessions({ ...deps, events, config: { idleDays: 14, maxDays: 90 } })
    const site = { name: 'Leiden', publicUrl: 'https://leiden.example/drive' }
    flows = new LoginFlows({ ...deps, site, accounts })
    await accounts.addUser({ name: 'ann', password: 'old-password' })
    ann = await new Authenticator(deps).signIn('ann', 'old-password')
  })

  afterEach(() => database.close())

  const waiting = async ({ login }: StartedLogin) => {
    const flow = await flows.findWaiting(login.split('/').at(-1) ?? '')
    if (flow === undefined) throw new Error('this flow does not wait')
    return flow
  }
  const granted = async () => {
    const started = await flows.start('a program')
    expect(await flows.grant(await waiting(started), ann)).toBe(true)
    return started.poll.token
  }
  const appPasswords = () => database.db('app_passwords').select('label')

  it('are over after 20 minutes, granted or not', async () => {
    const [started, token] = [await flows.start('a'), await granted()]
    const flow = await waiting(started)
    nowMs += 20 * 60_000
    expect(await flows.grant(flow, ann)).toBe(false)
    expect(await flows.poll(token)).toBeUndefined()
    await flows.start('c')
    expect(await database.db('login_flows').select('client')).toEqual([{ client: 'c' }])
  })

  it('hold no secret in the clear', async () => {
    const { poll, login } = await flows.start('d')
    expect(login).toMatch(/^https:\/\/leiden\.example\/drive\/login\/v2\/flow\/[A-Za-z0-9_-]{128}$/)
    const rows = JSON.stringify(await database.db('login_flows').select('*'))
    expect(rows).not.toContain(poll.token)
    expect(rows).not.toContain(login.split('/').at(-1))
  })

  const root: Principal = { userId: 'root', userName: 'root', isAdmin: true, via: 'password' }
  const ends = {
    'changed the password': () => accounts.changePassword(ann.userId, 'old-password', 'new-password'),
    'signed out everywhere': () => sessions.endAllOf(ann.userId),
    'got another password of an administrator': () => admin.change(root, 'ann', { password: 'new-password' }),
    'was locked out': () => admin.change(root, 'ann', { locked: true }),
    'was removed': () => admin.remove(root, 'ann'),
  }

  it.each(Object.entries(ends))('give nothing for a grant of somebody who %s since', async (_, end) => {
    const token = await granted()
    await end()
    expect(await database.db('login_flows').select('id')).toEqual([])
    expect([await flows.poll(token), await appPasswords()]).toEqual([undefined, []])
  })

  it('still wait for others when somebody ends what they granted', async () => {
    const started = await flows.start('of somebody else')
    await granted()
    await sessions.endAllOf(ann.userId)
    expect((await waiting(started)).client).toBe('of somebody else')
  })

  it('give nothing to who is locked out, nor when that is over', async () => {
    const token = await granted()
    const lock = (lockedAtMs: number | null) => database.db('users').update({ locked_at_ms: lockedAtMs })
    await lock(1)
    expect(await flows.poll(token)).toBeUndefined()
    await lock(null)
    expect([await flows.poll(token), await appPasswords()]).toEqual([undefined, []])
  })

  it('give nothing while the password is being changed', async () => {
    const token = await granted()
    const change = async (tx: Db) => {
      await tx('users').where({ id: ann.userId }).update({ password_hash: 'none' })
      await removeSessionsOf(tx, ann.userId)
    }
    expect(await meanwhile(database.db, change, () => flows.poll(token))).toBeUndefined()
    expect(await appPasswords()).toEqual([])
  })

  it('are not granted with a password that was changed since it was typed', async () => {
    const flow = await waiting(await flows.start('late'))
    await accounts.changePassword(ann.userId, 'old-password', 'new-password')
    await expect(flows.grant(flow, ann)).rejects.toMatchObject({ status: 401 })
    expect(await database.db('login_flows').select('user_id')).toEqual([{ user_id: null }])
  })

  it('are not granted past a sign-out that is under way', async () => {
    const { poll, ...started } = await flows.start('late')
    const flow = await waiting({ poll, ...started })
    const { session } = await sessions.begin({ ...ann, via: 'password', userAgent: 'x', address: '' })
    const inBrowser: Principal = {
      ...{ userId: ann.userId, userName: 'ann', isAdmin: false, via: 'session' },
      session: { id: session.id, provenAtMs: nowMs },
    }
    const grant = () => flows.grant(flow, inBrowser)
    const signOut = async (tx: Db) => {
      await new UsersRepo(tx).hold(ann.userId)
      await removeSessionsOf(tx, ann.userId)
    }
    await expect(meanwhile(database.db, signOut, grant)).rejects.toMatchObject({ code: 'SESSION_ENDED' })
    expect(await flows.poll(poll.token)).toBeUndefined()
  })

  it('keep the grant when the app password cannot be made', async () => {
    const token = await granted()
    const { db } = database
    await db.schema.renameTable('app_passwords', 'away')
    await expect(flows.poll(token)).rejects.toThrow()
    await db.schema.renameTable('away', 'app_passwords')
    expect(await flows.poll(token)).toMatchObject({ loginName: 'ann' })
  })
})
