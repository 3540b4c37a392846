import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobView } from '../../src/transfers/index.ts'
import { findJob, insertJob } from '../../src/transfers/job-repo.ts'
import { claimDueRecurring } from '../../src/transfers/orders/schedules-repo.ts'
import { TransferService } from '../../src/transfers/service.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { FakeClock } from './support/fake-clock.ts'
import { newJob } from './support/queued-jobs.ts'
import { SourceServer } from './support/source-server.ts'
import { TestEngine } from './support/test-engine.ts'

const MIB = 1024 * 1024
const MINUTE = 60_000
const tick = () => new Promise((resolve) => setTimeout(resolve, 5))
const ordered = { source: { shareId: 's1', path: '/d' }, destination: { path: '/x' } }

interface ScheduleView {
  id: string
  nextRun?: string
  lastJobId?: string
  lastError?: string
}

describe.each(engines)('orders and the clock, on %s', (kind) => {
  let database: TestDatabase
  let source: SourceServer
  let engine: TestEngine
  const clock = new FakeClock()

  beforeEach(async () => {
    database = await createTestDatabase(kind)
    source = await SourceServer.start()
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, clock })
  })

  afterEach(async () => {
    await engine.close()
    await source.close()
    await database.close()
  })

  const jobs = async () =>
    ((await engine.call('listTransfers', { query: { limit: 100 } })) as { items: JobView[] }).items
  const create = (schedule: object, order: object = ordered) =>
    engine.call('createTransferSchedule', { body: { order, schedule } }) as Promise<ScheduleView>
  const show = (id: string) => engine.call('getTransferSchedule', { params: { id } }) as Promise<ScheduleView>
  /** Moves the clock on in small steps until something is so. */
  const until = async <T>(look: () => Promise<T | undefined | false>, stepMs = 500): Promise<T> => {
    for (;;) {
      const found = await look()
      if (found !== undefined && found !== false) return found
      clock.advance(stepMs)
      await tick()
    }
  }
  const ended = (count: number) =>
    until(async () => {
      const all = await jobs()
      return all.length === count && all.every((job) => job.finishedAt !== undefined) && all
    })

  it('end a job whose deadline passes, and say so', async () => {
    source.put('/d/slow', randomBytes(3 * MIB))
    source.misbehave('/d/slow', { kind: 'stall', afterBytes: MIB })
    const deadline = new Date(clock.nowMs() + 2 * MINUTE).toISOString()
    const job = (await engine.call('submitTransfer', { body: { ...ordered, deadline } })) as JobView
    await until(async () => (await engine.files(job.id)).some((file) => file.bytesDone > 0))
    const early = await engine.job(job.id)
    expect(early.state).toBe('ACTIVE')
    const end = await until(async () => {
      const now = await engine.job(job.id)
      return now.finishedAt !== undefined && now
    }, 2000)
    expect(end).toMatchObject({ state: 'CANCELED', error: { code: 'DEADLINE_PASSED' } })
    expect(await engine.partFiles()).toEqual([])
  })

  it('do not end a job whose deadline was put off since the look at who is late', async () => {
    const job = newJob({ state: 'ACTIVE', deadlineMs: clock.nowMs() + MINUTE })
    await insertJob(database.db, job)
    const service = new TransferService({ db: database.db, clock } as never)
    await service.expire(job.id)
    expect(await findJob(database.db, job.id)).toMatchObject({ state: 'ACTIVE', cancelRequested: false })
  })

  it('begin a list no earlier than ordered, and say why it waits', async () => {
    source.put('/d/a', 'alpha')
    const items = [{ source: { shareId: 's1', path: '/d/a' }, destination: { path: '/l/1' } }]
    const notBefore = new Date(clock.nowMs() + MINUTE).toISOString()
    const job = (await engine.call('submitTransfer', { body: { items, notBefore } })) as JobView
    for (let n = 0; n < 20; n++) {
      clock.advance(1000)
      await tick()
    }
    const [file] = await engine.files(job.id)
    expect(file).toMatchObject({ state: 'NEW', waitReason: { code: 'not_before', until: notBefore } })
    await ended(1)
    expect((await engine.content('/l/1')).toString()).toBe('alpha')
  })

  it('come again by the clock, once for all runs that were missed', async () => {
    source.put('/d/a', 'alpha')
    const schedule = await create({ at: 'every 1h' })
    expect(await jobs()).toEqual([])
    await until(async () => (await jobs()).length === 1, 10 * MINUTE)
    await ended(1)
    await engine.close({ keepFolder: true })
    clock.advance(7 * 60 * MINUTE)
    const { folder } = engine
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, clock, folder })
    await ended(2)
    const after = await show(schedule.id)
    expect(Date.parse(after.nextRun ?? '')).toBeGreaterThan(clock.nowMs())
    expect(after.lastJobId).toBe((await jobs())[0]?.id)
    await engine.call('changeTransferSchedule', { params: { id: schedule.id }, body: { enabled: false } })
    clock.advance(3 * 60 * MINUTE)
    for (let n = 0; n < 10; n++) {
      clock.advance(1000)
      await tick()
    }
    expect(await jobs()).toHaveLength(2)
  })

  it('keep a mirror: at once, and then only when the source has changed', async () => {
    source.put('/d/a', 'alpha')
    source.put('/d/b', 'beta')
    const order = { ...ordered, options: { deleteExtra: true } }
    const { id } = await create({ onChangeEveryMinutes: 5 }, order)
    await ended(1)
    const looks = async () => Date.parse((await show(id)).nextRun ?? '')
    const before = await looks()
    await until(async () => (await looks()) > before, MINUTE)
    expect(await jobs()).toHaveLength(1)
    source.put('/d/a', 'other')
    source.remove('/d/b')
    await until(async () => (await jobs()).length === 2, MINUTE)
    const [last] = await ended(2)
    expect(last).toMatchObject({ state: 'FINISHED', scheduleId: id, files: { removed: 1 } })
    expect((await engine.content('/x/a')).toString()).toBe('other')
  })

  it('are left out while the last one is still under way, and can be run at once otherwise', async () => {
    source.put('/d/slow', randomBytes(3 * MIB))
    source.misbehave('/d/slow', { kind: 'stall', afterBytes: MIB })
    const { id } = await create({ at: 'every 2m' })
    const run = () => engine.call('runTransferSchedule', { params: { id } }) as Promise<JobView>
    const job = await run()
    await expect(run()).rejects.toMatchObject({ status: 409 })
    const view = await until(async () => {
      const now = await show(id)
      return now.lastError !== undefined && now
    }, MINUTE)
    expect(view.lastError).toContain('under way')
    expect(await jobs()).toHaveLength(1)
    await engine.call('cancelTransfer', { params: { id: job.id } })
    await engine.call('removeTransferSchedule', { params: { id } })
    await expect(show(id)).rejects.toMatchObject({ status: 404 })
  })

  it('are claimed by one process only', async () => {
    await create({ at: 'every 1h' })
    await engine.transfers.close()
    const laterMs = clock.nowMs() + 2 * 60 * MINUTE
    const claims = await Promise.all([
      claimDueRecurring(database.db, laterMs, laterMs + MINUTE),
      claimDueRecurring(database.db, laterMs, laterMs + MINUTE),
    ])
    expect(claims.flat()).toHaveLength(1)
    expect(await claimDueRecurring(database.db, laterMs + MINUTE, laterMs + 2 * MINUTE)).toHaveLength(1)
  })

  it.each([
    [{ at: '30 2 31 2 *' }, 'no such date'],
    [{ at: 'whenever' }, 'no schedule'],
    [{ at: 'every 1h', timeZone: 'Mars' }, 'no time zone'],
  ])('%o is refused', async (schedule, words) => {
    await expect(create(schedule)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(words),
    })
  })

  it('belong to who gave them', async () => {
    const { id } = await create({ at: 'daily 02:00', timeZone: 'Europe/Amsterdam' })
    const alien = engine.call('getTransferSchedule', { params: { id } }, 'user-2')
    await expect(alien).rejects.toMatchObject({ status: 404 })
    const list = engine.call('listTransferSchedules', { query: { limit: 100 } }, 'user-2') as Promise<{
      items: unknown[]
    }>
    expect((await list).items).toEqual([])
  })
})
