import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InsufficientStorageError } from '../../src/platform/errors.ts'
import type { JobView } from '../../src/transfers/index.ts'
import { orderSchema } from '../../src/transfers/order-schema.ts'
import type { TestDatabase } from '../support/databases.ts'
import { closeRig, type EngineRig, startRig } from './support/engine-rig.ts'
import type { SourceServer } from './support/source-server.ts'
import type { TestEngine } from './support/test-engine.ts'

const MIB = 1024 * 1024
let rig: EngineRig
let database: TestDatabase
let source: SourceServer
let engine: TestEngine

beforeEach(async () => {
  rig = await startRig({ idleTimeoutMs: 1500 })
  ;({ database, source, engine } = rig)
})

afterEach(() => closeRig(rig))

const post = (body: object) =>
  engine.call('submitTransfer', { body: orderSchema.parse(body) }) as Promise<JobView>

/** Nothing stands at the destination, and nothing in the staging folder. */
async function expectClean(path: string[]): Promise<void> {
  await expect(engine.drive.stat(path)).rejects.toMatchObject({ status: 404 })
  expect(await engine.partFiles()).toEqual([])
}

describe('an order through the API', () => {
  it.each([
    [{ source: { url: 'gsiftp://h.example/x' }, destination: { path: '/x' } }, /scheme|gsiftp|http/],
    [{ source: { path: '/a' }, destination: { path: '/a' } }, /same/],
    [{ source: { path: '/a' }, destination: { path: '/a/b/c' } }, /inside the source/],
    [{ items: [{ source: { path: '/a' }, destination: { path: '/a' } }] }, /Item 0/],
    [{ source: { url: 'https://10.0.0.1/x' }, destination: { path: '/x' } }, /private address/],
    [{ source: { url: 'https://u:p@h.example/x' }, destination: { path: '/x' } }, /password|user name/i],
    [{ source: { path: '/a' } }, /source and a destination/],
    [
      { items: [{ source: { path: '/a' }, destination: { path: '/b' } }], options: { deleteExtra: true } },
      /not for lists/,
    ],
    [
      {
        source: { url: 'https://a.example/x' },
        destination: { url: 'https://b.example/x' },
        executor: 'third-party',
        options: { bandwidthBytesPerSecond: 1000 },
      },
      /other servers move the bytes.*cannot slow them/,
    ],
  ])('%j is refused with the reason', async (body, words) => {
    await expect(post(body)).rejects.toMatchObject({ status: 400, message: expect.stringMatching(words) })
    expect(await database.db('transfer_jobs').select('id')).toEqual([])
  })

  it.each([
    [{ options: { speed: 'warp' } }, 'options'],
    [{ options: { sync: 'magic' } }, 'options'],
    [{ options: { streams: 0 } }, 'options'],
    [{ options: { filters: [{ action: 'maybe', pattern: 'x' }] } }, 'options'],
    [{ options: { checksums: { md5: 'xyz' } } }, 'options'],
    [{ options: { checksums: { crc99: '00000000' } } }, 'options'],
    [{ deadline: 'tomorrow' }, 'deadline'],
    [{ priority: 101 }, 'priority'],
    [{ unheard: true }, undefined],
  ])('%j is no order', (change, field) => {
    const result = orderSchema.safeParse({ source: { path: '/a' }, destination: { path: '/b' }, ...change })
    expect(result.success).toBe(false)
    expect(result.error?.issues[0]?.path[0]).toBe(field)
  })
})

describe('a source that is not what it was', () => {
  it.each([
    ['grows', 4 * MIB],
    ['shrinks', MIB],
  ])('%s: the copy is given up, and nothing is left', async (_word, sizeBytes) => {
    source.put('/f', randomBytes(3 * MIB))
    source.misbehave('/f', { kind: 'stall', afterBytes: MIB })
    const job = await post({ source: { shareId: 's1', path: '/f' }, destination: { path: '/x' } })
    await engine.untilFile(job.id, (file) => file.bytesDone > 0)
    source.put('/f', randomBytes(sizeBytes))
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FAILED', error: { code: 'SOURCE_CHANGED' } })
    await expectClean(['x'])
  })

  it('also while several streams fetch it', async () => {
    source.put('/f', randomBytes(20 * MIB))
    source.misbehave('/f', { kind: 'plain' }, { kind: 'stall', afterBytes: MIB })
    const options = { streams: 3 }
    const job = await post({ source: { shareId: 's1', path: '/f' }, destination: { path: '/x' }, options })
    await engine.untilFile(job.id, (file) => file.bytesDone > 0)
    source.put('/f', randomBytes(20 * MIB))
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FAILED', error: { code: 'SOURCE_CHANGED' } })
    await expectClean(['x'])
  })
})

describe('a server that lies', () => {
  it('about ranges: what it sends instead is not used', async () => {
    const content = source.put('/f', randomBytes(10 * MIB))
    source.misbehave('/f', { kind: 'wrong-range' })
    const job = await engine.run({
      source: { shareId: 's1', path: '/f' },
      destination: { path: '/x' },
      options: { streams: 2 },
    })
    expect(job.state).toBe('FINISHED')
    expect((await engine.content('/x')).equals(content)).toBe(true)
    expect((await engine.files(job.id))[0]?.attempts).toBeGreaterThan(1)
  })

  it('about the length, in a range: it is a failure in the end, and nothing is left', async () => {
    source.put('/f', randomBytes(10 * MIB))
    for (let n = 0; n < 40; n++) source.misbehave('/f', { kind: 'wrong-length', extraBytes: 5 })
    const job = await engine.run({
      source: { shareId: 's1', path: '/f' },
      destination: { path: '/x' },
      options: { streams: 2 },
    })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'LENGTH_MISMATCH' } })
    await expectClean(['x'])
  })

  it('by a redirect to a private address, in the middle as well', async () => {
    source.put('/f', randomBytes(10 * MIB))
    source.misbehave('/f', { kind: 'plain' })
    for (let n = 0; n < 6; n++) source.misbehave('/f', { kind: 'redirect', to: 'http://10.1.2.3/f' })
    const job = await engine.run({
      source: { shareId: 's1', path: '/f' },
      destination: { path: '/x' },
      options: { streams: 2 },
    })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'ADDRESS_REFUSED' } })
    await expectClean(['x'])
  })
})

describe('a destination', () => {
  it('that is full lets the file wait, says so, and goes on', async () => {
    const content = source.put('/f', randomBytes(2 * MIB))
    const { drive } = engine
    const quota = drive.quota.bind(drive)
    drive.quota = async () => {
      throw new InsufficientStorageError('The quota of the drive is reached.')
    }
    const job = await post({ source: { shareId: 's1', path: '/f' }, destination: { path: '/x' } })
    const waiting = await engine.untilFile(job.id, (file) => file.waitReason?.code === 'quota')
    expect(Date.parse(waiting.waitReason?.until ?? '')).toBeGreaterThan(Date.now() + 600_000)
    expect((await engine.job(job.id)).state).toBe('ACTIVE')
    await expectClean(['x'])
    drive.quota = quota
    await database.db('transfer_files').update({ next_at_ms: 0 })
    expect((await engine.ended(job.id)).state).toBe('FINISHED')
    expect((await engine.content('/x')).equals(content)).toBe(true)
  })

  it('whose disk is full while the file is published keeps what came over', async () => {
    const content = source.put('/f', randomBytes(2 * MIB))
    const { drive } = engine
    const write = drive.write.bind(drive)
    drive.write = async () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    }
    const job = await post({ source: { shareId: 's1', path: '/f' }, destination: { path: '/x' } })
    const file = await engine.untilFile(job.id, (one) => one.error?.code === 'NO_SPACE')
    expect(file).toMatchObject({ waitReason: { code: 'quota' }, bytesDone: 2 * MIB })
    await expect(drive.stat(['x'])).rejects.toMatchObject({ status: 404 })
    drive.write = write
    await database.db('transfer_files').update({ next_at_ms: 0 })
    expect((await engine.ended(job.id)).state).toBe('FINISHED')
    expect((await engine.content('/x')).equals(content)).toBe(true)
    expect(source.gets('/f')).toHaveLength(1)
  })

  it('that cannot hold a name says which, and takes the others', async () => {
    source.put('/d/good', 'good')
    source.put(`/d/${'long'.repeat(80)}`, 'long')
    const job = await engine.run({ source: { shareId: 's1', path: '/d' }, destination: { path: '/x' } })
    expect(job).toMatchObject({ state: 'FINISHEDDIRTY', files: { done: 1, failed: 1 } })
    const bad = (await engine.files(job.id)).find((file) => file.state === 'ERROR')
    expect(bad?.error?.message).toMatch(/Rename it at the source/)
    expect(await engine.partFiles()).toEqual([])
  })
})

describe('a tree that is very deep', () => {
  it('ends with a reason in a time, and leaves the engine at work', async () => {
    source.put(`/d/${'a/'.repeat(10_000)}f`, 'deep')
    source.put('/e', 'fine')
    const deep = await post({ source: { shareId: 's1', path: '/d' }, destination: { path: '/x' } })
    const end = await engine.ended(deep.id)
    expect(end.state).toBe('FAILED')
    expect(end.error?.message).toContain('deeper than 200 folders')
    expect(end.error?.message.length).toBeLessThan(1000)
    const next = await engine.run({ source: { shareId: 's1', path: '/e' }, destination: { path: '/y' } })
    expect(next.state).toBe('FINISHED')
  }, 60_000)
})
