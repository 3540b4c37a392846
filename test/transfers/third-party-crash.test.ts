import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeCopier } from '../fakes/tpc/fake-copier.ts'
import { type CrashPlace, kill, openCrashPlace, spawnScript } from './support/crash-place.ts'
import { TestEngine } from './support/test-engine.ts'

const bytes = randomBytes(2 * 1024 * 1024)
let place: CrashPlace
let from: FakeCopier
let to: FakeCopier
let child: ChildProcess | undefined

beforeEach(async () => {
  place = await openCrashPlace()
  ;[from, to] = await Promise.all([FakeCopier.start(), FakeCopier.start()])
  from.files.set('/data.bin', bytes)
})

afterEach(async () => {
  child?.kill('SIGKILL')
  await Promise.all([from.close(), to.close()])
  await place.close()
})

async function orderAndKill(whileCopying: () => void): Promise<void> {
  const begun = Promise.withResolvers<{ left: Promise<void> }>()
  to.script = (copy) => {
    copy.accept()
    copy.marker(1_000)
    begun.resolve(copy)
  }
  const ends = [`${from.origin}/data.bin`, `${to.origin}/copy.bin`]
  child = spawnScript('child-third-party.ts', [place.databaseFile, place.spaces, ...ends])
  const { left } = await begun.promise
  whileCopying()
  await kill(child)
  await left
  to.script = undefined
}

async function nextLife() {
  const engine = await TestEngine.start({
    db: place.db,
    sourceUrl: 'http://127.0.0.1:1',
    folder: place.spaces,
    workerId: 'child',
  })
  const { id } = await place.db('transfer_jobs').first('id')
  const job = await engine.ended(id)
  await engine.close({ keepFolder: true })
  return job
}

it('copies again what a node that was killed left half at a server, though nothing may be replaced', async () => {
  await orderAndKill(() => to.files.set('/copy.bin', bytes.subarray(0, 1_000)))
  expect(await nextLife()).toMatchObject({ state: 'FINISHED', files: { done: 1, skipped: 0 } })
  expect(to.files.get('/copy.bin')?.equals(bytes)).toBe(true)
  expect(to.asked('COPY')).toHaveLength(2)
})

it('leaves alone what can be no part of its copy when it comes back', async () => {
  const theirs = randomBytes(bytes.length + 1)
  await orderAndKill(() => to.files.set('/copy.bin', theirs))
  expect(await nextLife()).toMatchObject({ state: 'FAILED', error: { code: 'DESTINATION_EXISTS' } })
  expect(to.files.get('/copy.bin')?.equals(theirs)).toBe(true)
})

it('does not copy again what was finished while nobody watched', async () => {
  await orderAndKill(() => to.files.set('/copy.bin', bytes))
  expect(await nextLife()).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
  expect(to.asked('COPY')).toHaveLength(1)
})
