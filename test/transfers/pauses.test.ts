import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Db, inTransaction } from '../../src/platform/db.ts'
import { changeJob } from '../../src/transfers/job-repo.ts'
import { closeRig, type EngineRig, startRig } from './support/engine-rig.ts'
import { FakeClock } from './support/fake-clock.ts'
import { TestEngine } from './support/test-engine.ts'

const MIB = 1024 * 1024
const LEASE_MS = 30_000
const POLL = { timeout: 10_000 }
const clock = new FakeClock()
let rig: EngineRig
let db: Db

beforeEach(async () => {
  rig = await startRig({ clock })
  ;({ db } = rig.database)
  rig.source.put('/big', Buffer.alloc(3 * MIB, 'big content '))
})

afterEach(() => closeRig(rig))

const row = () => db('transfer_files').first()
const GIVEN_BACK = { queue: 'ready', lease_owner: null, attempts: 0 }

it('a job that is paused while its files are being taken does not move', async () => {
  const { engine, source } = rig
  let isPaused = false
  // Next in line for the one connection: the pause is there before anybody knows what was taken.
  db.on('query', ({ sql }) => {
    if (isPaused || !sql.includes('attempts = attempts + 1')) return
    isPaused = true
    const pause = async (tx: Db) => {
      const { id } = await tx('transfer_jobs').first('id')
      await changeJob(tx, id, { set: { is_paused: 1 }, nowMs: clock.nowMs() })
    }
    void inTransaction(db, pause)
  })
  const { id } = await engine.submit({ destination: { path: '/x' } })
  await engine.until(id, ({ state }) => state === 'PAUSED')
  await expect.poll(row, POLL).toMatchObject(GIVEN_BACK)
  expect(source.gets('/big')).toEqual([])
  await engine.call('resumeTransfer', { params: { id } })
  expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
})

it('a job that another process paused stops at the next beat', async () => {
  const { engine, source } = rig
  source.misbehave('/big', { kind: 'stall', afterBytes: MIB })
  const { id } = await engine.submit({ destination: { path: '/x' } })
  await expect.poll(() => source.gets('/big').length, POLL).toBe(1)
  const { folder } = engine
  const other = await TestEngine.start({ db, sourceUrl: source.url, folder, clock, workerId: 'other' })
  expect(await other.call('pauseTransfer', { params: { id } })).toMatchObject({ state: 'PAUSED' })
  expect((await row()).lease_owner).toMatch(/^worker\//)
  clock.advance(LEASE_MS / 3)
  await expect.poll(row, POLL).toMatchObject(GIVEN_BACK)
  await other.call('resumeTransfer', { params: { id } })
  expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
  await other.close({ keepFolder: true })
})
