import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createRefusedMessages,
  MAX_LABELS,
  type RefusedMessagesOptions,
} from '../../src/ocm/incoming/refused-messages.ts'
import { createPeersRepo, type PeersRepo } from '../../src/ocm/peers-repo.ts'
import { SignatureError } from '../../src/ocm/signatures/signature-error.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { HandClock, START_MS } from './support.ts'

const host = 'old.test'
const error = new SignatureError('SIGNATURE_INVALID', 'does not hold')

describe.each(engines)('the record of refused messages, on %s', (engine) => {
  let database: TestDatabase
  let repo: PeersRepo
  let clock: HandClock
  /** First words of what the database was asked. */
  let asked: string[]

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    repo = createPeersRepo(database.db)
    clock = new HandClock()
    await repo.saveSuccess(host, { what: 'share-sent', atMs: START_MS })
    asked = []
    database.db.on('query', ({ sql }: { sql: string }) => asked.push(sql.split(' ', 1)[0] ?? ''))
  })
  afterEach(() => database.close())

  /** As one process of the node has it. */
  const start = (more: Partial<RefusedMessagesOptions> = {}) =>
    createRefusedMessages({ repo, clock, log: createLogger('silent'), ...more })
  const isRefused = async () => (await repo.find(host))?.lastRefusal !== undefined

  it('writes nothing for hosts that somebody invents', async () => {
    const refusals = start()
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => refusals.refused(`h${i % 10}.invented.test`, error)),
    )
    await refusals.proven('stranger.test')
    expect(asked).toEqual(Array.from({ length: 11 }, () => 'select'))
  })

  it('is written once for messages that come together, and again after a minute', async () => {
    const refusals = start()
    const send = () => Promise.all(Array.from({ length: 20 }, () => refusals.refused(host, error)))
    await send()
    expect(asked).toEqual(['select', 'update'])
    clock.advance(60_000)
    await send()
    expect(asked).toEqual(['select', 'update', 'select', 'update'])
  })

  it('ends with a good message that another process gets, whatever it saw a moment ago', async () => {
    const [one, other] = [start(), start()]
    await other.proven(host)
    await one.refused(host, error)
    expect(await isRefused()).toBe(true)
    await other.proven(host)
    expect(await isRefused()).toBe(false)
  })

  it('ends with a good message that comes while one is being written; the next one is written', async () => {
    let write: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      write = resolve
    })
    const slow = {
      ...repo,
      saveRefusal: async (...args: Parameters<PeersRepo['saveRefusal']>) => {
        await gate
        return repo.saveRefusal(...args)
      },
    }
    const refusals = start({ repo: slow })
    const refused = refusals.refused(host, error)
    const proven = refusals.proven(host)
    write()
    await Promise.all([refused, proven])
    expect(await isRefused()).toBe(false)
    await refusals.refused(host, error)
    expect(await isRefused()).toBe(true)
  })

  it('is tried again when it could not be written', async () => {
    let isDown = true
    const flaky = {
      ...repo,
      saveRefusal: async (...args: Parameters<PeersRepo['saveRefusal']>) => {
        if (isDown) throw new Error('the disk is full')
        return repo.saveRefusal(...args)
      },
    }
    const refusals = start({ repo: flaky })
    await refusals.refused(host, error)
    isDown = false
    await refusals.refused(host, error)
    expect(await isRefused()).toBe(true)
  })

  it('has a series in the metrics for so many servers, and one for all others', async () => {
    const hosts = Array.from({ length: MAX_LABELS + 10 }, (_, i) => `p${i}.test`)
    const rows = hosts.map((name) => ({ host: name, first_seen_at_ms: START_MS }))
    await database.db.batchInsert('ocm_peers', rows, 100)
    const registry = new Registry()
    const refusals = start({ registry })
    for (const name of [...hosts, ...hosts]) await refusals.refused(name, error)
    const [metric] = await registry.getMetricsAsJSON()
    const values = (metric?.values ?? []) as { labels: { peer: string }; value: number }[]
    expect(values).toHaveLength(MAX_LABELS + 1)
    expect(values.find(({ labels }) => labels.peer === 'other')?.value).toBe(20)
    expect(values.find(({ labels }) => labels.peer === 'p0.test')?.value).toBe(2)
  })
})
