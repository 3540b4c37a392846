import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AccessTokens } from '../../src/accounts/access-tokens.ts'
import { Accounts } from '../../src/accounts/accounts.ts'
import { Authenticator } from '../../src/accounts/authenticator.ts'
import type { AccessScope } from '../../src/platform/access-scope.ts'
import type { Principal } from '../../src/platform/principal.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { FakeClock } from '../transfers/support/fake-clock.ts'

const SCOPE: AccessScope = [{ path: ['data', 'ü #1'], activities: ['LIST', 'DOWNLOAD'] }]

describe.each(engines)('tokens for some paths on %s', (engine) => {
  let database: TestDatabase
  let accounts: Accounts
  let authenticator: Authenticator
  let tokens: AccessTokens
  let ann: Principal
  const clock = new FakeClock()
  const bearer = (token: string) => tokens.authenticate(`Bearer ${token}`)
  const basic = (name: string, secret: string) =>
    authenticator.authenticate(`Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`)

  beforeAll(async () => {
    database = await createTestDatabase(engine)
    const deps = { db: database.db, clock }
    accounts = new Accounts(deps)
    authenticator = new Authenticator(deps)
    tokens = new AccessTokens({ ...deps, maxSeconds: 600 })
    await accounts.addUser({ name: 'ann', password: 'secret-password', isAdmin: true })
    ann = await basic('ann', 'secret-password')
  })
  afterAll(() => database.close())

  it('tell who presents them and for what, and never an administrator', async () => {
    const { token, lifeSeconds } = await tokens.issue(ann, SCOPE, 60)
    expect(lifeSeconds).toBe(60)
    expect(await bearer(token)).toEqual({
      ...{ userId: ann.userId, userName: 'ann', isAdmin: false, via: 'access-token', scope: SCOPE },
    })
  })

  it('live as long as was asked, and no longer than may be', async () => {
    const short = await tokens.issue(ann, SCOPE, 60)
    const long = await tokens.issue(ann, SCOPE, 1e9)
    expect(long.lifeSeconds).toBe(600)
    clock.advance(59_999)
    await bearer(short.token)
    clock.advance(1)
    await expect(bearer(short.token)).rejects.toMatchObject({ status: 401 })
    await bearer(long.token)
    clock.advance(540_000)
    await expect(bearer(long.token)).rejects.toMatchObject({ status: 401 })
  })

  it('are swept once they ran out', async () => {
    clock.advance(3_600_000)
    await tokens.issue(ann, SCOPE, 60)
    expect(await database.db('access_tokens').select('id')).toHaveLength(1)
  })

  it('make no others', async () => {
    const { token } = await tokens.issue(ann, SCOPE, 60)
    const limited = (await bearer(token)) as Principal
    await expect(tokens.issue(limited, SCOPE, 60)).rejects.toMatchObject({ status: 403 })
  })

  it('end with the app password, whatever becomes of the real one', async () => {
    const made = await accounts.createAppPassword(ann, 'fts')
    const { token } = await tokens.issue(await basic('ann', made.password), SCOPE, 60)
    const byReal = await tokens.issue(ann, SCOPE, 60)
    await accounts.changePassword(ann.userId, 'secret-password', 'another-password')
    await bearer(token)
    await expect(bearer(byReal.token)).rejects.toMatchObject({ status: 401 })
    await accounts.revokeAppPassword(ann.userId, made.id)
    await expect(bearer(token)).rejects.toMatchObject({ status: 401 })
  })

  it('are told from other credentials by their form', async () => {
    for (const header of [undefined, 'Basic eDp5', 'Bearer nothing', 'Bearer cw_0_1']) {
      expect(await tokens.authenticate(header)).toBeUndefined()
    }
    const unknown = `cwt_${'0'.repeat(32)}_${'a'.repeat(32)}`
    await expect(bearer(unknown)).rejects.toMatchObject({ status: 401 })
  })
})
