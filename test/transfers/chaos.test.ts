import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { newRandom } from '../../bench/scheduler/world.ts'
import type { Db } from '../../src/platform/db.ts'
import { WrappedStore } from '../../src/store/index.ts'
import { type CrashPlace, kill, openCrashPlace, startChildEngine } from './support/crash-place.ts'
import { FakeClock } from './support/fake-clock.ts'
import { type Mischief, SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

const MIB = 1024 * 1024
const FILES = 60
let place: CrashPlace
let db: Db
let source: SourceServer
let child: ChildProcess | undefined

beforeEach(async () => {
  place = await openCrashPlace()
  db = place.db
  source = await SourceServer.start()
})

afterEach(async () => {
  child?.kill('SIGKILL')
  await source.close()
  await place.close()
})

/** A tree of small files and some large ones; what every one of them must be in the end. */
function seed(): Map<string, Buffer> {
  const contents = new Map<string, Buffer>()
  for (let n = 0; n < FILES; n++) {
    const path = `/d${n % 5}/e${n % 3}/f${n}`
    contents.set(path, source.put(path, randomBytes(n % 10 === 0 ? 3 * MIB : 1000 + n)))
  }
  return contents
}

function makeTrouble(contents: ReadonlyMap<string, Buffer>, random: () => number): void {
  const troubles: Mischief[] = [
    { kind: 'status', status: 503 },
    { kind: 'status', status: 500 },
    { kind: 'cut', afterBytes: 500 },
    { kind: 'stall', afterBytes: 700 },
    { kind: 'corrupt' },
    { kind: 'ignore-range' },
  ]
  for (const [path, content] of contents) {
    for (let times = Math.floor(random() * 4); times > 0; times--) {
      const trouble = troubles[Math.floor(random() * troubles.length)] as Mischief
      const afterBytes = Math.floor(random() * content.length)
      source.misbehave(path, 'afterBytes' in trouble ? { ...trouble, afterBytes } : trouble)
    }
  }
}

async function expectAllRight(engine: TestEngine, contents: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [path, content] of contents) expect(await engine.content(`/copy${path}`)).toEqual(content)
  expect(await engine.partFiles()).toEqual([])
  const leased = await db('transfer_files').whereNotNull('lease_owner')
  expect(leased).toEqual([])
}

/** Time goes on, ten seconds at a look, until the job is over. */
async function passTime(engine: TestEngine, clock: FakeClock, id: string): Promise<string> {
  for (;;) {
    const { state } = await engine.job(id)
    if (state !== 'SUBMITTED' && state !== 'ACTIVE') return state
    clock.advance(10_000)
    await delay(5)
  }
}

it.each([
  1, 2,
])('ends with every file right after kills in the middle of anything, seed %i', async (number) => {
  const random = newRandom(number)
  const contents = seed()
  makeTrouble(contents, random)
  for (let kills = 0; kills < 5; kills++) {
    child = await startChildEngine(place, source.url, kills === 0 ? '/copy' : undefined)
    const seen = source.requests.length + Math.floor(random() * 25)
    await expect
      .poll(async () => source.requests.length > seen || (await isOver()), { timeout: 5000, interval: 10 })
      .toBe(true)
      .catch(() => undefined)
    await kill(child)
  }
  const clock = new FakeClock()
  const engine = await TestEngine.start({
    ...{ db, sourceUrl: source.url, folder: place.spaces, workerId: 'child', clock },
    ...{ idleTimeoutMs: 1000, config: { maxTries: 100 } },
  })
  const { id } = await db('transfer_jobs').first('id')
  expect(await passTime(engine, clock, id)).toBe('FINISHED')
  await expectAllRight(engine, contents)
  await engine.close({ keepFolder: true })
})

async function isOver(): Promise<boolean> {
  return (await db('transfer_files').whereNot({ queue: 'none' }).first('id')) === undefined
}

it('ends with every file right after ten minutes of errors, stalls, a full disk, pauses and restarts', async () => {
  const random = newRandom(7)
  const contents = seed()
  makeTrouble(contents, random)
  const clock = new FakeClock()
  const startMs = clock.nowMs()
  const isFull = () => clock.nowMs() - startMs < 600_000 && Math.floor(clock.nowMs() / 60_000) % 3 === 0
  const start = () =>
    TestEngine.start({
      ...{ db, sourceUrl: source.url, folder: place.spaces, clock },
      ...{ idleTimeoutMs: 1000, config: { maxTries: 100, retryBaseSeconds: 10 } },
      wrapDestination: (drive) => new FullStore(drive, isFull),
    })
  let engine = await start()
  const { id } = await engine.submit({ destination: { path: '/copy' } })
  while (clock.nowMs() - startMs < 600_000) {
    clock.advance(10_000)
    await delay(10)
    if (random() < 0.1) {
      await engine.call('pauseTransfer', { params: { id } })
      await engine.call('resumeTransfer', { params: { id } })
    }
    if (random() < 0.1) {
      await engine.close({ keepFolder: true })
      engine = await start()
    }
  }
  expect(await passTime(engine, clock, id)).toBe('FINISHED')
  await expectAllRight(engine, contents)
  await engine.close({ keepFolder: true })
})

/** A drive whose disk is full at times. */
class FullStore extends WrappedStore {
  private readonly isFull: () => boolean

  constructor(inner: ConstructorParameters<typeof WrappedStore>[0], isFull: () => boolean) {
    super(inner)
    this.isFull = isFull
  }

  override write(...args: Parameters<WrappedStore['write']>): ReturnType<WrappedStore['write']> {
    if (this.isFull()) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    return super.write(...args)
  }
}
