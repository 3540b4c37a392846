import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { insertUser, TestEngine, type TestEngineOptions } from './support/test-engine.ts'

const MIB = 1024 * 1024
const POLL = { timeout: 20_000 }
const LINK = 'source.test>here'
let database: TestDatabase
let source: SourceServer
let engine: TestEngine

interface Queues {
  sharePolicy: string
  queues: { share: string; link: string; filesOpen: number; filesRunning: number }[]
  hostsLeftInPeace: { host: string; why: string }[]
}

async function start(
  config: Record<string, unknown>,
  name: (typeof engines)[number] = 'sqlite',
  options: Partial<TestEngineOptions> = {},
) {
  database = await createTestDatabase(name)
  source = await SourceServer.start()
  engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, config, ...options })
  await insertUser(database.db, 'user-2')
}

function queues(): Promise<Queues> {
  return engine.call('showTransferQueues', {}) as Promise<Queues>
}

/** So many files of each share run, by what the operator sees. */
async function running(): Promise<Record<string, number>> {
  return Object.fromEntries((await queues()).queues.map(({ share, filesRunning }) => [share, filesRunning]))
}

/** Large files that do not end by themselves. */
function stalling(folder: string, count: number): void {
  for (let n = 0; n < count; n++) {
    source.put(`/${folder}/f${n}`, randomBytes(2 * MIB))
    source.misbehave(`/${folder}/f${n}`, { kind: 'stall', afterBytes: MIB })
  }
}

const order = (folder: string) => ({
  source: { shareId: 's1', path: `/${folder}` },
  destination: { path: `/${folder}` },
})

afterEach(async () => {
  await engine.close()
  await source.close()
  await database.close()
})

it.each(engines)('divides the slots among those who want them, by weight, on %s', async (name) => {
  await start({ slots: 5, shareWeights: { 'user:user-1': 75, 'user:user-2': 25 } }, name)
  stalling('a', 8)
  stalling('b', 8)
  const [first, second] = await Promise.all([
    engine.submit(order('a')),
    engine.transfers.submit('user-2', order('b')),
  ])
  // One slot is left to small files; who comes first may have taken all of the others before.
  const all = async () => Object.values(await running()).reduce((a, b) => a + b, 0)
  await expect.poll(async () => (await running())['user:user-2'], POLL).toBeGreaterThanOrEqual(1)
  await expect.poll(all, POLL).toBeGreaterThanOrEqual(4)
  expect(await all()).toBeLessThanOrEqual(6)
  for (const { id } of [first, second]) {
    const userId = id === first.id ? 'user-1' : 'user-2'
    await engine.call('cancelTransfer', { params: { id } }, userId)
  }
  expect(await engine.partFiles()).toEqual([])
})

it('divides the slots among groups, however many of their people order', async () => {
  const group = (name: string) => ({ id: name, name, displayName: name, createdAtMs: 1 })
  const groups: Record<string, string[]> = {
    'user-1': ['hpc'],
    'user-2': ['all', 'hpc'],
    'user-3': ['astro'],
  }
  await start(
    { slots: 5, sharePolicy: 'group', shareWeights: { 'group:hpc': 75, 'group:astro': 25 } },
    'sqlite',
    { isStarted: false, groupsOf: (userId) => (groups[userId] ?? []).map(group) },
  )
  await insertUser(database.db, 'user-3')
  const jobs = []
  for (const userId of ['user-1', 'user-2', 'user-3']) {
    stalling(userId, 8)
    const items = Array.from({ length: 8 }, (_, n) => ({
      source: { shareId: 's1', path: `/${userId}/f${n}` },
      destination: { path: `/${userId}/f${n}` },
    }))
    const [first] = items as [(typeof items)[number]]
    jobs.push({ userId, id: (await engine.transfers.submit(userId, { ...first, items })).id })
  }
  engine.transfers.start()
  // One slot of five is left to small files.
  await expect.poll(running, POLL).toEqual({ 'group:astro': 1, 'group:hpc': 3 })
  expect((await queues()).sharePolicy).toBe('group')
  for (const { userId, id } of jobs) await engine.call('cancelTransfer', { params: { id } }, userId)
})

it('gives an emergency slot to a share that would get nothing', async () => {
  await start({ slots: 1, emergencySlots: 1 })
  stalling('a', 2)
  source.put('/b/f', randomBytes(2 * MIB))
  const first = await engine.submit(order('a'))
  await expect.poll(running, POLL).toMatchObject({ 'user:user-1': 1 })
  const second = await engine.transfers.submit('user-2', order('b'))
  await expect
    .poll(
      async () => (await engine.call('getTransfer', { params: { id: second.id } }, 'user-2')) as object,
      POLL,
    )
    .toMatchObject({ state: 'FINISHED' })
  expect(await running()).toMatchObject({ 'user:user-1': 1 })
  await engine.call('cancelTransfer', { params: { id: first.id } })
})

it('holds what a link may not carry, and lets it go when the operator says so', async () => {
  await start({ slots: 10 })
  for (let n = 0; n < 4; n++) source.put(`/a/f${n}`, `content ${n}`)
  const change = (body: object) => engine.call('changeTransferLink', { params: { link: LINK }, body })
  expect(await change({ isPaused: true, pauseReason: 'maintenance' })).toMatchObject({
    isPaused: true,
    pauseReason: 'maintenance',
  })
  const job = await engine.submit(order('a'))
  await engine.until(job.id, ({ files }) => files.total === 4)
  await expect.poll(async () => (await queues()).queues, POLL).toMatchObject([{ link: LINK, filesOpen: 4 }])
  expect(source.gets('/a/f0')).toEqual([])
  await change({ isPaused: false })
  expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHED', link: LINK })
  await expect(change({ bandwidth: 'fast' })).rejects.toThrow('no rate')
})

it('leaves a host in peace that fails again and again, and says so', async () => {
  await start({ slots: 4, maxTries: 100 })
  for (let n = 0; n < 5; n++) {
    source.put(`/a/f${n}`, 'content')
    for (let times = 0; times < 5; times++) source.misbehave(`/a/f${n}`, { kind: 'status', status: 503 })
  }
  const job = await engine.submit(order('a'))
  await expect
    .poll(async () => (await queues()).hostsLeftInPeace, POLL)
    .toMatchObject([
      { host: 'source.test', why: expect.stringMatching(/failed \d+ times in a row \(source.test answered/) },
    ])
  await engine.call('cancelTransfer', { params: { id: job.id } })
})
