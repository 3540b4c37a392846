import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OidcPerson } from '../../src/accounts/oidc/claims.ts'
import { findIdentity } from '../../src/accounts/oidc/identities-repo.ts'
import { OidcAccounts } from '../../src/accounts/oidc/oidc-accounts.ts'
import { changeUser, findManagedUser, type UserChange } from '../../src/accounts/user-admin-repo.ts'
import { configSchema } from '../../src/config/schema.ts'
import { systemClock as clock } from '../../src/platform/clock.ts'
import { type Db, isPostgres } from '../../src/platform/db.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { meanwhile, untilWaiting } from '../support/meanwhile.ts'

const { oidc: config } = configSchema.parse({
  publicUrl: 'https://x.test',
  oidc: { issuer: 'https://p.test', clientId: 'x', adminGroup: 'admins' },
})
const ISSUER = 'https://p.test'
const ann: OidcPerson = { issuer: ISSUER, subject: 'a', name: 'ann', displayName: 'Ann', groups: [] }

describe.each(
  engines,
)('what an administrator does while somebody comes in by a provider, on %s', (engine) => {
  let database: TestDatabase
  let db: Db
  let accounts: OidcAccounts

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    db = database.db
    if (config === undefined) throw new Error('no provider')
    accounts = new OidcAccounts({ db, clock, config, groups: { synchronise: async () => undefined } })
  })

  afterEach(() => database.close())

  /** The user is looked up, and then `change` is first. */
  async function overtaken(person: OidcPerson, change: (tx: Db) => Promise<unknown>) {
    const work = () => accounts.admit(person)
    if (isPostgres(db)) return meanwhile(db, change, work)
    // The one connection is given in turn: to the first question of `work`, to `change`, to the next of `work`.
    const tx = await db.transaction()
    const outcome = work()
    await untilWaiting(db, outcome)
    const changed = db.transaction(change)
    await tx.commit()
    await changed
    return outcome
  }
  const changing = (id: string, change: UserChange) => (tx: Db) => changeUser(tx, id, change)

  it('lasts: no administrator any more, another name, another address', async () => {
    const { displayName: _, ...nameless } = ann
    const { id } = await accounts.admit(nameless)
    await changeUser(db, id, { isAdmin: true, displayName: 'Old', email: 'old@x.test' })
    const change = { isAdmin: false, displayName: 'New', email: 'new@x.test', quotaBytes: 5 }
    const user = await overtaken(nameless, changing(id, change))
    expect(user).toMatchObject(change)
    expect(await findManagedUser(db, 'ann')).toMatchObject(change)
  })

  it('lasts: an administrator from now on', async () => {
    const { id } = await accounts.admit(ann)
    expect(await overtaken(ann, changing(id, { isAdmin: true }))).toMatchObject({ isAdmin: true })
    expect(await findManagedUser(db, 'ann')).toMatchObject({ isAdmin: true, displayName: 'Ann' })
  })

  it('lasts: a password, with which the name is no longer that of the provider', async () => {
    const { id } = await accounts.admit(ann)
    const change = { passwordHash: 'scrypt$2$1$1$a$b', displayName: 'Ours' }
    await overtaken({ ...ann, displayName: 'Theirs' }, changing(id, change))
    expect(await findManagedUser(db, 'ann')).toMatchObject({ displayName: 'Ours' })
  })

  it('keeps out who was locked or disconnected just now', async () => {
    const { id } = await accounts.admit(ann)
    const lock = (lockedAtMs: number | null) => changing(id, { lockedAtMs })
    await expect(overtaken(ann, lock(1))).rejects.toMatchObject({ code: 'ACCOUNT_LOCKED' })
    await lock(null)(db)
    const disconnect = async (tx: Db) => {
      await tx('users').where({ id }).update({ password_hash: 'scrypt$2$1$1$a$b' })
      await tx('user_identities').where({ user_id: id }).delete()
    }
    await expect(overtaken(ann, disconnect)).rejects.toMatchObject({ status: 403 })
  })

  it('lasts: nothing is connected by a session that ended while the provider was asked', async () => {
    const { id } = await accounts.admit(ann)
    const session = { id: 's', provenAtMs: 0 }
    const other = { ...ann, subject: 'thief' }
    const link = () => accounts.admit(other, { userId: id, via: 'session', session })
    await expect(link()).rejects.toMatchObject({ status: 401, code: 'SESSION_ENDED' })
    expect(await accounts.list(id)).toMatchObject([{ subject: 'a' }])
    const times = { proven_at_ms: 0, created_at_ms: 0, last_seen_at_ms: 0, expires_at_ms: 9e12 }
    const facts = { user_id: id, secret_hash: 'x', via: 'oidc', client: 'x', address: 'x' }
    await db('sessions').insert({ id: 's', ...facts, ...times })
    await link()
    expect(await accounts.list(id)).toMatchObject([{ subject: 'a' }, { subject: 'thief' }])
  })

  it('is kept beside what the group of the provider says: who is an administrator', async () => {
    const inGroup = { ...ann, groups: ['admins'] }
    const { id } = await accounts.admit(ann)
    expect(await overtaken(inGroup, changing(id, { email: 'n@x.test' }))).toMatchObject({ isAdmin: true })
    expect(await findIdentity(db, ann)).toMatchObject({ madeAdmin: true })
    expect(await overtaken(ann, changing(id, { email: 'm@x.test' }))).toMatchObject({
      ...{ isAdmin: false, email: 'm@x.test' },
    })
  })
})
