import { randomBytes } from 'node:crypto'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type StorePath,
  WrappedStore,
  type WriteOptions,
  type WriteResult,
  type WriteSource,
} from '../../src/store/index.ts'
import { registerStageMetrics } from '../../src/transfers/metrics.ts'
import type { TestDatabase } from '../support/databases.ts'
import { closeRig, type EngineRig, startRig } from './support/engine-rig.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine, TOKEN } from './support/test-engine.ts'

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

describe('a transfer from another server', () => {
  it('copies a tree, verified by the checksum of the source, and keeps the times', async () => {
    const large = source.put('/data/large.bin', randomBytes(3 * MIB))
    const small = source.put('/data/sub/späße 1.txt', 'hello')
    source.put('/data/sub/empty', '')
    const job = await engine.run({
      source: { shareId: 's1', path: '/data' },
      destination: { path: '/in/copy' },
    })
    expect(job).toMatchObject({
      state: 'FINISHED',
      label: 'data to /in/copy',
      files: { total: 3, done: 3, failed: 0, skipped: 0, canceled: 0, active: 0 },
      bytes: { total: 3 * MIB + 5, done: 3 * MIB + 5 },
    })
    expect(await engine.content('/in/copy/large.bin')).toEqual(large)
    expect(await engine.content('/in/copy/sub/späße 1.txt')).toEqual(small)
    expect((await engine.drive.stat(['in', 'copy', 'large.bin'])).mtimeMs).toBe(1_700_000_001_000)
    const files = await engine.files(job.id)
    expect(files.map((file) => [file.path, file.state, file.verified])).toEqual([
      ['large.bin', 'DONE', 'checksum'],
      ['sub/empty', 'DONE', 'checksum'],
      ['sub/späße 1.txt', 'DONE', 'checksum'],
    ])
    expect(source.gets('/data/large.bin')[0]?.authorization).toBe(`Bearer ${TOKEN}`)
    expect(await engine.partFiles()).toEqual([])
  })

  it('copies one file to exactly the destination path', async () => {
    const content = source.put('/a.txt', 'alpha')
    const job = await engine.run({
      source: { shareId: 's1', path: '/a.txt' },
      destination: { path: '/x/y/b.txt' },
    })
    expect(job.state).toBe('FINISHED')
    expect(await engine.content('/x/y/b.txt')).toEqual(content)
  })

  it('says when only the size could be compared', async () => {
    source.withoutChecksums = true
    source.put('/a.txt', 'alpha')
    const job = await engine.run({ destination: { path: '/x' } })
    expect((await engine.files(job.id))[0]).toMatchObject({ state: 'DONE', verified: 'size' })
  })

  it('goes on from the bytes that stand after the connection broke', async () => {
    const content = source.put('/big', randomBytes(4 * MIB))
    source.misbehave('/big', { kind: 'cut', afterBytes: 2 * MIB + 17 }, { kind: 'cut', afterBytes: MIB })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job.state).toBe('FINISHED')
    expect(await engine.content('/x/big')).toEqual(content)
    const [first, second, third] = source.gets('/big')
    expect(first?.range).toBeUndefined()
    const secondStart = Number(/^bytes=(\d+)-$/.exec(second?.range ?? '')?.[1])
    const thirdStart = Number(/^bytes=(\d+)-$/.exec(third?.range ?? '')?.[1])
    expect(second?.ifRange).toBe('"v1"')
    expect(secondStart).toBeGreaterThan(MIB)
    expect(thirdStart).toBeGreaterThan(secondStart)
    expect((await engine.files(job.id))[0]).toMatchObject({ attempts: 3, verified: 'checksum' })
  })

  it('begins anew when the server ignores the range', async () => {
    const content = source.put('/big', randomBytes(2 * MIB))
    source.misbehave('/big', { kind: 'cut', afterBytes: MIB }, { kind: 'ignore-range' })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job.state).toBe('FINISHED')
    expect(await engine.content('/x/big')).toEqual(content)
  })

  it('gives up a server that falls silent, and goes on with the next attempt', async () => {
    const content = source.put('/big', randomBytes(2 * MIB))
    source.misbehave('/big', { kind: 'stall', afterBytes: MIB })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job.state).toBe('FINISHED')
    expect(await engine.content('/x/big')).toEqual(content)
    expect(source.gets('/big')[1]?.range).toMatch(/^bytes=\d+-$/)
  })

  it('throws broken bytes away and fetches them again', async () => {
    const content = source.put('/f', 'the right bytes')
    source.misbehave('/f', { kind: 'corrupt' }, { kind: 'corrupt' })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job.state).toBe('FINISHED')
    expect(await engine.content('/x/f')).toEqual(content)
    expect(source.gets('/f').map((request) => request.range)).toEqual([undefined, undefined, undefined])
  })

  it('fails after the third checksum mismatch and leaves the destination clean', async () => {
    source.put('/f', 'the right bytes')
    source.misbehave('/f', { kind: 'corrupt' }, { kind: 'corrupt' }, { kind: 'corrupt' })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'CHECKSUM_MISMATCH' } })
    await expect(engine.drive.stat(['x', 'f'])).rejects.toThrow()
    expect(await engine.partFiles()).toEqual([])
    const attempts = await database.db('transfer_attempts').select('error_code')
    expect(attempts).toHaveLength(3)
  })

  it('says that the source changed, and leaves the destination clean', async () => {
    source.put('/big', randomBytes(3 * MIB))
    source.put('/other', 'fine')
    source.misbehave('/big', { kind: 'cut', afterBytes: MIB }, { kind: 'stall', afterBytes: 0 })
    const job = await engine.submit({ destination: { path: '/x' } })
    await engine.untilFile(job.id, (file) => file.path === 'big' && file.attempts === 2)
    source.put('/big', randomBytes(3 * MIB))
    const end = await engine.ended(job.id)
    expect(end.state).toBe('FINISHEDDIRTY')
    expect(end.error).toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringContaining('changed during'),
    })
    await expect(engine.drive.stat(['x', 'big'])).rejects.toThrow()
    expect(await engine.partFiles()).toEqual([])
  })

  it('calls a server that sends another length than it lists a liar', async () => {
    source.put('/f', 'twelve bytes')
    for (let n = 0; n < 3; n++) source.misbehave('/f', { kind: 'wrong-length', extraBytes: 4 })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'LENGTH_MISMATCH' } })
    await expect(engine.drive.stat(['x', 'f'])).rejects.toThrow()
  })

  it('gives no credentials to another server it is sent to', async () => {
    const other = await SourceServer.start()
    const content = other.put('/f', 'elsewhere')
    source.put('/f', content)
    source.misbehave('/f', { kind: 'redirect', to: `${other.url}/f` })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job.state).toBe('FINISHED')
    expect(other.gets('/f')).toMatchObject([{ authorization: undefined }])
    await other.close()
  })

  it('refuses a redirect into a private network', async () => {
    source.put('/f', 'bytes')
    source.misbehave('/f', { kind: 'redirect', to: 'http://10.0.0.1/f' })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'ADDRESS_REFUSED' } })
  })

  it('fails at once for what no repeat mends, and sends it again when the user asks', async () => {
    source.put('/good', 'good')
    source.put('/bad', 'bad')
    source.misbehave('/bad', { kind: 'status', status: 403 })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job).toMatchObject({
      state: 'FINISHEDDIRTY',
      files: { done: 1, failed: 1 },
      error: { code: 'HTTP_403' },
    })
    expect(source.gets('/bad')).toHaveLength(1)
    const failed = (await engine.files(job.id)).find((file) => file.path === 'bad')
    expect(failed?.error).toMatchObject({ type: 'PERMANENT_REMOTE_ERROR', location: 'ERROR_SOURCE' })
    await engine.call('retryTransfer', { params: { id: job.id } })
    const end = await engine.ended(job.id)
    expect(end).toMatchObject({ state: 'FINISHED', files: { total: 2, done: 2, failed: 0 } })
    expect(end.error).toBeUndefined()
    expect(source.gets('/good')).toHaveLength(1)
  })

  it('fails with the reason when the source cannot be read at all', async () => {
    const job = await engine.run({ source: { shareId: 's1', path: '/nothing' }, destination: { path: '/x' } })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'NOT_FOUND' }, files: { total: 0 } })
  })

  it('cancels in the middle and leaves nothing half-done', async () => {
    source.put('/done', 'done')
    source.put('/big', randomBytes(3 * MIB))
    source.misbehave('/big', { kind: 'stall', afterBytes: MIB })
    const job = await engine.submit({ destination: { path: '/x' } })
    await engine.untilFile(job.id, (file) => file.path === 'done' && file.state === 'DONE')
    await expect.poll(() => engine.partFiles()).toHaveLength(1)
    const answer = await engine.call('cancelTransfer', { params: { id: job.id } })
    expect(answer).toMatchObject({ state: 'CANCELED', files: { total: 2, done: 1, canceled: 1 } })
    expect(await engine.partFiles()).toEqual([])
    await expect(engine.drive.stat(['x', 'big'])).rejects.toThrow()
    expect(await engine.content('/x/done')).toEqual(Buffer.from('done'))
    await engine.call('retryTransfer', { params: { id: job.id } })
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHED', files: { done: 2, canceled: 0 } })
  })

  it('tells every change of state and never goes backwards', async () => {
    source.put('/a', 'a')
    const job = await engine.run({ destination: { path: '/x' } })
    await expect.poll(() => engine.snapshots.map((view) => view.state)).toContain('FINISHED')
    expect(engine.snapshots[0]).toMatchObject({ id: job.id, state: 'SUBMITTED' })
    expect(engine.snapshots.map((view) => view.state).filter((state) => state === 'FINISHED')).toHaveLength(1)
    const metrics = await engine.registry.metrics()
    expect(metrics).toContain('causeway_transfers{state="FINISHED"} 1')
    expect(metrics).toContain('causeway_transfer_bytes_total 1')
    expect(metrics).toContain('causeway_transfer_attempts_total{result="done"} 1')
  })
})

describe('the metrics of the queue', () => {
  it('tell what is open and runs on every link, and what has left its slot', async () => {
    source.put('/slow', Buffer.alloc(2 * 1024 * 1024))
    source.misbehave('/slow', { kind: 'stall', afterBytes: 1024 })
    const { id } = await engine.submit({ destination: { path: '/x' } })
    await expect
      .poll(() => engine.registry.metrics())
      .toMatch(/^causeway_transfer_files_running\{share="[^"]+",link="[^"]+"\} 1$/m)
    const metrics = await engine.registry.metrics()
    expect(metrics).toMatch(/^causeway_transfer_files_open\{share="[^"]+",link="[^"]+"\} 1$/m)
    expect(metrics).toMatch(/^causeway_transfer_link_limit\{link="[^"]+"\} \d+$/m)
    await engine.call('cancelTransfer', { params: { id } })
    expect(await engine.registry.metrics()).not.toContain('causeway_transfer_files_running{')
  })

  it('tell what has left its slot', async () => {
    const registry = new Registry()
    registerStageMetrics(registry, { outsideFiles: () => ({ pre: 2, delivery: 0, post: 1 }) })
    const metrics = await registry.metrics()
    expect(metrics.match(/^causeway_transfer_files_outside_slots\{.*$/gm)).toEqual([
      'causeway_transfer_files_outside_slots{stage="pre"} 2',
      'causeway_transfer_files_outside_slots{stage="delivery"} 0',
      'causeway_transfer_files_outside_slots{stage="post"} 1',
    ])
  })
})

describe('what stands at the destination', () => {
  const order = (overwrite: 'never' | 'always' | 'if-different') => ({
    overwrite,
    destination: { path: '/x' },
  })

  beforeEach(async () => {
    source.put('/same', 'same')
    source.put('/other', 'new content')
    await engine.run({ source: { shareId: 's1', path: '/same' }, destination: { path: '/x/same' } })
    await engine.drive.write(['x', 'other'], oneChunk('old'))
    source.requests.length = 0
  })

  it('is skipped when it is the same, and replaced when it differs', async () => {
    // The drive knows sha-256 and adler32, the source sha-1: size and time decide.
    const job = await engine.run(order('if-different'))
    expect(job).toMatchObject({
      state: 'FINISHED',
      files: { done: 1, skipped: 1 },
      bytes: { total: 15, done: 15 },
    })
    expect(source.gets('/same')).toHaveLength(0)
    expect(await engine.content('/x/other')).toEqual(Buffer.from('new content'))
  })

  it('is never replaced when the job says so', async () => {
    const job = await engine.run(order('never'))
    expect(job).toMatchObject({ state: 'FINISHEDDIRTY', error: { code: 'DESTINATION_EXISTS' } })
    expect(await engine.content('/x/other')).toEqual(Buffer.from('old'))
    expect(source.gets('/other')).toHaveLength(0)
  })

  it('is always replaced when the job says so', async () => {
    const job = await engine.run(order('always'))
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 2, skipped: 0 } })
    expect(source.gets('/same')).toHaveLength(1)
  })

  it('is not replaced by a file when it is a folder', async () => {
    await engine.drive.makeCollection(['y'])
    const job = await engine.run({ source: { shareId: 's1', path: '/same' }, destination: { path: '/y' } })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'DESTINATION_IS_FOLDER' } })
  })
})

/** A drive that checks nothing, and in which somebody else writes whatever was just written. */
class Overtaken extends WrappedStore {
  override async write(
    path: StorePath,
    source: WriteSource,
    options: WriteOptions = {},
  ): Promise<WriteResult> {
    const { expected: _expected, ...unchecked } = options
    const written = await super.write(path, source, unchecked)
    await super.write(path, oneChunk('the work of another'))
    return written
  }
}

describe('a destination whose bytes lie elsewhere', () => {
  beforeEach(async () => {
    await engine.close({ keepFolder: true })
    const { folder } = engine
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, folder, withoutStaging: true })
  })

  it('is written straight through, verified, again from the start after a broken connection', async () => {
    const content = source.put('/big', randomBytes(3 * MIB))
    source.misbehave('/big', { kind: 'cut', afterBytes: MIB })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job).toMatchObject({ state: 'FINISHED', bytes: { done: 3 * MIB } })
    expect(await engine.content('/x/big')).toEqual(content)
    expect((await engine.files(job.id))[0]).toMatchObject({ verified: 'checksum', attempts: 2 })
    expect(source.gets('/big').map((request) => request.range)).toEqual([undefined, undefined])
  })

  it('holds nothing wrong at the end', async () => {
    source.put('/f', 'the right bytes')
    source.misbehave('/f', { kind: 'corrupt' }, { kind: 'corrupt' }, { kind: 'corrupt' })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job.state).toBe('FAILED')
    await expect(engine.drive.stat(['x', 'f'])).rejects.toThrow()
  })

  it('keeps what somebody else put in the place of a wrong copy', async () => {
    const { folder } = engine
    await engine.close({ keepFolder: true })
    engine = await TestEngine.start({
      ...{ db: database.db, sourceUrl: source.url, folder, withoutStaging: true },
      wrapDestination: (drive) => new Overtaken(drive),
    })
    source.put('/f', 'the right bytes')
    source.misbehave('/f', { kind: 'corrupt' }, { kind: 'corrupt' }, { kind: 'corrupt' })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job.state).toBe('FAILED')
    expect((await engine.content('/x/f')).toString()).toBe('the work of another')
  })

  it('cannot be served by rclone', async () => {
    source.put('/f', 'content')
    const job = await engine.run({ destination: { path: '/x' }, executor: 'rclone' })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'EXECUTOR_NEEDS_STAGING' } })
  })
})

describe('a transfer inside the drive', () => {
  it('copies a folder beside itself', async () => {
    await engine.drive.makeCollection(['a'])
    await engine.drive.write(['a', 'f'], oneChunk('content'))
    const job = await engine.run({ source: { path: '/a' }, destination: { path: '/b' } })
    expect(job.state).toBe('FINISHED')
    expect(await engine.content('/b/f')).toEqual(Buffer.from('content'))
    expect((await engine.files(job.id))[0]).toMatchObject({ verified: 'checksum' })
  })

  it('refuses a destination that is the source or lies in it', async () => {
    await engine.drive.makeCollection(['a'])
    const into = (path: string) => engine.submit({ source: { path: '/a' }, destination: { path } })
    await expect(into('/a')).rejects.toMatchObject({ status: 400, code: 'SAME_PLACE' })
    await expect(into('/a/b')).rejects.toMatchObject({ status: 400, code: 'DESTINATION_IN_SOURCE' })
  })
})

describe('the jobs of others', () => {
  it('do not exist', async () => {
    source.put('/a', 'a')
    const job = await engine.run({ destination: { path: '/x' } })
    for (const operation of ['getTransfer', 'cancelTransfer', 'retryTransfer', 'listTransferFiles']) {
      const call = engine.call(operation, { params: { id: job.id }, query: { limit: 10 } }, 'somebody-else')
      await expect(call).rejects.toMatchObject({ status: 404 })
    }
    expect(await engine.call('listTransfers', { query: { limit: 10 } }, 'somebody-else')).toEqual({
      items: [],
    })
  })
})

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
