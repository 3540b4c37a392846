import { readdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type Child, DeliveryLab } from './support/delivery-lab.ts'

const MIB = 1024 * 1024
const PATIENCE = { timeout: 30_000 }
let lab: DeliveryLab

afterEach(() => lab.close())

async function partFiles(): Promise<string[]> {
  const names = await readdir(lab.spaces, { recursive: true })
  return names.filter((name) => name.includes('.part'))
}

/** Numbers that look like chance and are the same every time (mulberry32). */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

describe('a worker that is killed in the middle', () => {
  it.each([
    ['shares the file system', true],
    ['sends the bytes', false],
  ])('loses its file to another, which goes on at the byte that stands: %s', async (_, isShared) => {
    lab = await DeliveryLab.start({ leaseSeconds: 1.5 })
    const args = isShared ? ['--path', lab.spaces] : []
    const first = await lab.startWorker(await lab.token('first'), args)
    lab.source.pauseMs = 10
    const content = lab.source.put('/big', 12 * MIB)
    const job = await lab.order(['/big'])
    await lab.until(([one]) => (one?.bytesDone ?? 0) > 5 * MIB)
    lab.source.pauseMs = 1000
    await lab.startWorker(await lab.token('second'), args)
    first.process.kill('SIGKILL')
    await lab.until(([one]) => one?.hostName === 'second')
    lab.source.pauseMs = 0
    expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
    expect((await lab.content('/in/big')).equals(content)).toBe(true)
    expect((await lab.files(job.id))[0]).toMatchObject({ worker: 'second', attempts: 1 })
    const [, again, ...more] = lab.source.gets('/big')
    expect(more).toEqual([])
    expect(again?.start).toBeGreaterThanOrEqual(4 * MIB)
    const attempts = await lab.node.node.db('transfer_attempts').select('worker', 'error_code')
    expect(attempts).toEqual([{ worker: 'first', error_code: 'WORKER_LOST' }])
    expect(await partFiles()).toEqual([])
  })
})

it('a worker that comes back after its lease was lost is told so, drops it, and harms nothing', async () => {
  lab = await DeliveryLab.start({ leaseSeconds: 4 })
  const sleeper = await lab.startWorker(await lab.token('sleeper'))
  lab.source.pauseMs = 25
  const content = lab.source.put('/big', 8 * MIB)
  const job = await lab.order(['/big'])
  await lab.until(([one]) => (one?.bytesDone ?? 0) > 2 * MIB)
  lab.source.pauseMs = 1000
  sleeper.process.kill('SIGSTOP')
  await lab.until(([one]) => one === undefined)
  lab.source.pauseMs = 0
  expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED' })
  const { items: before } = (await lab.admin('GET', '/admin/transfer-workers')) as { items: object[] }
  expect(before).toMatchObject([{ state: 'silent' }])
  sleeper.process.kill('SIGCONT')
  // It works again, with what it had before dropped.
  await expect
    .poll(
      async () => ((await lab.admin('GET', '/admin/transfer-workers')) as { items: object[] }).items,
      PATIENCE,
    )
    .toMatchObject([{ state: 'working', files: [], filesDone: 0 }])
  await expect
    .poll(async () => {
      const path = `/next-${lab.source.served.length}`
      const content = lab.source.put(path, 2 * MIB)
      const { id } = await lab.order([path])
      expect(await lab.ended(id)).toMatchObject({ state: 'FINISHED' })
      expect((await lab.content(`/in${path}`)).equals(content)).toBe(true)
      return (await lab.files(id))[0]?.worker
    }, PATIENCE)
    .toBe('sleeper')
  expect((await lab.content('/in/big')).equals(content)).toBe(true)
  expect(await partFiles()).toEqual([])
})

it.each([
  1, 2, 3,
])('workers killed and frozen at random moments: every file is right and published once (seed %i)', async (seed) => {
  lab = await DeliveryLab.start({ leaseSeconds: 1, delivery: { takeSeconds: 1 } })
  const random = chance(seed)
  const args = [
    ['--path', lab.spaces, '--slots', '3'],
    ['--slots', '3'],
  ]
  const tokens = [await lab.token('one'), await lab.token('two')]
  const children = await Promise.all(tokens.map((token, n) => lab.startWorker(token, args[n])))
  lab.source.pauseMs = 10
  const paths = Array.from({ length: 10 }, (_, n) => `/f${n}`)
  const contents = new Map(
    paths.map((path) => [path, lab.source.put(path, Math.ceil((0.5 + random() * 2) * MIB))]),
  )
  const job = await lab.order(paths)
  const mayhem = async () => {
    for (let n = 0; n < 3; n++) {
      await delay(random() * 600)
      const at = random() < 0.5 ? 0 : 1
      const victim = children[at] as Child
      if (random() < 0.3) {
        victim.process.kill('SIGSTOP')
        await delay(1300)
        victim.process.kill('SIGCONT')
        continue
      }
      victim.process.kill('SIGKILL')
      await victim.ended
      children[at] = await lab.startWorker(tokens[at] as string, args[at])
    }
    lab.source.pauseMs = 0
  }
  await mayhem()
  expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED', files: { done: 10, failed: 0 } })
  for (const [path, content] of contents) expect((await lab.content(`/in${path}`)).equals(content)).toBe(true)
  expect(await partFiles()).toEqual([])
  // A second publication would have kept the first as a version.
  const names = await readdir(lab.spaces, { recursive: true })
  expect(names.filter((name) => /versions\/.+/.test(name))).toEqual([])
  expect(await lab.node.node.db('transfer_deliveries').select('file_id')).toEqual([])
})

it('a node that stops and starts again finds its workers at work, and takes up what they have', async () => {
  lab = await DeliveryLab.start({ leaseSeconds: 20 })
  const child = await lab.startWorker(await lab.token('one'))
  lab.source.pauseMs = 10
  const content = lab.source.put('/big', 6 * MIB)
  const job = await lab.order(['/big'])
  await lab.until(([one]) => (one?.bytesDone ?? 0) > 2 * MIB)
  lab.source.pauseMs = 500
  await lab.restart()
  const [after] = await lab.until(([one]) => one?.state === 'taken')
  lab.source.pauseMs = 0
  expect(after?.bytesDone).toBeGreaterThan(2 * MIB)
  expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED' })
  expect((await lab.content('/in/big')).equals(content)).toBe(true)
  expect((await lab.files(job.id))[0]).toMatchObject({ worker: 'one' })
  expect(lab.source.gets('/big')).toHaveLength(1)
  expect(child.process.exitCode).toBeNull()
  expect(await partFiles()).toEqual([])
})
