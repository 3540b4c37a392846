import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { uuid5 } from '../../src/platform/ids.ts'
import { FakeFts } from '../fakes/fts/fake-fts.ts'
import { FakeCopier } from '../fakes/tpc/fake-copier.ts'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { TestEngine } from './support/test-engine.ts'

const bytes = randomBytes(100_000)
let database: TestDatabase
let engine: TestEngine
let fts: FakeFts
let from: FakeCopier
let to: FakeCopier

beforeEach(async () => {
  ;[database, fts, from, to] = await Promise.all([
    createTestDatabase('sqlite'),
    FakeFts.start(),
    FakeCopier.start(),
    FakeCopier.start(),
  ])
  from.files.set('/data.bin', bytes)
  fts.token = 'fts-secret'
  engine = await startEngine()
  return async () => {
    await engine.close()
    await Promise.all([database, fts, from, to].map((one) => one.close()))
  }
})

function startEngine(folder?: string): Promise<TestEngine> {
  const config = { url: `${fts.url}/`, token: 'fts-secret', activity: 'staging', maxPollSeconds: 0.05 }
  const common = { db: database.db, sourceUrl: 'http://127.0.0.1:1', config: { maxTries: 3, fts: config } }
  return TestEngine.start(folder === undefined ? common : { ...common, folder })
}

const order = (more: object = {}) => ({
  source: { url: `${from.origin}/data.bin` },
  destination: { url: `${to.origin}/copy.bin` },
  executor: 'fts' as const,
  overwrite: 'never' as const,
  ...more,
})
const submissions = () => fts.seen.filter((one) => one === 'POST /jobs').length

describe('a file that FTS copies', () => {
  it('is a job of one file with a name, followed through its states, verified and finished', async () => {
    const { id } = await engine.submit(order())
    const job = await fts.job()
    expect(job.file).toMatchObject({
      sources: [`${from.origin}/data.bin`],
      destinations: [`${to.origin}/copy.bin`],
      filesize: bytes.length,
      checksum: expect.stringMatching(/^adler32:[0-9a-f]{8}$/),
    })
    expect(job.params).toMatchObject({ overwrite: false, id_generator: 'deterministic', retry: 0 })
    for (const state of ['TOKEN_PREP', 'STAGING', 'STARTED', 'SUBMITTED', 'READY', 'ACTIVE']) {
      fts.move(job, state, state === 'ACTIVE' ? { transferred: 40_000 } : {})
      await fts.polled()
    }
    await engine.until(id, (one) => one.bytes.done === 40_000)
    to.files.set('/copy.bin', bytes)
    fts.move(job, 'ARCHIVING')
    await fts.polled()
    fts.move(job, 'FINISHED')
    expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED' })
    expect((await engine.files(id))[0]).toMatchObject({ executor: 'fts', verified: 'checksum' })
    expect(submissions()).toBe(1)
  })

  it('asks for as many streams as were ordered', async () => {
    const { id } = await engine.submit({ ...order(), options: { streams: 3 } })
    const job = await fts.job()
    expect(job.params.nostreams).toBe(3)
    await engine.call('cancelTransfer', { params: { id } })
    await engine.ended(id)
  })

  it('is watched further by the next life of the node and not submitted again', async () => {
    const { id } = await engine.submit(order())
    const job = await fts.job()
    fts.move(job, 'ACTIVE')
    await fts.polled()
    await engine.close({ keepFolder: true })
    expect(job.file_state).toBe('ACTIVE')
    to.files.set('/copy.bin', bytes)
    fts.move(job, 'FINISHED')
    engine = await startEngine(engine.folder)
    expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    expect(submissions()).toBe(1)
  })

  it('is found again by its name when the answer to the submission was lost', async () => {
    fts.losesAnswers = true
    const { id } = await engine.submit(order())
    const job = await fts.job()
    fts.losesAnswers = false
    to.files.set('/copy.bin', bytes)
    fts.move(job, 'FINISHED')
    expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED' })
    expect(fts.jobs.size).toBe(1)
  })

  it('is cancelled there when it is cancelled here', async () => {
    const { id } = await engine.submit(order())
    const job = await fts.job()
    fts.move(job, 'ACTIVE')
    await fts.polled()
    await engine.call('cancelTransfer', { params: { id } })
    expect(await engine.ended(id)).toMatchObject({ state: 'CANCELED' })
    for (; job.file_state !== 'CANCELED'; ) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(fts.seen).toContain(`DELETE /jobs/${job.job_id}`)
  })

  it('is not lost when the server is out of order for a while', async () => {
    const { id } = await engine.submit(order())
    const job = await fts.job()
    await fts.polled()
    fts.failWith = 503
    for (let polls = 0; polls < 3; polls++) await fts.polled()
    to.files.set('/copy.bin', bytes)
    fts.move(job, 'FINISHED')
    fts.failWith = undefined
    expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED' })
    expect(submissions()).toBe(1)
  })
})

describe('a job that ends otherwise', () => {
  it.each([
    ['SOURCE [2] No such file or directory', 'HTTP_404', 'ERROR_SOURCE'],
    ['DESTINATION [21] Is a directory (EISDIR)', 'COPY_REFUSED', 'ERROR_DESTINATION'],
  ])('with the reason %s fails for good', async (reason, code, location) => {
    const { id } = await engine.submit(order())
    fts.move(await fts.job(), 'FAILED', { reason })
    const ended = await engine.ended(id)
    expect(ended).toMatchObject({ state: 'FAILED', error: { code } })
    expect((await engine.files(id))[0]).toMatchObject({ error: { code, location } })
    expect(submissions()).toBe(1)
  })

  it('with a reason that passes is submitted again, under another name', async () => {
    const { id } = await engine.submit(order())
    const first = await fts.job()
    fts.move(first, 'FINISHEDDIRTY', { file_state: 'FAILED', reason: 'TRANSFER [110] Connection timed out' })
    while (fts.jobs.size < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    const second = await fts.job()
    expect(second.params.sid).not.toBe(first.params.sid)
    to.files.set('/copy.bin', bytes)
    fts.move(second, 'FINISHED')
    expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED' })
  })

  it('because somebody cancelled it there is told so', async () => {
    const { id } = await engine.submit(order())
    fts.move(await fts.job(), 'CANCELED')
    expect(await engine.ended(id)).toMatchObject({ state: 'FAILED', error: { code: 'FTS_CANCELED' } })
  })

  it('with FINISHED and other bytes is no success, and what is wrong is removed', async () => {
    const { id } = await engine.submit(order({ options: { maxTries: 1 } }))
    const job = await fts.job()
    to.files.set('/copy.bin', randomBytes(bytes.length))
    fts.move(job, 'FINISHED')
    expect(await engine.ended(id)).toMatchObject({ state: 'FAILED', error: { code: 'CHECKSUM_MISMATCH' } })
    expect(to.files.has('/copy.bin')).toBe(false)
  })

  it('that the server has forgotten is a success only when the file is right', async () => {
    const { id } = await engine.submit(order())
    const job = await fts.job()
    to.files.set('/copy.bin', bytes)
    fts.jobs.delete(job.job_id)
    expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED' })
  })
})

describe('the server', () => {
  it('that does not let us in is named, without its token', async () => {
    fts.token = 'another'
    const job = await engine.run(order())
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'HTTP_403' } })
    expect(JSON.stringify(job)).not.toContain('fts-secret')
  })

  it('that copies to the same place for somebody else already is waited for', async () => {
    const other = { sources: ['https://x/y'], destinations: [`${to.origin}/copy.bin`] }
    const body = JSON.stringify({ files: [other], params: {} })
    const headers = { Authorization: 'Bearer fts-secret' }
    await fetch(`${fts.url}/jobs`, { method: 'POST', body, headers })
    const job = await engine.run(order())
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'FTS_DUPLICATE' } })
    expect(submissions()).toBe(4)
  })

  it('is not asked for drives, nor where none is set', async () => {
    const job = await engine.run(order({ destination: { path: '/here' } }))
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'UNSUPPORTED_HERE' } })
    expect(submissions()).toBe(0)
  })
})

it('names are those of RFC 9562', () => {
  const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
  expect(uuid5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2')
})
