import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeTape } from '../fakes/tape/fake-tape.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

let database: TestDatabase
let source: SourceServer
let tape: FakeTape
let engine: TestEngine

const count = (operation: RegExp) =>
  tape.calls.filter(({ method, path }) => operation.test(`${method} ${path}`)).length
const stages = () => tape.calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/stage'))

async function restWaits(): Promise<void> {
  await database.db('transfer_files').where({ state: 'STAGING_PREPARING_WAIT' }).update({ next_at_ms: 0 })
}

async function untilWaiting(n: number): Promise<void> {
  const waiting = () =>
    database
      .db('transfer_files')
      .where({ state: 'STAGING_PREPARING_WAIT', queue: 'held' })
      .whereNull('lease_owner')
  while ((await waiting()).length < n) await new Promise((resolve) => setTimeout(resolve, 5))
}

const released = () => [...tape.released.values()].flat().sort()

describe.each(engines)('files on tape (%s)', (name) => {
  beforeEach(async () => {
    database = await createTestDatabase(name)
    source = await SourceServer.start()
    tape = await FakeTape.start()
    engine = await TestEngine.start({
      ...{ db: database.db, sourceUrl: source.url, tapeUrl: tape.baseUrl },
      config: { slots: 1 },
    })
  })
  afterEach(async () => {
    await engine.close()
    for (const one of [source, tape, database]) await one.close()
  })

  const put = (path: string, locality: 'TAPE' | 'DISK') => {
    source.put(path, Buffer.alloc(1_100_000, path))
    tape.put(path, locality)
  }

  it('are ordered together, rest without a slot, are fetched when they arrive, and released', async () => {
    for (const path of ['/f/1', '/f/2', '/f/3']) put(path, 'TAPE')
    put('/f/4', 'DISK')
    const job = await engine.submit({ source: { shareId: 's1', path: '/f' }, destination: { path: '/f' } })
    await untilWaiting(3)
    expect(stages()).toHaveLength(1)
    expect((stages()[0]?.body as { files: unknown[] }).files).toHaveLength(3)
    expect(stages()[0]?.body).toMatchObject({ files: [{ diskLifetime: 'PT172800S' }, {}, {}] })
    expect(source.gets('/f/1')).toHaveLength(0)
    for (const path of ['/f/1', '/f/2', '/f/3']) tape.arrive(path)
    await restWaits()
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHED' })
    expect(released()).toEqual(['/f/1', '/f/2', '/f/3'])
    expect((await engine.files(job.id)).map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1])
    expect(count(/archiveinfo/)).toBeLessThanOrEqual(2)
  })

  it('that cannot be had fail with what their site says, the others come', async () => {
    put('/f/1', 'TAPE')
    put('/f/2', 'TAPE')
    const job = await engine.submit({
      source: { shareId: 's1', path: '/f' },
      destination: { path: '/f' },
      options: { maxTries: 1 },
    })
    await untilWaiting(2)
    tape.arrive('/f/1')
    tape.fail('/f/2', 'Tape is lost')
    await restWaits()
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHEDDIRTY' })
    const failed = (await engine.files(job.id)).find(({ path }) => path === '2')
    expect(failed?.error).toMatchObject({
      code: 'TAPE_STAGE_FAILED',
      message: expect.stringContaining('Tape is lost'),
    })
    expect(released()).toEqual(['/f/1', '/f/2'])
  })

  it('are not waited for longer than the order says', async () => {
    put('/a', 'TAPE')
    const job = await engine.submit({
      source: { shareId: 's1', path: '/a' },
      destination: { path: '/a' },
      options: { bringOnlineSeconds: 1 },
    })
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FAILED', error: { code: 'STAGING_TIMEOUT' } })
    expect(count(/\/cancel$/)).toBe(1)
    expect(released()).toEqual(['/a'])
  })

  it('are let go when the job is cancelled, those that nobody began with too', async () => {
    for (const path of ['/f/1', '/f/2', '/f/3']) put(path, 'TAPE')
    const job = await engine.submit({ source: { shareId: 's1', path: '/f' }, destination: { path: '/f' } })
    await untilWaiting(1)
    await engine.call('cancelTransfer', { params: { id: job.id } })
    expect(await engine.ended(job.id)).toMatchObject({ state: 'CANCELED' })
    expect(released()).toEqual(['/f/1', '/f/2', '/f/3'])
    expect(await database.db('transfer_files').whereNotNull('stage_request')).toEqual([])
  })

  it('are let go when only they are cancelled', async () => {
    for (const path of ['/f/1', '/f/2']) put(path, 'TAPE')
    const job = await engine.submit({ source: { shareId: 's1', path: '/f' }, destination: { path: '/f' } })
    await untilWaiting(2)
    const file = (await engine.files(job.id)).find(({ path }) => path === '1')
    await engine.call('cancelTransferFile', { params: { id: job.id, fileId: file?.id } })
    await expect.poll(released).toEqual(['/f/1'])
    tape.arrive('/f/2')
    await restWaits()
    expect(await engine.ended(job.id)).toMatchObject({ files: { done: 1, canceled: 1 } })
  })

  it('that were ordered by a life which died before it noted that are not ordered twice', async () => {
    put('/a', 'TAPE')
    const job = await engine.submit({ source: { shareId: 's1', path: '/a' }, destination: { path: '/a' } })
    await untilWaiting(1)
    await database
      .db('transfer_files')
      .update({ stage_request: null, state: 'NEW', queue: 'ready', next_at_ms: 0 })
    await database.db('transfer_jobs').update({ ready_small: 1, ready_large: 1 })
    await untilWaiting(1)
    expect(stages()).toHaveLength(1)
    tape.arrive('/a')
    await restWaits()
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHED' })
    expect(released()).toEqual(['/a'])
  })

  it('whose request the site forgot are ordered again', async () => {
    put('/a', 'TAPE')
    const job = await engine.submit({ source: { shareId: 's1', path: '/a' }, destination: { path: '/a' } })
    await untilWaiting(1)
    tape.forgetRequests()
    await restWaits()
    while (stages().length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    await untilWaiting(1)
    tape.arrive('/a')
    await restWaits()
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHED' })
  })
})
