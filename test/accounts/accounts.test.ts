import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Accounts } from '../../src/accounts/accounts.ts'
import { Authenticator } from '../../src/accounts/authenticator.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { basic } from '../support/test-user.ts'

describe.each(engines)('accounts on %s', (engine) => {
  let database: TestDatabase
  let accounts: Accounts
  let authenticator: Authenticator

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    const deps = { db: database.db, clock: systemClock }
    accounts = new Accounts(deps)
    authenticator = new Authenticator(deps)
  })

  afterEach(() => database.close())

  const laptopOf = async (name: string) =>
    accounts.createAppPassword(await authenticator.signIn(name, 'secret-password'), 'laptop')

  it('let a user in with the password, also with umlauts and colons in it', async () => {
    const ann = await accounts.addUser({ name: 'ann', password: 'pässwörd:with:colons' })
    expect(await authenticator.authenticate(basic('ann', 'pässwörd:with:colons'))).toEqual({
      userId: ann.id,
      userName: 'ann',
      isAdmin: false,
      via: 'password',
      passwordMark: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it.each([
    ['a wrong password', basic('ann', 'wrong-password')],
    ['an unknown user', basic('nobody', 'secret-password')],
    ['the name of a property of every object', basic('__proto__', '')],
    ['no header', undefined],
    ['a header of another scheme', 'Digest username="ann"'],
    ['basic without a colon', `Basic ${Buffer.from('__proto__').toString('base64')}`],
    ['a made-up app password', 'Bearer cw_0123456789abcdef0123456789abcdef_aaaaaaaaaaaaaaaaaaaaaaaa'],
    ['an empty password', basic('ann', '')],
  ])('keep out %s, always with the same status', async (_, header) => {
    await accounts.addUser({ name: 'ann', password: 'secret-password' })
    await expect(authenticator.authenticate(header)).rejects.toMatchObject({ status: 401 })
  })

  it('take an app password as Bearer and as the password of its user only', async () => {
    const ann = await accounts.addUser({ name: 'ann', password: 'secret-password' })
    await accounts.addUser({ name: 'bob', password: 'secret-password' })
    const { password } = await laptopOf('ann')
    expect(await authenticator.authenticate(`Bearer ${password}`)).toMatchObject({
      userId: ann.id,
      via: 'app-password',
    })
    expect(await authenticator.authenticate(basic('ann', password))).toMatchObject({ userId: ann.id })
    await expect(authenticator.authenticate(basic('bob', password))).rejects.toMatchObject({ status: 401 })
  })

  it('list an app password without its secret and forget it when revoked', async () => {
    const ann = await accounts.addUser({ name: 'ann', password: 'secret-password' })
    const { id, password } = await laptopOf('ann')
    await authenticator.authenticate(`Bearer ${password}`)
    const [listed] = await accounts.listAppPasswords(ann.id)
    expect(listed).toMatchObject({ id, label: 'laptop', lastUsedAtMs: expect.any(Number) })
    expect(JSON.stringify(listed)).not.toContain(password.split('_').slice(2).join('_'))
    await accounts.revokeAppPassword(ann.id, id)
    await expect(authenticator.authenticate(`Bearer ${password}`)).rejects.toMatchObject({ status: 401 })
  })

  it('keep one user from revoking what belongs to another', async () => {
    const ann = await accounts.addUser({ name: 'ann', password: 'secret-password' })
    const bob = await accounts.addUser({ name: 'bob', password: 'secret-password' })
    const { id, password } = await laptopOf('ann')
    await expect(accounts.revokeAppPassword(bob.id, id)).rejects.toMatchObject({ status: 404 })
    expect(await authenticator.authenticate(`Bearer ${password}`)).toMatchObject({ userId: ann.id })
  })

  it('forget a proven password as soon as it is changed, in another process too', async () => {
    const ann = await accounts.addUser({ name: 'ann', password: 'old-password' })
    await authenticator.authenticate(basic('ann', 'old-password'))
    // Another instance stands for another process: it shares the database and nothing else.
    const elsewhere = new Accounts({ db: database.db, clock: systemClock })
    await elsewhere.changePassword(ann.id, 'old-password', 'new-password')
    await expect(authenticator.authenticate(basic('ann', 'old-password'))).rejects.toMatchObject({
      status: 401,
    })
    expect(await authenticator.authenticate(basic('ann', 'new-password'))).toMatchObject({ userId: ann.id })
  })

  it('change a password only for who knows the present one', async () => {
    const ann = await accounts.addUser({ name: 'ann', password: 'old-password' })
    const change = accounts.changePassword(ann.id, 'guess', 'new-password')
    await expect(change).rejects.toMatchObject({ status: 403, code: 'WRONG_PASSWORD' })
  })

  it('refuse a name twice, a name with odd characters and a short password', async () => {
    await accounts.addUser({ name: 'ann', password: 'secret-password' })
    const add = (name: string, password: string) => accounts.addUser({ name, password })
    await expect(add('ann', 'secret-password')).rejects.toMatchObject({ status: 409 })
    await expect(add('../ann', 'secret-password')).rejects.toMatchObject({ code: 'INVALID_USER_NAME' })
    await expect(add('Ann', 'secret-password')).rejects.toMatchObject({ code: 'INVALID_USER_NAME' })
    await expect(add('ben', 'short')).rejects.toMatchObject({ code: 'PASSWORD_TOO_SHORT' })
    expect((await accounts.listUsers()).map((user) => user.name)).toEqual(['ann'])
  })
})
