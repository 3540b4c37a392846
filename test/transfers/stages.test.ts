import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { parsePath } from '../../src/store/index.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { insertUser, TestEngine, USER } from './support/test-engine.ts'

interface View {
  id: string
  state: string
  dir: string
  error?: string
  isIncomplete: boolean
  awaited?: { name: string; uploadUrl: string }[]
  transfers: { in: string[]; out: string[] }
}

const CACHE = { maxBytes: 10_000_000, minFreeBytes: 0, lifetimeDays: 30, hardLinks: true }
let database: TestDatabase
let source: SourceServer
let engine: TestEngine
let scratch: string

const input = (name: string, path = `/${name}`) => ({ source: { shareId: 's1', path }, name })
const dir = (name: string) => join(scratch, name)
const stage = (spec: object, user = USER) =>
  engine.call(
    'createStage',
    { body: { expiresSeconds: 3600, inputs: [], outputs: [], ...spec } },
    user,
  ) as Promise<View>
const get = (id: string, user = USER) => engine.call('getStage', { params: { id } }, user) as Promise<View>
const finish = (id: string, jobFailed = false) =>
  engine.call('finishStage', { params: { id }, body: { jobFailed } }) as Promise<View>

async function until(id: string, wanted: string, user = USER): Promise<View> {
  for (;;) {
    const view = await get(id, user)
    if (view.state === wanted) return view
    if (/FAILED|FINISHED|CANCELED|EXPIRED/.test(view.state)) throw new Error(`${view.state}: ${view.error}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function put(path: string, text: string): Promise<void> {
  await engine.drive.write(
    parsePath(path),
    (async function* () {
      yield Buffer.from(text)
    })(),
  )
}

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  )
const refusal = (code: string) => expect.objectContaining({ code })

describe.each(engines)('files for computing jobs (%s)', (name) => {
  beforeEach(async () => {
    database = await createTestDatabase(name)
    source = await SourceServer.start()
    scratch = await realpath(await mkdtemp(join(tmpdir(), 'causeway-scratch-')))
    engine = await TestEngine.start({
      ...{ db: database.db, sourceUrl: source.url },
      groupsOf: (userId) =>
        userId === 'user-3' ? [{ id: 'g', name: 'hpc', displayName: '', createdAtMs: 0 }] : [],
      config: { cache: CACHE, stagePaths: [{ path: scratch, users: [USER, 'user-2'], groups: ['hpc'] }] },
    })
    source.put('/data.bin', 'data')
    source.put('/tool.sh', '#!/bin/sh')
  })
  afterEach(async () => {
    await engine.close()
    await source.close()
    await database.close()
    await rm(scratch, { recursive: true, force: true })
  })

  it('case 1: the user stages before and after by plain transfers, and hears of the end', async () => {
    const there = await engine.run({
      source: { shareId: 's1', path: '/data.bin' },
      destination: { path: '/in.bin' },
    })
    expect(there).toMatchObject({ state: 'FINISHED' })
    await expect.poll(() => engine.snapshots.at(-1)).toMatchObject({ id: there.id, state: 'FINISHED' })
  })

  it('case 2: a service stages into storage and out again, in one set with its three phases', async () => {
    const set = await stage({
      dir: dir('close-storage'),
      inputs: [input('data.bin')],
      outputs: [{ name: 'result', destination: { path: '/results/run-1' }, when: 'success' }],
    })
    await until(set.id, 'READY')
    await mkdir(join(set.dir, 'result/sub'), { recursive: true })
    await writeFile(join(set.dir, 'result/a.txt'), 'a')
    await writeFile(join(set.dir, 'result/sub/b.txt'), 'b')
    expect(await finish(set.id)).toMatchObject({ state: 'STAGING_OUT' })
    await until(set.id, 'FINISHED')
    expect((await engine.content('/results/run-1/a.txt')).toString()).toBe('a')
    expect((await engine.content('/results/run-1/sub/b.txt')).toString()).toBe('b')
    expect(await exists(set.dir)).toBe(false)
  })

  it('case 3: just in time into the directory of the job, out by how it ended, and the directory is gone', async () => {
    const outputs = [
      { name: 'good', destination: { path: '/good' }, when: 'success' },
      { name: 'core', destination: { path: '/core' }, when: 'failure', optional: true },
      { name: 'log', destination: { path: '/log' }, when: 'always' },
    ]
    const inputs = [input('data.bin'), { ...input('tool.sh'), executable: true }]
    const set = await stage({ dir: dir('job-1'), inputs, outputs })
    await until(set.id, 'READY')
    expect((await lstat(join(set.dir, 'data.bin'))).mode & 0o777).toBe(0o600)
    expect((await lstat(join(set.dir, 'tool.sh'))).mode & 0o777).toBe(0o700)
    await writeFile(join(set.dir, 'log'), 'it went wrong')
    await finish(set.id, true)
    const over = await until(set.id, 'FINISHED')
    expect(over.isIncomplete).toBe(true)
    expect((await engine.content('/log')).toString()).toBe('it went wrong')
    expect(await exists(set.dir)).toBe(false)
  })

  it("case 4: the user's machine sends inputs, the job waits for them, and takes the results itself", async () => {
    const set = await stage({
      dir: dir('job-2'),
      inputs: [input('data.bin'), { source: { client: true }, name: 'params/run.json' }],
      outputs: [{ name: 'out.txt', destination: { path: '/out.txt' } }],
    })
    const waiting = await until(set.id, 'WAITING_CLIENT')
    expect(waiting.awaited).toEqual([
      { name: 'params/run.json', uploadUrl: `/.stage-${set.id}/params/run.json` },
    ])
    await put(`/.stage-${set.id}/params/run.json`, '{}')
    await until(set.id, 'READY')
    expect(await readFile(join(set.dir, 'params/run.json'), 'utf8')).toBe('{}')
    await writeFile(join(set.dir, 'out.txt'), 'done')
    await finish(set.id)
    await until(set.id, 'FINISHED')
    expect((await engine.content('/out.txt')).toString()).toBe('done')
    await expect(engine.drive.stat([`.stage-${set.id}`])).rejects.toMatchObject({ status: 404 })
  })

  it('case 5: a job that stages by itself has its directory, and what it left is taken away', async () => {
    const set = await stage({ dir: dir('job-3'), outputs: [{ name: 'own', destination: { path: '/own' } }] })
    await until(set.id, 'READY')
    await writeFile(join(set.dir, 'own'), 'x')
    await finish(set.id)
    await until(set.id, 'FINISHED')
    expect((await engine.content('/own')).toString()).toBe('x')
  })

  it('lets the second job that wants the same file wait for nothing, whoever orders it', async () => {
    await insertUser(database.db, 'user-2')
    const first = await stage({ dir: dir('a'), inputs: [input('data.bin')] })
    await until(first.id, 'READY')
    const second = await stage({ dir: dir('b'), inputs: [input('data.bin')] }, 'user-2')
    await until(second.id, 'READY', 'user-2')
    const whole = source.gets('/data.bin').filter(({ range }) => range === undefined)
    expect(whole).toHaveLength(1)
    // A job may write into its input: what is in the cache stays as it is.
    await writeFile(join(first.dir, 'data.bin'), 'DATA')
    const third = await stage({ dir: dir('c'), inputs: [input('data.bin')] })
    await until(third.id, 'READY')
    expect(await readFile(join(third.dir, 'data.bin'), 'utf8')).toBe('data')
    expect(source.gets('/data.bin').filter(({ range }) => range === undefined)).toHaveLength(1)
  })

  it('is one set however often the same order comes, and refuses another in its directory', async () => {
    const spec = { dir: dir('x'), inputs: [input('data.bin')] }
    const [one, two] = await Promise.all([stage(spec), stage(spec)])
    expect(two.id).toBe(one.id)
    await expect(stage({ ...spec, inputs: [] })).rejects.toEqual(refusal('STAGE_DIR_BUSY'))
    await until(one.id, 'READY')
    await finish(one.id)
    await until(one.id, 'FINISHED')
    expect((await stage(spec)).id).not.toBe(one.id)
  })

  it('fails with what an input failed by and leaves nothing; one that is optional may be missing', async () => {
    const bad = await stage({ dir: dir('bad'), inputs: [input('data.bin'), input('absent')] })
    for (let view = bad; view.state !== 'FAILED'; view = await get(bad.id))
      await new Promise((r) => setTimeout(r, 10))
    expect(await exists(dir('bad'))).toBe(false)
    const good = await stage({
      dir: dir('good'),
      inputs: [input('data.bin'), { ...input('absent'), optional: true }],
    })
    expect(await until(good.id, 'READY')).toMatchObject({ isIncomplete: true })
  })

  it('keeps everything when an output is missing or cannot go, and tries again', async () => {
    const set = await stage({ dir: dir('again'), outputs: [{ name: 'r', destination: { path: '/r' } }] })
    await until(set.id, 'READY')
    await finish(set.id)
    expect(await get(set.id)).toMatchObject({
      state: 'OUT_FAILED',
      error: expect.stringContaining('did not leave r'),
    })
    await writeFile(join(set.dir, 'r'), 'late')
    await finish(set.id)
    await until(set.id, 'FINISHED')
    expect((await engine.content('/r')).toString()).toBe('late')
  })

  it('empties the directory when cancelled, and in one that was there only what it brought', async () => {
    await mkdir(dir('slurm'))
    await writeFile(join(dir('slurm'), 'theirs'), 'x')
    const set = await stage({ dir: dir('slurm'), inputs: [input('data.bin')] })
    await until(set.id, 'READY')
    await engine.call('cancelStage', { params: { id: set.id } })
    expect(await get(set.id)).toMatchObject({ state: 'CANCELED' })
    expect(await readdir(dir('slurm'))).toEqual(['theirs'])
  })

  it('stages only where the operator allows it, and follows no link', async () => {
    await expect(stage({ dir: '/etc/x' })).rejects.toEqual(refusal('STAGE_DIR_REFUSED'))
    await expect(stage({ dir: `${scratch}/../x` })).rejects.toEqual(refusal('STAGE_DIR_REFUSED'))
    await expect(stage({ dir: scratch })).rejects.toEqual(refusal('STAGE_DIR_REFUSED'))
    await insertUser(database.db, 'user-4')
    await expect(stage({ dir: dir('no') }, 'user-4')).rejects.toEqual(refusal('STAGE_DIR_REFUSED'))
    await insertUser(database.db, 'user-3')
    expect(await stage({ dir: dir('yes') }, 'user-3')).toMatchObject({ state: 'READY' })
    await symlink('/etc', dir('link'))
    await expect(stage({ dir: `${dir('link')}/x` })).rejects.toMatchObject({ status: 400 })
    await mkdir(dir('open'))
    await symlink('/etc', join(dir('open'), 'sub'))
    const set = await stage({
      dir: dir('open'),
      inputs: [input('sub/hosts', '/data.bin')],
      outputs: [{ name: 'sub', destination: { path: '/etc' } }],
    })
    for (let view = set; view.state !== 'FAILED'; view = await get(set.id))
      await new Promise((r) => setTimeout(r, 10))
    expect(await readFile('/etc/hosts', 'utf8')).not.toBe('data')
  })

  it('does nothing where somebody put a link on the way to the directory, or in place of its part files', async () => {
    await mkdir(join(dir('group'), 'job'), { recursive: true })
    await mkdir(join(dir('secret'), 'job'), { recursive: true })
    await writeFile(join(dir('secret'), 'job/diary'), 'private')
    const set = await stage({
      dir: join(dir('group'), 'job'),
      outputs: [{ name: 'diary', destination: { path: '/stolen' } }],
    })
    await until(set.id, 'READY')
    await rename(dir('group'), dir('moved'))
    await symlink(dir('secret'), dir('group'))
    await expect(finish(set.id)).rejects.toEqual(refusal('STAGE_LINK'))
    await engine.call('cancelStage', { params: { id: set.id } })
    expect(await get(set.id)).toMatchObject({ state: 'CANCELED' })
    expect(await readFile(join(dir('secret'), 'job/diary'), 'utf8')).toBe('private')

    await mkdir(dir('open'))
    await symlink(dir('secret'), join(dir('open'), '.causeway-stage'))
    const other = await stage({ dir: dir('open'), inputs: [input('data.bin')] })
    for (let view = other; view.state !== 'FAILED'; view = await get(other.id))
      await new Promise((r) => setTimeout(r, 10))
    expect(await readdir(dir('secret'))).toEqual(['job'])
  })

  it('removes a tree with links in it, and not where they lead', async () => {
    await mkdir(dir('kept'))
    await writeFile(join(dir('kept'), 'file'), 'x')
    const set = await stage({ dir: dir('deep') })
    await until(set.id, 'READY')
    await mkdir(join(set.dir, 'a/b/c'), { recursive: true })
    await writeFile(join(set.dir, 'a/b/c/f'), 'x')
    await symlink(dir('kept'), join(set.dir, 'a/b/link'))
    await engine.call('cancelStage', { params: { id: set.id } })
    expect(await exists(set.dir)).toBe(false)
    expect(await readdir(dir('kept'))).toEqual(['file'])
  })

  it('shares no directory with another set, neither above nor below', async () => {
    await insertUser(database.db, 'user-2')
    const mine = await stage({ dir: join(dir('u'), 'mine') })
    const outputs = [{ name: 'mine/secret', destination: { path: '/stolen' } }]
    await expect(stage({ dir: dir('u'), outputs }, 'user-2')).rejects.toEqual(refusal('STAGE_DIR_BUSY'))
    await expect(stage({ dir: join(mine.dir, 'sub') }, 'user-2')).rejects.toEqual(refusal('STAGE_DIR_BUSY'))
    expect(await readdir(mine.dir)).toEqual([])
    expect(await stage({ dir: join(dir('u'), 'mine-too') }, 'user-2')).toMatchObject({ state: 'READY' })
  })

  it('shares no directory with a set below it when its name has letters of two units', async () => {
    await insertUser(database.db, 'user-2')
    await stage({ dir: join(dir('🔭'), 'mine') })
    await expect(stage({ dir: dir('🔭') }, 'user-2')).rejects.toEqual(refusal('STAGE_DIR_BUSY'))
  })

  it('leaves alone what a set below put there before this one was refused', async () => {
    await insertUser(database.db, 'user-2')
    const [above, below] = [dir('u'), join(dir('u'), 'y')]
    await mkdir(above)
    await stage({ dir: below }, 'user-2')
    await rm(above, { recursive: true })
    // The other one puts its files there between the making of this directory and the look at who else is near.
    const nowMs = () => {
      if (existsSync(above) && !existsSync(below)) {
        mkdirSync(below)
        writeFileSync(join(below, 'result'), 'of another')
      }
      return systemClock.nowMs()
    }
    const second = await TestEngine.start({
      ...{ db: database.db, sourceUrl: source.url, workerId: 'second', isStarted: false },
      folder: engine.folder,
      clock: { ...systemClock, nowMs },
      config: { stagePaths: [{ path: scratch, users: [USER], groups: [] }] },
    })
    const body = { expiresSeconds: 3600, inputs: [], outputs: [], dir: above }
    await expect(second.call('createStage', { body })).rejects.toEqual(refusal('STAGE_DIR_BUSY'))
    expect(await readFile(join(below, 'result'), 'utf8')).toBe('of another')
    await second.close({ keepFolder: true })
  })

  it('belongs to who ordered it', async () => {
    const set = await stage({ dir: dir('mine') })
    await insertUser(database.db, 'user-2')
    await expect(get(set.id, 'user-2')).rejects.toMatchObject({ status: 404 })
    await expect(
      engine.transfers.submit('user-2', {
        source: { path: '/x' },
        destination: { endpoint: `stage:${set.id}`, path: 'x' },
      }),
    ).rejects.toMatchObject({ status: 404 })
  })
})
