import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrateToLatest } from '../../migrations/index.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openDb } from '../../src/platform/db.ts'
import { createSpaces } from '../../src/store/index.ts'
import { bodyOf } from './file-store-contract.ts'

const ROUNDS = 8
const writer = join(import.meta.dirname, 'crash-writer.ts')

describe('a process that is killed while it writes', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-crash-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('leaves every file whole and an index that finds its way back', async () => {
    const file = join(folder, 'test.db')
    const db = openDb({ client: 'sqlite', file })
    await migrateToLatest(db)
    for (let round = 0; round < ROUNDS; round++) {
      const child = spawn(process.execPath, [writer, file, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      await delay(Math.random() * 150) // the random instant is the point of this test
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const spaces = createSpaces({ db, clock: systemClock, config: { folder, fsync: 'never' } })
    const store = await spaces.spaceOf('ann')
    const { scope } = await store.locate([])
    const names = (await readdir(join(folder, scope, 'files'))).sort()
    const listed = await store.list([])
    expect(listed.map((entry) => entry.name)).toEqual(names)
    expect(names.length).toBeGreaterThan(0)
    let total = 0
    for (const { name } of listed) {
      const content = await store.read([name])
      const body = await bodyOf(content)
      const letter = body[0] as number
      expect(body.length).toBe((letter - 96) * 13_001)
      expect(body.equals(Buffer.alloc(body.length, letter))).toBe(true)
      expect(content.entry.sizeBytes).toBe(body.length)
      total += body.length
    }
    expect((await store.stat([])).sizeBytes).toBe(total)
    await spaces.sweep()
    expect(await readdir(join(folder, scope, 'staging'))).toEqual(['transfers'])
    await db.destroy()
  })
})

describe('the sweep', () => {
  it('removes leftovers of dead processes and nothing else', async () => {
    const { createTestSpaces } = await import('./support.ts')
    const test = await createTestSpaces('sqlite')
    const { hostname } = await import('node:os')
    const { sha256Hex } = await import('../../src/platform/ids.ts')
    const host = sha256Hex(hostname()).slice(0, 8)
    const dead = `${host}-99999999-x`
    const alive = `${host}-${process.ppid}-x`
    const foreign = '01234567-1-x'
    for (const name of [dead, alive, foreign, 'transfers/kept']) await writeFile(join(test.staging, name), '')
    const upload = async function* () {
      yield Buffer.from('part')
      expect(await test.spaces.sweep()).toBe(1)
      yield Buffer.from('rest')
    }
    await test.store.write(['f'], upload())
    expect(await readFile(join(test.files, 'f'), 'utf8')).toBe('partrest')
    expect((await readdir(test.staging)).sort()).toEqual([foreign, alive, 'transfers'].sort())
    expect(await readdir(join(test.staging, 'transfers'))).toEqual(['kept'])
    await test.close()
  })
})
