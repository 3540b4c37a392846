import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { migrateToLatest } from '../../migrations/index.ts'
import { type Db, openDb } from '../../src/platform/db.ts'
import { FakeCopier } from '../fakes/tpc/fake-copier.ts'
import { insertUser, TestEngine } from './support/test-engine.ts'

const bytes = randomBytes(2 * 1024 * 1024)
let folder: string
let db: Db
let from: FakeCopier
let to: FakeCopier
let child: ChildProcess | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-tpc-crash-'))
  db = openDb({ client: 'sqlite', file: join(folder, 'test.db') })
  await migrateToLatest(db)
  await insertUser(db)
  ;[from, to] = await Promise.all([FakeCopier.start(), FakeCopier.start()])
  from.files.set('/data.bin', bytes)
})

afterEach(async () => {
  child?.kill('SIGKILL')
  await Promise.all([from.close(), to.close()])
  await db.destroy()
  await rm(folder, { recursive: true, force: true })
})

async function orderAndKill(whileCopying: () => void): Promise<void> {
  const begun = Promise.withResolvers<{ left: Promise<void> }>()
  to.script = (copy) => {
    copy.accept()
    copy.marker(1_000)
    begun.resolve(copy)
  }
  const script = fileURLToPath(new URL('./support/child-third-party.ts', import.meta.url))
  const ends = [`${from.origin}/data.bin`, `${to.origin}/copy.bin`]
  const args = [script, join(folder, 'test.db'), join(folder, 'spaces'), ...ends]
  child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const { left } = await begun.promise
  whileCopying()
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  await left
  to.script = undefined
}

async function nextLife() {
  const engine = await TestEngine.start({
    db,
    sourceUrl: 'http://127.0.0.1:1',
    folder: join(folder, 'spaces'),
    workerId: 'child',
  })
  const { id } = await db('transfer_jobs').first('id')
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

it('does not copy again what was finished while nobody watched', async () => {
  await orderAndKill(() => to.files.set('/copy.bin', bytes))
  expect(await nextLife()).toMatchObject({ state: 'FINISHED', files: { done: 1 } })
  expect(to.asked('COPY')).toHaveLength(1)
})
