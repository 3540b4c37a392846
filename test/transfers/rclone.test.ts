import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../../src/platform/log.ts'
import { RcloneDaemon } from '../../src/transfers/executors/rclone-daemon.ts'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine, TOKEN } from './support/test-engine.ts'

const MIB = 1024 * 1024
const POLL = { timeout: 10_000 }
const DIED = { fault: { code: 'EXECUTOR_DIED' } }
let database: TestDatabase
let source: SourceServer
let engine: TestEngine

async function start(config = {}): Promise<void> {
  database = await createTestDatabase('sqlite')
  source = await SourceServer.start()
  engine = await TestEngine.start({
    db: database.db,
    sourceUrl: source.url,
    config: { executor: 'rclone', ...config },
  })
}

async function stop(): Promise<void> {
  await engine.close()
  await source.close()
  await database.close()
}

/** Command lines and process ids of the daemons that run below us. */
async function daemons(): Promise<{ pid: number; commandLine: string }[]> {
  const found: { pid: number; commandLine: string }[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1])
    const grandparent = await readFile(`/proc/${parent}/status`, 'utf8').catch(() => '')
    const isOurs = Number(/^PPid:\s+(\d+)/m.exec(grandparent)?.[1]) === process.pid
    if (isOurs && /^[^\0]*rclone\0rcd/.test(commandLine)) found.push({ pid: Number(pid), commandLine })
  }
  return found
}

/** Stops the daemon where it stands, and returns its process id. */
async function hangDaemon(): Promise<number> {
  const [daemon] = await daemons()
  if (daemon === undefined) throw new Error('No daemon runs.')
  process.kill(daemon.pid, 'SIGSTOP')
  // A process of several threads goes on until the first of them takes notice.
  await expect.poll(() => readFile(`/proc/${daemon.pid}/status`, 'utf8'), POLL).toMatch(/^State:\s+T/m)
  return daemon.pid
}

describe('the executor rclone', () => {
  beforeEach(() => start())
  afterEach(stop)

  it('copies small and large files, verified by us, and never sees a credential', async () => {
    const large = source.put('/large', randomBytes(5 * MIB))
    source.put('/späße & co', 'small')
    source.put('/empty', '')
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job).toMatchObject({ state: 'FINISHED', executor: 'rclone', files: { done: 3 } })
    expect(await engine.content('/x/large')).toEqual(large)
    for (const file of await engine.files(job.id))
      expect(file).toMatchObject({ executor: 'rclone', verified: 'checksum' })
    expect(source.gets('/large')[0]?.authorization).toBe(`Bearer ${TOKEN}`)
    const running = await daemons()
    expect(running).toHaveLength(1)
    const environment = await readFile(`/proc/${running[0]?.pid}/environ`, 'utf8')
    expect(running[0]?.commandLine).not.toContain(TOKEN)
    expect(environment).not.toContain(TOKEN)
    expect(environment).toContain('RCLONE_CONFIG=/dev/null')
    expect(await engine.partFiles()).toEqual([])
  })

  it('keeps the bandwidth of the order, and takes several requests for one file', async () => {
    const large = source.put('/large', randomBytes(70 * MIB))
    const several = await engine.run({ destination: { path: '/x' }, options: { streams: 3 } })
    expect(several.state).toBe('FINISHED')
    expect((await engine.content('/x/large')).equals(large)).toBe(true)
    // rclone begins a further part for every 64 MiB, up to as many as it may.
    expect(new Set(source.gets('/large').map(({ range }) => range)).size).toBe(2)
    source.put('/slow/f', randomBytes(2 * MIB))
    const startMs = performance.now()
    const slow = await engine.run({
      source: { shareId: 's1', path: '/slow' },
      destination: { path: '/y' },
      options: { bandwidthBytesPerSecond: MIB },
    })
    expect(slow.state).toBe('FINISHED')
    expect(performance.now() - startMs).toBeGreaterThan(1500)
  })

  it('copies from the own drive as well', async () => {
    await engine.drive.write(['a'], oneChunk('own content'))
    const job = await engine.run({ source: { path: '/a' }, destination: { path: '/b' } })
    expect(job.state).toBe('FINISHED')
    expect(await engine.content('/b')).toEqual(Buffer.from('own content'))
  })

  it('reports what the source answered, not what rclone made of it', async () => {
    source.put('/f', 'content')
    for (let n = 0; n < 20; n++) source.misbehave('/f', { kind: 'status', status: 403 })
    const job = await engine.run({ destination: { path: '/x' } })
    expect(job).toMatchObject({
      state: 'FAILED',
      error: { code: 'HTTP_403', message: expect.stringContaining('source.test answered') },
    })
  })

  it('stops the copy and cleans up when the job is cancelled', async () => {
    source.put('/big', randomBytes(4 * MIB))
    source.misbehave('/big', { kind: 'stall', afterBytes: MIB })
    const job = await engine.submit({ destination: { path: '/x' } })
    await expect.poll(() => engine.partFiles(), { timeout: 10_000 }).toHaveLength(1)
    expect(await engine.call('cancelTransfer', { params: { id: job.id } })).toMatchObject({
      state: 'CANCELED',
    })
    expect(await engine.partFiles()).toEqual([])
  })

  it('starts the daemon again after it died, and leaves none behind', async () => {
    source.put('/a', 'a')
    source.put('/b', 'b')
    await engine.run({ source: { shareId: 's1', path: '/a' }, destination: { path: '/x/a' } })
    const [first] = await daemons()
    process.kill(first?.pid as number, 'SIGKILL')
    const job = await engine.run({ source: { shareId: 's1', path: '/b' }, destination: { path: '/x/b' } })
    expect(job.state).toBe('FINISHED')
    const [second] = await daemons()
    expect(second?.pid).not.toBe(first?.pid)
    await engine.transfers.close()
    await engine.places.close()
    expect(await daemons()).toEqual([])
  })
})

describe('an rclone that hangs', () => {
  let daemon: RcloneDaemon
  beforeEach(() => {
    daemon = new RcloneDaemon({ program: 'rclone', log: createLogger('silent') })
  })
  afterEach(() => daemon.close())

  it('is ended, and started again for the next call', async () => {
    const life = await daemon.ensure()
    expect(await daemon.call(life, 'rc/noop', { a: 1 })).toEqual({ a: 1 })
    const hung = await hangDaemon()
    await expect(daemon.call(life, 'rc/noop', {}, 500)).rejects.toMatchObject(DIED)
    const next = await daemon.ensure()
    expect(next).not.toBe(life)
    expect(await daemon.call(next, 'rc/noop', {})).toEqual({})
    await expect(daemon.call(life, 'rc/noop', {})).rejects.toMatchObject(DIED)
    await expect.poll(() => isAlive(hung), POLL).toBe(false)
    expect(await daemon.ensure()).toBe(next)
    await daemon.close()
    expect(await daemons()).toEqual([])
  })

  it('does not keep the node from stopping', async () => {
    await daemon.ensure()
    const hung = await hangDaemon()
    await daemon.close()
    await expect.poll(() => isAlive(hung), POLL).toBe(false)
  })
})

describe('a node without rclone', () => {
  beforeEach(() => start({ executor: 'stream', rcloneProgram: 'rclone-that-is-nowhere' }))
  afterEach(stop)

  it('says so at the job that asked for it, and works otherwise', async () => {
    source.put('/f', 'content')
    const job = await engine.run({ destination: { path: '/x' }, executor: 'rclone' })
    expect(job).toMatchObject({
      state: 'FAILED',
      error: { code: 'RCLONE_MISSING', message: expect.stringContaining('rclone is not installed:') },
    })
    expect(await engine.run({ destination: { path: '/x' } })).toMatchObject({ state: 'FINISHED' })
  })
})

/** False for a zombie too: it has ended, whatever its new parent does about it. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tZ')
  return !/^State:\s+Z/m.test(status)
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
