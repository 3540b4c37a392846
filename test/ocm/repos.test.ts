import { describe, expect, it } from 'vitest'
import { createReplaysRepo } from '../../src/ocm/signatures/replays-repo.ts'
import { createTrust } from '../../src/ocm/trust.ts'
import { createTrustedHostsRepo } from '../../src/ocm/trusted-hosts-repo.ts'
import { createTestDatabase, engines } from '../support/databases.ts'
import { HandClock } from './support.ts'

describe.each(engines)('on %s', (engine) => {
  it('the allow list knows a host in every spelling', async () => {
    const { db, close } = await createTestDatabase(engine)
    const options = { repo: createTrustedHostsRepo(db), clock: new HandClock() }
    const trust = createTrust({ policy: 'allowlist', ...options })
    expect(await trust.isTrusted('krakow.test')).toBe(false)
    expect(await trust.add('https://Krakow.test:443/')).toBe('krakow.test')
    await trust.add('krakow.test')
    expect(await trust.isTrusted('KRAKOW.test')).toBe(true)
    expect(await trust.isTrusted('xkrakow.test')).toBe(false)
    expect(await trust.isTrusted('krakow.test:8443')).toBe(false)
    expect(await trust.list()).toEqual(['krakow.test'])
    await expect(trust.requireTrusted('evil.test')).rejects.toMatchObject({
      reason: 'not-trusted',
      host: 'evil.test',
    })
    expect(await createTrust({ policy: 'open', ...options }).isTrusted('evil.test')).toBe(true)
    expect(await trust.remove('krakow.test')).toBe(true)
    expect(await trust.remove('krakow.test')).toBe(false)
    expect(await trust.isTrusted('krakow.test')).toBe(false)
    await close()
  })

  it('a signature is remembered once, by whoever is first, until it expires', async () => {
    const { db, close } = await createTestDatabase(engine)
    const replays = createReplaysRepo(db)
    const results = await Promise.all([replays.remember('h1', 100), replays.remember('h1', 100)])
    expect(results.sort()).toEqual([false, true])
    expect(await replays.remember('h2', 200)).toBe(true)
    await replays.forgetExpired(150)
    expect(await replays.remember('h2', 200)).toBe(false)
    expect(await replays.remember('h1', 100)).toBe(true)
    await close()
  })
})
