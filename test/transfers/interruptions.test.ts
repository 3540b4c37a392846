import { randomBytes, randomUUID } from 'node:crypto'
import { link, open, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { FakeClock } from './support/fake-clock.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

const MIB = 1024 * 1024
let database: TestDatabase
let source: SourceServer
let engine: TestEngine

describe.each(engines)('a transfer on %s that is interrupted', (engineName) => {
  beforeEach(async () => {
    database = await createTestDatabase(engineName)
    source = await SourceServer.start()
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url })
  })

  afterEach(async () => {
    await engine.close()
    await source.close()
    await database.close()
  })

  const restart = async (): Promise<void> => {
    await engine.close({ keepFolder: true })
    const { folder } = engine
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, folder })
  }

  /** A node whose files wait ten seconds and more for their next attempt, by a clock of ours. */
  const restartSlowly = async (): Promise<FakeClock> => {
    await engine.close({ keepFolder: true })
    const clock = new FakeClock()
    const { folder } = engine
    const config = { retryBaseSeconds: 10 }
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, folder, clock, config })
    return clock
  }

  /** Orders /big, which stalls in the middle, and waits until bytes stand. */
  const orderStalling = async (): Promise<string> => {
    source.misbehave('/big', { kind: 'stall', afterBytes: 2 * MIB + 5 })
    const { id } = await engine.submit({ destination: { path: '/x' } })
    await engine.untilFile(id, (file) => file.bytesDone >= MIB)
    return id
  }

  it('goes on from the bytes that stand when the node was stopped in the first attempt', async () => {
    const content = source.put('/big', randomBytes(4 * MIB))
    const id = await orderStalling()
    await restart()
    expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED' })
    expect(await engine.content('/x/big')).toEqual(content)
    const start = Number(/^bytes=(\d+)-$/.exec(source.gets('/big')[1]?.range ?? '')?.[1])
    expect(start).toBeGreaterThanOrEqual(MIB)
  })

  it('never writes on into bytes that have another name, such as that of a cached file', async () => {
    const content = source.put('/big', randomBytes(4 * MIB))
    const id = await orderStalling()
    await engine.close({ keepFolder: true })
    const [part = ''] = await engine.partFiles()
    const staging = (await engine.drive.stagingFolder(['x'])) as string
    const other = join(engine.folder, 'cached')
    await link(join(staging, part), other)
    const { size } = await stat(other)
    await restart()
    expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED' })
    expect(await engine.content('/x/big')).toEqual(content)
    expect((await stat(other)).size).toBe(size)
  })

  it.runIf(engineName === 'postgres')(
    'is not harmed by a worker that lost its lease and still has the part file open',
    async () => {
      const content = source.put('/big', randomBytes(4 * MIB))
      const id = await orderStalling()
      await engine.close({ keepFolder: true })
      const [part = ''] = await engine.partFiles()
      const staging = (await engine.drive.stagingFolder(['x'])) as string
      const stale = await open(join(staging, part), 'r+')
      await restart()
      expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED' })
      await stale.write(Buffer.alloc(100, 'stale'), 0, 100, 0)
      await stale.truncate(1000)
      await stale.close()
      expect(await engine.content('/x/big')).toEqual(content)
      expect(await engine.partFiles()).toEqual([])
    },
  )

  it('notices after a stop in the first attempt that the source is another one now', async () => {
    source.put('/big', randomBytes(4 * MIB))
    const id = await orderStalling()
    await engine.close({ keepFolder: true })
    source.put('/big', randomBytes(4 * MIB))
    const { folder } = engine
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, folder })
    expect(await engine.ended(id)).toMatchObject({ state: 'FAILED', error: { code: 'SOURCE_CHANGED' } })
    expect(await engine.partFiles()).toEqual([])
  })

  it('is ended though it is paused while it is being cancelled', async () => {
    source.put('/big', randomBytes(4 * MIB))
    const id = await orderStalling()
    await engine.close({ keepFolder: true })
    const { folder } = engine
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, folder, isStarted: false })
    await engine.call('cancelTransfer', { params: { id } })
    await engine.call('pauseTransfer', { params: { id } })
    engine.transfers.start()
    expect(await engine.ended(id)).toMatchObject({ state: 'CANCELED' })
    expect(await engine.partFiles()).toEqual([])
  })

  it('leaves no bytes when it is cancelled before the restarted node took it up again', async () => {
    source.put('/big', randomBytes(4 * MIB))
    const id = await orderStalling()
    await engine.close({ keepFolder: true })
    expect(await engine.partFiles()).toHaveLength(1)
    const { folder } = engine
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, folder, isStarted: false })
    await engine.call('cancelTransfer', { params: { id } })
    engine.transfers.start()
    expect(await engine.ended(id)).toMatchObject({ state: 'CANCELED', files: { canceled: 1 } })
    await expect.poll(() => engine.partFiles()).toEqual([])
  })

  it('can be retried after it was cancelled while its files waited for the next attempt', async () => {
    await restartSlowly()
    source.put('/a', 'alpha')
    source.misbehave('/a', { kind: 'status', status: 503 })
    const { id } = await engine.submit({ destination: { path: '/x' } })
    await engine.untilFile(id, (file) => file.error?.retryAt !== undefined)
    await engine.call('cancelTransfer', { params: { id } })
    expect((await engine.ended(id)).state).toBe('CANCELED')
    await engine.call('retryTransfer', { params: { id } })
    expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED', files: { done: 1, canceled: 0 } })
    expect(await engine.content('/x/a')).toEqual(Buffer.from('alpha'))
  })

  it('waits no longer for its next attempt when the clock is set back', async () => {
    const clock = await restartSlowly()
    source.put('/a', 'alpha')
    source.misbehave('/a', { kind: 'status', status: 503 })
    const { id } = await engine.submit({ destination: { path: '/x' } })
    await engine.untilFile(id, (file) => file.error?.retryAt !== undefined)
    clock.setBack(24 * 3_600_000)
    const state = async () => {
      clock.advance(1000)
      return (await engine.job(id)).state
    }
    await expect.poll(state, { timeout: 10_000 }).toBe('FINISHED')
  })

  it('fetches the file again when its part file vanishes before publication', async () => {
    const content = source.put('/big', randomBytes(2 * MIB))
    const { drive } = engine
    const write = drive.write.bind(drive)
    let losses = 1
    drive.write = async (...args) => {
      const staging = (await drive.stagingFolder(['x'])) as string
      if (losses-- > 0) for (const name of await engine.partFiles()) await rm(join(staging, name))
      return write(...args)
    }
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    expect(await engine.content('/x/big')).toEqual(content)
    expect(source.gets('/big')).toHaveLength(2)
  })

  it('sweeps part files that no open request owns, and leaves those that one does', async () => {
    source.put('/big', randomBytes(4 * MIB))
    const id = await orderStalling()
    const [own = ''] = await engine.partFiles()
    await engine.close({ keepFolder: true })
    const staging = (await engine.drive.stagingFolder(['x'])) as string
    const orphan = join(staging, `${randomUUID()}-${randomUUID()}.part`)
    const young = `${randomUUID()}-${randomUUID()}.part`
    await writeFile(orphan, 'bytes of a job that is gone')
    await writeFile(join(staging, young), 'bytes')
    await utimes(orphan, 1, 1)
    await utimes(join(staging, own), 1, 1)
    const { folder } = engine
    source.misbehave('/big', { kind: 'stall', afterBytes: 1000 })
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, folder })
    await expect.poll(async () => (await engine.partFiles()).sort()).toEqual([own, young].sort())
    await engine.call('cancelTransfer', { params: { id } })
  })
})
