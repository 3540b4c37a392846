import { afterEach, expect, it } from 'vitest'
import { WrappedStore } from '../../src/store/index.ts'
import type { FileStore, StorePath } from '../../src/store/types.ts'
import { releaseExpansionLeases } from '../../src/transfers/expansion-repo.ts'
import { move } from '../../src/transfers/file-moves.ts'
import { listFiles } from '../../src/transfers/file-repo.ts'
import { Journal } from '../../src/transfers/journal.ts'
import { releaseFileLeases } from '../../src/transfers/queue-repo.ts'
import { TaskPool } from '../../src/transfers/task-pool.ts'
import type { TransferFile, TransferJob } from '../../src/transfers/types.ts'
import { type Engine, engines } from '../support/databases.ts'
import { closeRig, type EngineRig, startRig } from './support/engine-rig.ts'
import { FakeClock } from './support/fake-clock.ts'

const MIB = 1024 * 1024
const LEASE_MS = 30_000
const POLL = { timeout: 10_000 }
const clock = new FakeClock()
let rig: EngineRig | undefined
let slow: SlowStore | undefined

/** A drive that answers nothing before it is released, and knows how often it is asked at a time. */
class SlowStore extends WrappedStore {
  readonly released = Promise.withResolvers<void>()
  private readonly method: 'stat' | 'makeCollection'
  asking = 0
  most = 0

  constructor(next: FileStore, method: 'stat' | 'makeCollection') {
    super(next)
    this.method = method
  }

  override async stat(path: StorePath) {
    if (this.method === 'stat' && path.length > 1) await this.wait()
    return super.stat(path)
  }

  override async makeCollection(path: StorePath) {
    if (this.method === 'makeCollection') await this.wait()
    return super.makeCollection(path)
  }

  private async wait(): Promise<void> {
    this.asking++
    this.most = Math.max(this.most, this.asking)
    await this.released.promise
    this.asking--
  }
}

async function startSlowly(
  method: 'stat' | 'makeCollection',
  engineName: Engine,
): Promise<{ rig: EngineRig; slow: SlowStore }> {
  const wrapDestination = (drive: FileStore) => {
    slow ??= new SlowStore(drive, method)
    return slow
  }
  rig = await startRig({ clock, wrapDestination }, engineName)
  return { rig, slow: slow as SlowStore }
}

afterEach(async () => {
  slow?.released.resolve()
  if (rig !== undefined) await closeRig(rig)
  rig = slow = undefined
})

/** A file that stalls in the middle; returns its job when its bytes are under way. */
async function startStalling({ engine, source }: EngineRig): Promise<string> {
  source.put('/big', Buffer.alloc(3 * MIB))
  source.misbehave('/big', { kind: 'stall', afterBytes: MIB })
  const { id } = await engine.submit({ destination: { path: '/x' } })
  await expect.poll(() => source.gets('/big').length, POLL).toBe(1)
  return id
}

/** Waits until leases were extended, and sees that the first attempt is the one that still runs. */
async function expectOneAttempt({ engine, source, database: { db } }: EngineRig, id: string): Promise<void> {
  const atMs = clock.nowMs()
  const leaseEnds = async () => {
    clock.advance(1000)
    return (await db('transfer_files').first()).next_at_ms
  }
  await expect.poll(leaseEnds, POLL).toBeGreaterThan(atMs + LEASE_MS)
  const row = await db('transfer_files').first()
  expect(row).toMatchObject({ queue: 'held', attempts: 1, lease_owner: expect.any(String) })
  await engine.call('cancelTransfer', { params: { id } })
  expect(await engine.ended(id)).toMatchObject({ state: 'CANCELED' })
  expect(source.gets('/big')).toHaveLength(1)
}

it('a database that is away for longer than a lease is asked again for what runs, before anything is taken', async () => {
  rig = await startRig({ clock })
  const { db } = rig.database
  const id = await startStalling(rig)
  const beat = Promise.withResolvers<void>()
  db.on('query-error', (_error, { sql }) => {
    if (/^update `transfer_files` set `next_at_ms` = \?/.test(sql)) beat.resolve()
  })
  await db.raw(
    `create trigger outage before update on transfer_files begin select raise(abort, 'outage'); end`,
  )
  clock.advance(LEASE_MS + 1)
  await beat.promise
  await db.raw('drop trigger outage')
  await expectOneAttempt(rig, id)
})

it('a round that lasts longer than a lease takes nothing from itself', async () => {
  rig = await startRig({ clock })
  const id = await startStalling(rig)
  const beat = Promise.withResolvers<void>()
  const onQuery = ({ sql }: { sql: string }) => {
    if (beaten || !/^update `transfer_workers`/.test(sql)) return
    beaten = true
    clock.advance(LEASE_MS + 1)
    beat.resolve()
  }
  let beaten = false
  rig.database.db.on('query', onQuery)
  clock.advance(LEASE_MS / 3)
  await beat.promise
  await expectOneAttempt(rig, id)
})

it.each(
  engines,
)('a file that came back to the queue waits until the attempt that still runs here has ended, on %s', async (engineName) => {
  const { rig, slow } = await startSlowly('stat', engineName)
  const { engine, source, database } = rig
  const { db } = database
  const content = source.put('/f', 'content')
  const { id } = await engine.submit({ destination: { path: '/x' } })
  await expect.poll(() => slow.asking, POLL).toBe(1)
  // What another worker does with a lease that nobody extended.
  const { lease_owner: owner } = await db('transfer_files').first()
  await releaseFileLeases(db, owner, '')
  clock.advance(LEASE_MS / 3)
  await expect
    .poll(() => db('transfer_files').first(), POLL)
    .toMatchObject({ queue: 'held', lease_owner: null })
  expect((await db('transfer_files').first()).next_at_ms).toBe(clock.nowMs() + LEASE_MS)
  slow.released.resolve()
  expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED', files: { total: 1, done: 1 } })
  expect(await engine.content('/x/f')).toEqual(content)
  expect(slow.most).toBe(1)
  expect(source.gets('/f')).toHaveLength(1)
})

it.each(
  engines,
)('a source that is still being listed here is not listed a second time meanwhile, on %s', async (engineName) => {
  const { rig, slow } = await startSlowly('makeCollection', engineName)
  const { engine, source, database } = rig
  const { db } = database
  source.put('/f', 'content')
  const { id } = await engine.submit({ destination: { path: '/x' } })
  await expect.poll(() => slow.asking, POLL).toBe(1)
  const { lease_owner: owner } = await db('transfer_jobs').first()
  await releaseExpansionLeases(db, owner, '')
  clock.advance(LEASE_MS / 3)
  await expect
    .poll(() => db('transfer_jobs').first(), POLL)
    .toMatchObject({ lease_owner: null, next_at_ms: clock.nowMs() + LEASE_MS })
  slow.released.resolve()
  expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED', files: { total: 1, done: 1 } })
  expect(slow.most).toBe(1)
})

it('the end of an attempt does not end the book-keeping of the next one', async () => {
  rig = await startRig({ clock })
  const { engine, source, database } = rig
  const { db } = database
  source.put('/f', 'content')
  const { id } = await engine.run({ destination: { path: '/x' } })
  await engine.close({ keepFolder: true })
  await db('transfer_files').update({ state: 'NEW', queue: 'held', lease_owner: 'me' })
  await db('transfer_jobs').update({ state: 'ACTIVE', files_done: 0 })
  const told: TransferJob[] = []
  const onJobs = (jobs: readonly TransferJob[]) => void told.push(...jobs)
  const journal = new Journal({ db, clock, owner: 'me', leaseMs: LEASE_MS, gatherMs: 0, onJobs })
  const read = async () => (await listFiles(db, id, { limit: 1 }))[0] as TransferFile
  const [former, next] = [await read(), await read()]
  for (const file of [former, next]) journal.adopt(file)
  journal.forget(former)
  move(next, 'cancel')
  expect(await journal.commit(next)).toBe(true)
  expect(told).toMatchObject([{ id, state: 'CANCELED', filesCanceled: 1 }])
})

it('the end of a task takes no other of the same id out of the pool', async () => {
  const pool = new TaskPool({ nowMs: () => 0, onError: () => undefined, onEnd: () => undefined })
  const works = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const [first, second] = works.map(({ promise }) => pool.launch('f', { jobId: 'j' }, () => promise))
  works[0].resolve()
  await first?.done
  expect(pool.ids()).toEqual(['f'])
  works[1].resolve()
  await second?.done
  expect(pool.ids()).toEqual([])
})
