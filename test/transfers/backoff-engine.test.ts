import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toCursor } from '../../src/transfers/cursor.ts'
import type { TransferFile } from '../../src/transfers/types.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { FakeClock } from './support/fake-clock.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

let database: TestDatabase
let source: SourceServer
let engine: TestEngine
let clock: FakeClock

async function start(engineName: 'sqlite' | 'postgres', config = {}): Promise<void> {
  database = await createTestDatabase(engineName)
  source = await SourceServer.start()
  clock = new FakeClock()
  engine = await TestEngine.start({
    db: database.db,
    sourceUrl: source.url,
    clock,
    config: { retryBaseSeconds: 10, ...config },
  })
}

afterEach(async () => {
  await engine.close()
  await source.close()
  await database.close()
})

/** The file waits for its next attempt; returns when that is, in seconds from now. */
async function secondsToRetry(jobId: string, attempts: number): Promise<number> {
  const file = await engine.untilFile(
    jobId,
    (file) => file.attempts === attempts && file.error?.retryAt !== undefined,
  )
  return (Date.parse(String(file.error?.retryAt)) - clock.nowMs()) / 1000
}

describe.each(engines)('the back-off on %s', (engineName) => {
  beforeEach(() => start(engineName, { maxTries: 4 }))

  it('waits longer after every attempt, says until when, and ends after the last', async () => {
    source.put('/f', 'content')
    for (let n = 0; n < 4; n++) source.misbehave('/f', { kind: 'status', status: 503 })
    const job = await engine.submit({ destination: { path: '/x' } })
    expect(await secondsToRetry(job.id, 1)).toBe(10)
    clock.advance(9_999)
    expect(source.gets('/f')).toHaveLength(1)
    clock.advance(1)
    expect(await secondsToRetry(job.id, 2)).toBe(40)
    clock.advance(40_000)
    expect(await secondsToRetry(job.id, 3)).toBe(90)
    clock.advance(90_000)
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FAILED', error: { code: 'HTTP_503' } })
    expect(source.gets('/f')).toHaveLength(4)
  })

  it('honours Retry-After', async () => {
    source.put('/f', 'content')
    source.misbehave('/f', { kind: 'status', status: 503, headers: { 'Retry-After': '120' } })
    const job = await engine.submit({ destination: { path: '/x' } })
    expect(await secondsToRetry(job.id, 1)).toBe(120)
    clock.advance(120_000)
    expect((await engine.ended(job.id)).state).toBe('FINISHED')
  })

  it('asks for fresh credentials once before it believes that they are refused', async () => {
    source.put('/f', 'content')
    source.misbehave('/f', { kind: 'status', status: 401 }, { kind: 'status', status: 401 })
    const job = await engine.submit({ destination: { path: '/x' } })
    expect(await secondsToRetry(job.id, 1)).toBe(10)
    clock.advance(10_000)
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FAILED', error: { code: 'HTTP_401' } })
  })

  it('resumes a file whose back-off outlived the node', async () => {
    source.put('/f', 'content')
    source.misbehave('/f', { kind: 'status', status: 500 })
    const job = await engine.submit({ destination: { path: '/x' } })
    await secondsToRetry(job.id, 1)
    await engine.close({ keepFolder: true })
    const { folder } = engine
    engine = await TestEngine.start({
      db: database.db,
      sourceUrl: source.url,
      clock,
      folder,
      config: { retryBaseSeconds: 10 },
    })
    clock.advance(10_000)
    expect((await engine.ended(job.id)).state).toBe('FINISHED')
  })
})

describe('a node that is stopped in the middle', () => {
  beforeEach(() => start('sqlite'))

  it('gives its leases back, keeps the bytes, and goes on at the next start without an attempt lost', async () => {
    const content = source.put('/big', Buffer.alloc(4 * 1024 * 1024, 'b'))
    source.misbehave('/big', { kind: 'stall', afterBytes: 2 * 1024 * 1024 + 5 })
    const job = await engine.submit({ destination: { path: '/x' } })
    await expect.poll(async () => (await engine.partFiles()).length).toBe(1)
    await engine.close({ keepFolder: true })
    const row = await database.db<TransferFile>('transfer_files').first()
    expect(row).toMatchObject({ queue: 'ready', lease_owner: null, attempts: 0, state: 'NEW' })
    const { folder } = engine
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, clock, folder })
    expect((await engine.ended(job.id)).state).toBe('FINISHED')
    expect(await engine.content('/x/big')).toEqual(content)
  })
})

describe('the API', () => {
  beforeEach(() => start('sqlite'))

  it('pages jobs and files with cursors', async () => {
    for (const name of ['a', 'b', 'c']) source.put(`/d/${name}`, name)
    const jobs: string[] = []
    for (const n of [1, 2, 3]) {
      jobs.unshift(
        (await engine.submit({ source: { shareId: 's1', path: '/d' }, destination: { path: `/x${n}` } })).id,
      )
      clock.advance(1)
    }
    await engine.transfers.idle()
    const page = (await engine.call('listTransfers', { query: { limit: 2 } })) as Page
    expect(page.items.map((item) => item.id)).toEqual(jobs.slice(0, 2))
    const rest = (await engine.call('listTransfers', {
      query: { limit: 2, cursor: page.nextCursor },
    })) as Page
    expect(rest).toEqual({ items: [expect.objectContaining({ id: jobs[2] })] })
    const filesOf = (query: object) =>
      engine.call('listTransferFiles', { params: { id: jobs[0] }, query }) as Promise<Page>
    const files = await filesOf({ limit: 2, state: 'DONE' })
    expect(files.items.map((item) => item.path)).toEqual(['a', 'b'])
    expect((await filesOf({ limit: 2, cursor: files.nextCursor })).items.map((item) => item.path)).toEqual([
      'c',
    ])
    for (const strange of ['nonsense', toCursor([1e30, 'x']), toCursor([1, 'x\0'])]) {
      const call = engine.call('listTransfers', { query: { limit: 2, cursor: strange } })
      await expect(call).rejects.toMatchObject({ status: 400 })
    }
  })

  it('has nothing to retry in a job where all went well', async () => {
    source.put('/d/a', 'a')
    const job = await engine.run({ source: { shareId: 's1', path: '/d' }, destination: { path: '/x' } })
    await expect(engine.call('retryTransfer', { params: { id: job.id } })).rejects.toMatchObject({
      status: 409,
    })
    expect(await engine.call('cancelTransfer', { params: { id: job.id } })).toMatchObject({
      state: 'FINISHED',
    })
  })

  it('refuses an order that makes no sense', async () => {
    const route = engine.transfers.routes.find((candidate) => candidate.operationId === 'submitTransfer')
    const parse = (body: unknown) => route?.body?.safeParse(body).success
    expect(parse({ source: { path: '/a' }, destination: { path: '/b' } })).toBe(true)
    expect(parse({ source: { path: '/a' }, destination: { path: '/b' }, priority: 101 })).toBe(false)
    expect(
      parse({ source: { path: '/a', shareId: 's' }, destination: { path: '/b' }, executor: 'magic' }),
    ).toBe(false)
    expect(parse({ source: {}, destination: { path: '/b' } })).toBe(false)
    await expect(
      engine.submit({ source: { shareId: 'unknown' }, destination: { path: '/x' } }),
    ).rejects.toMatchObject({ status: 404 })
  })
})

interface Page {
  items: { id: string; path?: string }[]
  nextCursor?: string
}
