import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobOptions } from '../../src/transfers/job-options.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { SourceServer } from './support/source-server.ts'
import { insertUser, TestEngine, USER } from './support/test-engine.ts'

const OTHER = 'user-2'
const CACHE = { maxBytes: 10_000_000, minFreeBytes: 0, lifetimeDays: 30, hardLinks: true }

let database: TestDatabase
let source: SourceServer
let engine: TestEngine

/** GETs of the whole file; permission is asked with a range. */
const fetches = (path = '/a.bin') => source.gets(path).filter(({ range }) => range !== 'bytes=0-15').length
const asks = (path = '/a.bin') => source.gets(path).filter(({ range }) => range === 'bytes=0-15').length

async function run(to: string, cache: JobOptions['cache'] = 'yes', user = USER, path = '/a.bin') {
  const job = await engine.transfers.submit(user, {
    source: { shareId: 's1', path },
    destination: { path: to },
    options: { cache, maxTries: 1 },
  })
  for (;;) {
    const { job: now } = {
      job: (await engine.call('getTransfer', { params: { id: job.id } }, user)) as typeof job,
    }
    if (now.finishedAt !== undefined) return now
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function localPath(name: string): Promise<string> {
  const staging = (await engine.drive.stagingFolder([])) as string
  return join(staging, '..', '..', 'files', name)
}

const inodeOf = async (name: string) => (await lstat(await localPath(name))).ino

async function cachedFiles(): Promise<string[]> {
  const data = join(engine.folder, '.cache', 'data')
  const folders = await readdir(data).catch(() => [])
  return (
    await Promise.all(
      folders.map(async (one) => (await readdir(join(data, one))).map((name) => join(data, one, name))),
    )
  ).flat()
}

describe.each(engines)('the cache of fetched files (%s)', (name) => {
  beforeEach(async () => {
    database = await createTestDatabase(name)
    source = await SourceServer.start()
    engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, config: { cache: CACHE } })
    await insertUser(database.db, OTHER)
    source.put('/a.bin', Buffer.alloc(300_000, 'a'))
  })
  afterEach(async () => {
    await engine.close()
    await source.close()
    await database.close()
  })

  it('gives the second job what the first one fetched, as one inode, named by two letters and the rest', async () => {
    expect(await run('/one')).toMatchObject({ state: 'FINISHED' })
    expect(await run('/two')).toMatchObject({ state: 'FINISHED' })
    expect(fetches()).toBe(1)
    expect(await inodeOf('two')).toBe(await inodeOf('one'))
    const [path = ''] = await cachedFiles()
    expect(path).toMatch(/\/data\/[0-9a-f]{2}\/[0-9a-f]{62}$/)
    expect(await engine.content('/two')).toEqual(Buffer.alloc(300_000, 'a'))
  })

  it('fetches once for jobs that want the same at the same time', async () => {
    const jobs = await Promise.all(['/1', '/2', '/3', '/4'].map((to) => run(to)))
    expect(jobs.map(({ state }) => state)).toEqual(Array(4).fill('FINISHED'))
    expect(fetches()).toBe(1)
  })

  it('asks the source before another user gets it, once for a day', async () => {
    await run('/one')
    expect(await run('/two', 'yes', OTHER)).toMatchObject({ state: 'FINISHED' })
    expect(await run('/three', 'yes', OTHER)).toMatchObject({ state: 'FINISHED' })
    expect([fetches(), asks()]).toEqual([1, 1])
    expect(await run('/four', 'check', OTHER)).toMatchObject({ state: 'FINISHED' })
    expect([fetches(), asks()]).toEqual([1, 2])
  })

  it('gives nothing to a user whom the source refuses, and keeps it for the others', async () => {
    await run('/one')
    source.misbehave('/a.bin', { kind: 'status', status: 403 }, { kind: 'status', status: 403 })
    const refused = await run('/two', 'yes', OTHER)
    expect(refused).toMatchObject({ state: 'FAILED', error: { code: 'HTTP_403' } })
    expect(await run('/three')).toMatchObject({ state: 'FINISHED' })
    expect(fetches()).toBe(2)
  })

  it('lets another user fetch for themselves where nothing proves that they see the same file', async () => {
    source.withoutChecksums = true
    await run('/one')
    await database.db('transfer_cache').update({ etag: 'W/"weak"', checksums: '{}' })
    await database.db('transfer_cache').update({ etag: null })
    expect(await run('/two', 'yes', OTHER)).toMatchObject({ state: 'FINISHED' })
    expect(fetches()).toBe(2)
    expect(await inodeOf('two')).not.toBe(await inodeOf('one'))
  })

  it('fetches again what changed at the source, and with `renew` in any case', async () => {
    await run('/one')
    source.put('/a.bin', 'new content')
    await run('/two')
    expect((await engine.content('/two')).toString()).toBe('new content')
    await run('/three', 'renew')
    expect(fetches()).toBe(3)
    expect(await run('/four')).toMatchObject({ state: 'FINISHED' })
    expect(fetches()).toBe(3)
  })

  it('verifies what an order declares also of a cached file', async () => {
    await run('/one')
    const item = (sha256: string) => ({
      ...{ source: { shareId: 's1', path: '/a.bin' }, destination: { path: '/two' } },
      checksums: { sha256 },
    })
    const order = (sha256: string) => ({
      ...item(sha256),
      items: [item(sha256)],
      options: { cache: 'yes' as const, maxTries: 1 },
    })
    const wrong = await engine.run(order('0'.repeat(64)))
    expect(wrong).toMatchObject({ state: 'FAILED', error: { code: 'CHECKSUM_MISMATCH' } })
    const right = await engine.run(
      order(createHash('sha256').update(Buffer.alloc(300_000, 'a')).digest('hex')),
    )
    expect(right).toMatchObject({ state: 'FINISHED' })
    expect((await engine.files(right.id))[0]).toMatchObject({
      verified: 'checksum',
      executorWhy: 'it was in the cache of this node',
    })
    expect(fetches()).toBe(2)
  })

  it('copies with `copy`, and fetches without the cache unless the job wants it', async () => {
    await run('/one')
    await run('/two', 'copy')
    expect(fetches()).toBe(1)
    expect(await inodeOf('two')).not.toBe(await inodeOf('one'))
    await run('/three', 'no')
    expect(fetches()).toBe(2)
  })

  it('is not changed by who overwrites or removes a file of the drive that is linked to it', async () => {
    await run('/one')
    await run('/two')
    await engine.drive.write(
      ['one'],
      (async function* () {
        yield Buffer.from('mine')
      })(),
    )
    expect(await engine.content('/two')).toEqual(Buffer.alloc(300_000, 'a'))
    await engine.drive.remove(['two'])
    await run('/three')
    expect(await engine.content('/three')).toEqual(Buffer.alloc(300_000, 'a'))
    expect(fetches()).toBe(1)
  })

  it('is not changed by who sets the time of a file of the drive that is linked to it', async () => {
    await run('/one')
    await run('/two')
    const before = await engine.drive.stat(['two'])
    const [path = ''] = await cachedFiles()
    const { mtimeMs } = await stat(path)
    await engine.drive.changeProperties(['one'], [], { mtimeMs: 1_500_000_000_000 })
    expect((await engine.drive.stat(['one'])).mtimeMs).toBe(1_500_000_000_000)
    expect(await engine.content('/one')).toEqual(Buffer.alloc(300_000, 'a'))
    expect((await stat(path)).mtimeMs).toBe(mtimeMs)
    expect(await engine.drive.stat(['two'])).toEqual(before)
    await run('/three')
    expect(fetches()).toBe(1)
  })

  it('drops what somebody changed behind its back', async () => {
    await run('/one')
    const [path = ''] = await cachedFiles()
    await writeFile(path, Buffer.alloc(300_000, 'x'))
    expect(await run('/two')).toMatchObject({ state: 'FINISHED' })
    expect(await engine.content('/two')).toEqual(Buffer.alloc(300_000, 'a'))
    expect(fetches()).toBe(2)
  })

  it('finds by checksum what was changed without a trace in time and size', async () => {
    await run('/one', 'copy')
    const [path = ''] = await cachedFiles()
    const { atime, mtime } = await lstat(path)
    await writeFile(path, Buffer.alloc(300_000, 'x'))
    await utimes(path, atime, mtime)
    const { ino, size, mtimeNs } = await lstat(path, { bigint: true })
    await database.db('transfer_cache').update({ disk_mark: `${ino}:${size}:${mtimeNs}` })
    expect(await run('/two')).toMatchObject({ state: 'FAILED', error: { code: 'CACHE_UNUSABLE' } })
    expect(await run('/three')).toMatchObject({ state: 'FINISHED' })
    expect(await engine.content('/three')).toEqual(Buffer.alloc(300_000, 'a'))
  })

  it('lets the next one fetch at once when the first fails or is cancelled', async () => {
    source.misbehave('/a.bin', { kind: 'stall', afterBytes: 10 }, { kind: 'status', status: 404 })
    const holder = await engine.submit({
      source: { shareId: 's1', path: '/a.bin' },
      destination: { path: '/one' },
      options: { cache: 'yes' },
    })
    await engine.untilFile(holder.id, (file) => file.bytesDone > 0)
    const second = run('/two')
    const third = run('/three')
    const waiting = async () => (await database.db('transfer_files').where({ state: 'CACHE_WAIT' })).length
    while ((await waiting()) < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    await engine.call('cancelTransfer', { params: { id: holder.id } })
    const states = [(await second).state, (await third).state].sort()
    expect(states).toEqual(['FAILED', 'FINISHED'])
    expect(await database.db('transfer_cache').whereNotNull('lock_owner')).toEqual([])
    expect(await database.db('transfer_cache_claims')).toEqual([])
  })

  it('removes the longest unused when room is needed, keeps too large ones out, and drains', async () => {
    const files = ['/1', '/2', '/3'].map((path) => path)
    for (const path of files) source.put(path, Buffer.alloc(4_000_000, path))
    source.put('/huge', Buffer.alloc(10_000_001, 'h'))
    for (const path of ['/1', '/2']) await run(`/to${path}`, 'yes', USER, path).catch(() => undefined)
    await engine.drive.makeCollection(['to']).catch(() => undefined)
    await run('/again', 'yes', USER, '/1')
    await run('/x3', 'yes', USER, '/3')
    await run('/xh', 'yes', USER, '/huge')
    const left = (await database.db('transfer_cache').where({ state: 'present' }).orderBy('url')).map(
      ({ url }) => url.slice(-2),
    )
    expect(left).toEqual(['/1', '/3'])
    expect((await cachedFiles()).length).toBe(2)
    expect(await engine.call('getTransferCache', {})).toMatchObject({ files: 2, sizeBytes: 8_000_000 })
    expect(await engine.call('drainTransferCache', {})).toMatchObject({ files: 0, sizeBytes: 0 })
    expect(await cachedFiles()).toEqual([])
    expect((await readFile(await localPath('x3'))).length).toBe(4_000_000)
  })
})
