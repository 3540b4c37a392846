import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PeerError } from '../../src/ocm/peer-error.ts'
import type { PeerInfo } from '../../src/ocm/peer-info.ts'
import { createPeerLog } from '../../src/ocm/peer-log.ts'
import { createPeersRepo, type PeersRepo } from '../../src/ocm/peers-repo.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createTestDatabase, engines } from '../support/databases.ts'
import { HandClock, START_MS } from './support.ts'

const info: PeerInfo = {
  host: 'old.test:8443',
  foundAt: 'https://old.test:8443/ocm-provider/',
  apiVersion: '1.4.0',
  provider: 'Old',
  endPoint: 'https://old.test:8443/ocm',
  capabilities: [],
  criteria: [],
  resourceTypes: [],
}
const { host } = info
const down = (reason: 'unreachable' | 'no-such-host' = 'unreachable') =>
  new PeerError(reason, host, `${host} did not answer in time.`)

describe.each(engines)('what is known of peers, on %s', (engine) => {
  let close: () => Promise<void>
  let repo: PeersRepo
  let clock: HandClock

  beforeEach(async () => {
    const database = await createTestDatabase(engine)
    close = database.close
    repo = createPeersRepo(database.db)
    clock = new HandClock()
  })
  afterEach(() => close())

  const createLog = (configured?: 'reva') =>
    createPeerLog({ repo, clock, log: createLogger('silent'), configured: () => configured })

  it('is kept from the first success on: discovery, clock, form, how it went last', async () => {
    const log = createLog()
    await log.discovered(info, -2500)
    expect(await repo.list()).toEqual([])
    await log.succeeded(host, 'share-sent')
    await log.keepDialect(info, 'nextcloud')
    clock.advance(1000)
    await log.failed('notification-sent', new PeerError('busy', host, 'Busy.', { status: 503 }))
    const record = {
      host,
      firstSeenAtMs: START_MS,
      ...{ dialect: 'nextcloud', dialectGuess: 'standard', info, clockSkewMs: -2500 },
      discoveredAtMs: START_MS,
      lastSuccess: { what: 'share-sent', atMs: START_MS },
      lastFailure: {
        ...{ what: 'notification-sent', reason: 'busy', text: 'Busy.', status: 503 },
        atMs: START_MS + 1000,
      },
    }
    expect(await repo.find(host)).toEqual(record)
    expect(await repo.list()).toEqual([record])
    await log.discovered({ ...info, provider: 'New' })
    expect((await repo.find(host))?.info?.provider).toBe('New')
    expect(await repo.remove(host)).toBe(true)
    expect(await repo.remove(host)).toBe(false)
  })

  it('holds nothing of servers that strangers name, or that people mistype', async () => {
    const log = createLog()
    await log.discovered(info)
    await log.failed('discovery', down())
    await log.failed('share-sent', down('no-such-host'))
    expect(await repo.list()).toEqual([])
    await log.failed('share-sent', down())
    expect(await repo.list()).toMatchObject([{ host, lastFailure: { reason: 'unreachable' } }])
  })

  it('is written once a minute while all is well, and at once after a failure', async () => {
    const log = createLog()
    const atMs = async () => (await repo.find(host))?.lastSuccess?.atMs
    await log.succeeded(host, 'share-sent')
    clock.advance(30_000)
    await log.succeeded(host, 'share-sent')
    expect(await atMs()).toBe(START_MS)
    await log.failed('share-sent', down())
    await log.succeeded(host, 'share-sent')
    expect(await atMs()).toBe(START_MS + 30_000)
    clock.advance(61_000)
    await log.succeeded(host, 'share-sent')
    expect(await atMs()).toBe(START_MS + 91_000)
  })

  it('decides the form, unless the peer describes itself anew or the administrator has decided', async () => {
    const log = createLog()
    expect(await log.chooseDialect(info)).toBe('standard')
    await log.succeeded(host, 'share-sent')
    await log.keepDialect(info, 'nextcloud')
    expect(await createLog().chooseDialect(info)).toBe('nextcloud')
    expect(await log.chooseDialect({ ...info, apiVersion: '1.3.0' })).toBe('older')
    expect(await createLog('reva').chooseDialect(info)).toBe('reva')
  })

  it('has refused messages only of those that are known, since the last good one', async () => {
    const refusal = { fault: 'SIGNATURE_EXPIRED', text: 'too old', atMs: START_MS + 1000 } as const
    expect(await repo.saveRefusal(host, refusal)).toBe(false)
    expect(await repo.list()).toEqual([])
    await createLog().succeeded(host, 'share-sent')
    expect(await repo.saveRefusal(host, refusal)).toBe(true)
    const next = { fault: 'KEY_NOT_FOUND', text: 'no key', atMs: START_MS + 2000 } as const
    await repo.saveRefusal(host, next)
    const record = await repo.find(host)
    expect(record?.lastRefusal).toEqual({ ...next, sinceMs: START_MS + 1000 })
    await repo.endRefusals(host)
    expect(await repo.find(host)).toEqual({ ...record, lastRefusal: undefined })
  })

  it('is not what a message fails of', async () => {
    const log = createLog()
    await close()
    await log.succeeded(host, 'share-sent')
    await log.failed('share-sent', down())
    expect(await log.chooseDialect(info)).toBe('standard')
    close = async () => undefined
  })
})
