import { readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { createSpaces, type FileStore, type Trash, type Versions } from '../../src/store/index.ts'
import { engines } from '../support/databases.ts'
import { bytes, textOf } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const DAY_MS = 24 * 3_600_000

describe.each(engines)('what a drive keeps, in %s', (engine) => {
  let test: TestSpaces
  let store: FileStore
  let trash: Trash
  let versions: Versions

  beforeEach(async () => {
    test = await createTestSpaces(engine, { trashDays: 30, versionDays: 30 })
    store = test.store
    trash = await test.spaces.trashOf('ann')
    versions = await test.spaces.versionsOf('ann')
  })
  afterEach(() => test.close())

  const contents = async (fileId: string) => {
    const names = (await versions.list(fileId)).map((entry) => entry.name)
    return await Promise.all(names.map((name) => textOf(versions.store, [fileId, name])))
  }
  const trashed = async () => (await trash.list()).map((entry) => entry.trashed.path.join('/'))

  it('brings a deleted folder back with everything in it, under the ids it had', async () => {
    await store.makeCollection(['d'])
    const { entry } = await store.write(['d', 'f.txt'], bytes('text'))
    const property = { namespace: 'urn:x', name: 'colour', xml: 'red' }
    await store.changeProperties(['d', 'f.txt'], [property])
    await store.remove(['d'])
    await expect(store.stat(['d'])).rejects.toMatchObject({ name: 'NotFoundError' })
    expect(await trashed()).toEqual(['d'])
    const [lying] = await trash.list()
    const back = await trash.restore(lying?.name ?? '')
    expect(back.path).toEqual(['d'])
    const again = await store.stat(['d', 'f.txt'], { withProperties: true })
    expect(again).toMatchObject({ id: entry.id, checksums: entry.checksums, properties: [property] })
    expect(await textOf(store, ['d', 'f.txt'])).toBe('text')
    expect(await trash.list()).toEqual([])
    expect(await readdir(join(test.files, '..', 'trash'))).toEqual([])
  })

  it('never restores over something, and to the root when the folder is gone', async () => {
    await store.makeCollection(['d'])
    await store.write(['d', 'report.tar.gz'], bytes('one'))
    await store.remove(['d', 'report.tar.gz'])
    await store.write(['report.tar.gz'], bytes('other'))
    await store.remove(['d'])
    const [, entry] = (await trash.list()).sort((a, b) => a.trashed.path.length - b.trashed.path.length)
    const refusing = async (path: readonly string[]) => {
      throw new Error(path.join('/'))
    }
    await expect(trash.restore(entry?.name ?? '', refusing)).rejects.toThrow('report (restored).tar.gz')
    expect((await trash.restore(entry?.name ?? '')).path).toEqual(['report (restored).tar.gz'])
    expect(await textOf(store, ['report (restored).tar.gz'])).toBe('one')
    expect(await textOf(store, ['report.tar.gz'])).toBe('other')
  })

  it('takes the same name many times, and names as long as a file system holds', async () => {
    const long = `${'ü'.repeat(125)}.txt`
    for (const name of ['f', 'f', 'f', long, long]) {
      await store.write([name], bytes(name))
      await store.remove([name])
    }
    const found = await trash.list()
    expect(found.map(({ trashed }) => trashed.path[0]).sort()).toEqual(['f', 'f', 'f', long, long])
    for (const entry of found) expect(Buffer.byteLength(entry.name)).toBeLessThanOrEqual(255)
    const last = found.find(({ trashed }) => trashed.path[0] === long)
    expect((await trash.restore(last?.name ?? '')).path).toEqual([long])
  })

  it('keeps a version that comes while the old ones are expired', async () => {
    let nowMs = DAY_MS
    const spaces = createSpaces({ ...test.options, clock: { ...systemClock, nowMs: () => nowMs } })
    const drive = await spaces.spaceOf('ann')
    const kept = await spaces.versionsOf('ann')
    const { entry } = await drive.write(['f'], bytes('one'))
    await drive.write(['f'], bytes('two'))
    nowMs = 40 * DAY_MS
    const list = kept.store.list.bind(kept.store)
    kept.store.list = async (path, options) => {
      const found = await list(path, options)
      if (path.length === 1) await drive.write(['f'], bytes('three'))
      return found
    }
    expect(await kept.expire(10 * DAY_MS)).toBe(0)
    kept.store.list = list
    expect(await contents(entry.id)).toEqual(['two', 'one'])
    expect(await kept.expire(10 * DAY_MS)).toBe(1)
    expect(await contents(entry.id)).toEqual(['two'])
    await spaces.close()
  })

  it.each(['trash', 'versions'])('expires the rest of the %s when one is gone meanwhile', async (which) => {
    for (const name of ['a', 'b', 'c']) {
      await store.write([name], bytes('one'))
      await store.write([name], bytes('two'))
      if (which === 'trash') await store.remove([name])
    }
    const tree = which === 'trash' ? trash : versions
    const remove = tree.store.remove.bind(tree.store)
    tree.store.remove = async (path, conditions) => {
      tree.store.remove = remove
      await remove(path)
      await remove(path, conditions)
    }
    expect(await tree.expire(Date.now() + DAY_MS)).toBe(2)
    expect(await tree.store.list([])).toEqual([])
  })

  it('makes a version of what a write, a copy or a move replaces', async () => {
    const { entry } = await store.write(['f'], bytes('one'), { mtimeMs: 1_000 })
    await store.write(['f'], bytes('two'), { mtimeMs: 2_000 })
    await store.write(['g'], bytes('three'))
    await store.copy(['g'], ['f'], { overwrite: true })
    expect(await contents(entry.id)).toEqual(['two', 'one'])
    const moved = await store.move(['g'], ['f'], { overwrite: true })
    expect((await contents(moved.entry.id)).sort()).toEqual(['one', 'three', 'two'])
    expect(await contents(entry.id)).toEqual([])
    const [oldest] = (await versions.list(moved.entry.id)).sort((a, b) => a.mtimeMs - b.mtimeMs)
    expect(oldest).toMatchObject({ name: '1', mtimeMs: 1_000, sizeBytes: 3, checksums: entry.checksums })
  })

  it('adds the versions of a file that is overwritten to those of the one that is moved there', async () => {
    const { entry } = await store.write(['f'], bytes('one'), { mtimeMs: 1_000 })
    await store.write(['f'], bytes('two'), { mtimeMs: 2_000 })
    await store.write(['g'], bytes('three'), { mtimeMs: 1_000 })
    await store.write(['g'], bytes('four'), { mtimeMs: 4_000 })
    const moved = await store.move(['g'], ['f'], { overwrite: true })
    expect((await contents(moved.entry.id)).sort()).toEqual(['one', 'three', 'two'])
    expect(await contents(entry.id)).toEqual([])
    expect(await readdir(join(test.files, '..', 'versions'))).toEqual([moved.entry.id])
    expect((await store.quota()).usedBytes).toBe(15)
    expect(await test.database.db('version_heirs')).toEqual([])
  })

  it('keeps a folder that is overwritten, and an empty file is no version', async () => {
    await store.makeCollection(['d'])
    await store.write(['d', 'inside'], bytes('x'))
    const { entry } = await store.write(['f'], bytes(''))
    await store.move(['f'], ['d'], { overwrite: true })
    expect(await trashed()).toEqual(['d'])
    await store.write(['d'], bytes('now'))
    expect(await contents(entry.id)).toEqual([])
  })

  it('keeps many versions of files that are written at the same time', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const text of ['one', 'two', 'three']) {
      await Promise.all(names.map((name) => store.write([name], bytes(text), { mtimeMs: 5_000 })))
    }
    for (const name of names) {
      expect((await contents((await store.stat([name])).id)).sort()).toEqual(['one', 'two'])
    }
  })

  it('counts what it keeps, and removes it for good when told to', async () => {
    const { entry } = await store.write(['f'], bytes('1234567890'))
    await store.write(['f'], bytes('12345'))
    expect((await store.quota()).usedBytes).toBe(15)
    await store.remove(['f'])
    expect((await store.quota()).usedBytes).toBe(15)
    const [lying] = await trash.list()
    await trash.store.remove([lying?.name ?? ''])
    expect((await store.quota()).usedBytes).toBe(0)
    expect(await contents(entry.id)).toEqual([])
    expect(await readdir(join(test.files, '..', 'versions'))).toEqual([])
  })

  it('expires only what is older than promised', async () => {
    const { entry } = await store.write(['f'], bytes('one'))
    await store.write(['f'], bytes('two'))
    await store.write(['g'], bytes('x'))
    await store.remove(['g'])
    const nowMs = Date.now()
    expect(await trash.expire(nowMs - DAY_MS)).toBe(0)
    expect(await versions.expire(nowMs - DAY_MS)).toBe(0)
    expect(await test.spaces.expire()).toBe(0)
    expect(await trash.expire(nowMs + DAY_MS)).toBe(1)
    expect(await versions.expire(nowMs + DAY_MS)).toBe(1)
    expect(await trashed()).toEqual([])
    expect(await contents(entry.id)).toEqual([])
    expect(await textOf(store, ['f'])).toBe('two')
  })

  it('asks the database alone, in a few questions, what is too old; after a start the disk as well', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `f${index}`)
    for (const text of ['one', 'two']) for (const name of names) await store.write([name], bytes(text))
    await versions.expire(Date.now() - DAY_MS)
    const { id } = await store.stat(['f7'])
    const ofLongAgo = test.database
      .db('files')
      .select('id')
      .where({ parent_id: await folderOf(id) })
    const [version] = await ofLongAgo
    await test.database.db('files').where('id', version?.id).update('created_at_ms', 1_000)
    let questions = 0
    const count = () => questions++
    test.database.db.on('query', count)
    expect(await versions.expire(Date.now() - 2 * DAY_MS)).toBe(1)
    test.database.db.off('query', count)
    expect(questions).toBeLessThan(30)
    expect(await contents(id)).toEqual([])
    expect(await contents((await store.stat(['f8'])).id)).toEqual(['one'])
    const lost = join(test.files, '..', 'versions', (await store.stat(['f9'])).id, '5')
    await writeFile(lost, 'a crash left it')
    const again = createSpaces({ ...test.options })
    const later = await again.versionsOf('ann')
    expect(await later.expire(Date.now() + DAY_MS)).toBe(30)
    await again.close()
  })

  const folderOf = async (fileId: string) =>
    (await test.database.db('files').where('name', fileId).first())?.id as string

  it('shows and restores what somebody put into the trash on the disk', async () => {
    await writeFile(join(test.files, 'f'), 'text')
    await store.list([])
    await rename(join(test.files, 'f'), join(test.files, '..', 'trash', 'f.d1700000000'))
    expect(await trash.list()).toMatchObject([{ trashed: { path: ['f'], deletedAtMs: 1_700_000_000_000 } }])
    expect((await trash.restore('f.d1700000000')).path).toEqual(['f'])
    expect(await textOf(store, ['f'])).toBe('text')
  })

  it('lets nobody write into the trash', async () => {
    await expect(trash.store.write(['x'], bytes('x'))).rejects.toMatchObject({ name: 'ForbiddenError' })
    await expect(trash.restore('nothing')).rejects.toMatchObject({ name: 'NotFoundError' })
  })
})
