import { execFile } from 'node:child_process'
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { createSpaces, type StorePath } from '../../src/store/index.ts'
import { engines } from '../support/databases.ts'
import { bytes, textOf } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const run = promisify(execFile)
const refusal = (name: string) => expect.objectContaining({ name })
let test: TestSpaces
const local = (...names: string[]) => join(test.files, ...names)
const names = async (path: StorePath = []) => (await test.store.list(path)).map((entry) => entry.name)
const etag = async (path: StorePath) => (await test.store.stat(path)).etag

describe.each(engines)('changes from outside, indexed in %s', (engine) => {
  beforeEach(async () => {
    test = await createTestSpaces(engine)
    await test.store.makeCollection(['d'])
    await test.store.write(['d', 'f'], bytes('text'))
  })
  afterEach(() => test.close())

  it('show in listings: new, changed and removed, with sizes and etags up to the root', async () => {
    await test.store.write(['d', 'gone'], bytes('12345'))
    const before = [await etag([]), await etag(['d'])]
    await writeFile(local('d', 'new.txt'), '123')
    await mkdir(local('d', 'sub'))
    await writeFile(local('d', 'sub', 'deep'), '1')
    await writeFile(local('d', 'replaced'), 'longer text')
    await rename(local('d', 'replaced'), local('d', 'f'))
    await rm(local('d', 'gone'))
    const listed = await test.store.list(['d'])
    expect(listed.map(({ name, kind, sizeBytes }) => [name, kind, sizeBytes])).toEqual([
      ['f', 'file', 11],
      ['new.txt', 'file', 3],
      ['sub', 'folder', 0],
    ])
    expect(listed[1]?.mediaType).toBe('text/plain')
    expect(await names(['d', 'sub'])).toEqual(['deep'])
    expect((await test.store.stat([])).sizeBytes).toBe(15)
    expect(await etag([])).not.toBe(before[0])
    expect(await etag(['d'])).not.toBe(before[1])
  })

  it('are noticed however soon they follow our own', async () => {
    for (let i = 0; i < 20; i++) {
      await test.store.write(['d', 'f'], bytes(`${i}`))
      await writeFile(local('d', `outside${i}`), '')
      expect((await names(['d'])).length).toBe(i + 2)
      await writeFile(local('d', `again${i}`), '')
      await test.store.write(['d', 'f'], bytes(`${i}`))
      expect(await names(['d'])).toContain(`again${i}`)
      await rm(local('d', `again${i}`))
    }
  })

  it('of a content give a new etag, no checksums, and keep id and properties', async () => {
    const property = { namespace: 'n', name: 'p', xml: '1' }
    await test.store.changeProperties(['d', 'f'], [property])
    const before = await test.store.stat(['d', 'f'])
    await writeFile(local('d', 'f'), 'TEXT')
    const content = await test.store.read(['d', 'f'])
    expect(content.body.toString()).toBe('TEXT')
    expect(content.entry.etag).not.toBe(before.etag)
    expect(content.entry.checksums).toEqual({})
    const after = await test.store.stat(['d', 'f'], { withProperties: true })
    expect(after).toMatchObject({ id: before.id, etag: content.entry.etag, properties: [property] })
  })

  it('of a content show in a listing as soon as the file is touched, not before', async () => {
    const before = await etag([])
    await test.store.list(['d'])
    await writeFile(local('d', 'f'), 'longer text')
    expect((await test.store.list(['d']))[0]?.sizeBytes).toBe(4) // no stat for each entry
    expect((await test.store.stat(['d', 'f'])).sizeBytes).toBe(11)
    expect((await test.store.list(['d']))[0]?.sizeBytes).toBe(11)
    expect(await etag([])).not.toBe(before)
  })

  it('count for conditions of writes', async () => {
    const before = await etag(['d', 'f'])
    await writeFile(local('d', 'f'), 'changed')
    await writeFile(local('d', 'unseen'), 'x')
    const stale = test.store.write(['d', 'f'], bytes('mine'), { conditions: { ifMatch: [before] } })
    await expect(stale).rejects.toEqual(refusal('PreconditionFailedError'))
    const create = test.store.write(['d', 'unseen'], bytes('mine'), { conditions: { ifNoneMatch: '*' } })
    await expect(create).rejects.toEqual(refusal('PreconditionFailedError'))
    await expect(test.store.makeCollection(['d', 'unseen'])).rejects.toEqual(refusal('MethodNotAllowedError'))
    expect(await readFile(local('d', 'f'), 'utf8')).toBe('changed')
  })

  it('reach files that were never listed', async () => {
    await mkdir(local('x', 'y', 'z'), { recursive: true })
    await writeFile(local('x', 'y', 'z', 'f'), 'deep')
    expect(await textOf(test.store, ['x', 'y', 'z', 'f'])).toBe('deep')
    await test.store.write(['x', 'y', 'mine'], bytes('m'))
    await test.store.move(['x', 'y', 'z'], ['z'], { overwrite: false })
    expect(await textOf(test.store, ['z', 'f'])).toBe('deep')
    expect(await names(['x', 'y'])).toEqual(['mine'])
  })

  it('of a name keep the id, in the folder and across folders', async () => {
    const { id } = await test.store.stat(['d', 'f'])
    await rename(local('d', 'f'), local('d', 'g'))
    expect((await test.store.list(['d'])).map((entry) => [entry.name, entry.id])).toEqual([['g', id]])
    await test.store.makeCollection(['e'])
    await rename(local('d', 'g'), local('e', 'h'))
    expect((await test.store.stat(['e', 'h'])).id).toBe(id)
    expect(await names(['d'])).toEqual([])
    expect((await test.store.stat(['d'])).sizeBytes).toBe(0)
    expect((await test.store.stat([])).sizeBytes).toBe(4)
  })

  it('of a place keep the ids of what was changed as well', async () => {
    const ids = [await test.store.stat(['d']), await test.store.stat(['d', 'f'])].map(({ id }) => id)
    await writeFile(local('d', 'new'), 'new')
    await appendFile(local('d', 'f'), ' and more')
    await test.store.makeCollection(['e'])
    await rename(local('d'), local('e', 'moved'))
    await rename(local('e', 'moved', 'f'), local('e', 'moved', 'g'))
    expect((await test.store.list(['e'])).map(({ id }) => id)).toEqual([ids[0]])
    const [moved] = await test.store.list(['e', 'moved'])
    expect(moved).toMatchObject({ name: 'g', id: ids[1], sizeBytes: 13, checksums: {} })
    expect(await names(['e', 'moved'])).toEqual(['g', 'new'])
    expect(await names()).toEqual(['e'])
    expect((await test.store.stat([])).sizeBytes).toBe(16)
  })

  it('of a place keep the ids when the old place is looked at first, and of what lay within', async () => {
    await test.store.makeCollection(['e'])
    await test.store.makeCollection(['e', 'sub'])
    const { id: subId } = await test.store.stat(['e', 'sub'])
    const { entry } = await test.store.write(['e', 'sub', 'deep'], bytes('deep'))
    const { id } = await test.store.stat(['d', 'f'])
    await rename(local('d', 'f'), local('f'))
    await rename(local('e', 'sub', 'deep'), local('deep'))
    await rename(local('e', 'sub'), local('moved'))
    await rm(local('e'), { recursive: true })
    await expect(test.store.stat(['e', 'sub'])).rejects.toEqual(refusal('NotFoundError'))
    expect(await names(['d'])).toEqual([])
    expect((await test.store.list([])).map((one) => [one.name, one.id])).toEqual([
      ['d', expect.any(String)],
      ['deep', entry.id],
      ['f', id],
      ['moved', subId],
    ])
    expect(await names(['moved'])).toEqual([])
    expect((await test.store.stat([])).sizeBytes).toBe(8)
    expect((await test.store.stat(['moved'])).sizeBytes).toBe(0)
    const { scope } = await test.store.locate([])
    for await (const difference of test.spaces.checkIndex(scope)) expect.unreachable(difference.path)
  })

  it('that remove something are remembered for a day and not longer', async () => {
    const { id } = await test.store.stat(['d', 'f'])
    await rm(local('d'), { recursive: true })
    expect(await names()).toEqual([])
    const left = async () => (await test.database.db('files').where('id', id)).length
    await test.spaces.expire()
    expect(await left()).toBe(1)
    const later = createSpaces({
      ...test.options,
      clock: { ...systemClock, nowMs: () => systemClock.nowMs() + 25 * 3_600_000 },
    })
    await later.expire()
    expect(await left()).toBe(0)
    await later.close()
  })

  it('leave the id with the name when something else takes the place of what was renamed', async () => {
    const { id } = await test.store.stat(['d', 'f'])
    await rename(local('d', 'f'), local('d', 'f.1'))
    await writeFile(local('d', 'f'), 'a new log')
    const listed = (await test.store.list(['d'])).map((entry) => [
      entry.name,
      entry.id === id,
      entry.sizeBytes,
    ])
    expect(listed).toEqual([
      ['f', true, 9],
      ['f.1', false, 4],
    ])
    expect((await test.store.stat([])).sizeBytes).toBe(13)
  })

  it('do not give the id of a removed folder to another that got its inode', async () => {
    const { id } = await test.store.stat(['d'])
    await test.store.list(['d'])
    await rm(local('d'), { recursive: true })
    for (let i = 0; i < 20; i++) {
      await mkdir(local(`other${i}`))
      await writeFile(local(`other${i}`, 'f'), 'text')
    }
    expect((await test.store.list([])).map((entry) => entry.id)).not.toContain(id)
  })

  it('do not give the id of a removed file to another that got its inode', async () => {
    const { id } = await test.store.stat(['d', 'f'])
    await rm(local('d', 'f'))
    for (let i = 0; i < 20; i++) await writeFile(local('d', `other${i}`), 'TEXT')
    expect((await test.store.list(['d'])).map((entry) => entry.id)).not.toContain(id)
  })

  it('of the kind make a new entry', async () => {
    const file = await test.store.stat(['d', 'f'])
    await rm(local('d', 'f'))
    await mkdir(local('d', 'f'))
    await writeFile(local('d', 'f', 'below'), '1')
    expect(await textOf(test.store, ['d', 'f', 'below'])).toBe('1')
    expect((await test.store.stat(['d', 'f'])).id).not.toBe(file.id)
    await rm(local('d', 'f'), { recursive: true })
    await writeFile(local('d', 'f'), 'file again')
    await expect(test.store.stat(['d', 'f', 'below'])).rejects.toEqual(refusal('NotFoundError'))
    expect((await test.store.list(['d']))[0]).toMatchObject({ kind: 'file', sizeBytes: 10 })
  })

  it('of a whole folder lead to the errors of something that is not there', async () => {
    await rm(local('d'), { recursive: true })
    await expect(test.store.read(['d', 'f'])).rejects.toEqual(refusal('NotFoundError'))
    await expect(test.store.write(['d', 'new'], bytes('x'))).rejects.toEqual(refusal('ConflictError'))
    await expect(test.store.makeCollection(['d', 'x'])).rejects.toEqual(refusal('ConflictError'))
    await expect(test.store.remove(['d'])).rejects.toEqual(refusal('NotFoundError'))
    expect(await names()).toEqual([])
    expect((await test.store.stat([])).sizeBytes).toBe(0)
  })

  it('make a whole existing tree known by a walk', async () => {
    await mkdir(local('tree', 'a', 'b'), { recursive: true })
    for (const name of ['1', 'a/2', 'a/b/3']) await writeFile(local('tree', name), name)
    await writeFile(local('d', 'f'), 'in place')
    const scope = (await test.store.locate([])).scope
    expect(await test.spaces.rebuildIndex(scope)).toEqual({ files: 4, folders: 5 })
    expect((await test.store.stat(['tree'])).sizeBytes).toBe(9)
    expect((await test.store.stat([])).sizeBytes).toBe(17)
  })

  it('forget nothing when the disk is not mounted', async () => {
    const { id } = await test.store.stat(['d', 'f'])
    await rename(test.files, `${test.files}.away`)
    for (const act of [() => test.store.list([]), () => test.store.read(['d', 'f'])]) {
      await expect(act()).rejects.toMatchObject({ name: expect.stringMatching(/Unavailable|NotFound/) })
    }
    await mkdir(test.files)
    await expect(test.store.list([])).rejects.toEqual(refusal('UnavailableError'))
    await rm(test.files, { recursive: true })
    await rename(`${test.files}.away`, test.files)
    expect((await test.store.stat(['d', 'f'])).id).toBe(id)
  })
})

describe('a symbolic link in the tree', () => {
  let outside: string
  beforeEach(async () => {
    test = await createTestSpaces('sqlite')
    outside = join(test.folder, 'outside')
    await mkdir(join(outside, 'sub'), { recursive: true })
    for (const name of ['f', 'sub/f']) await writeFile(join(outside, name), 'secret')
  })
  afterEach(() => test.close())

  it('counts as absent, to a file, to a folder or to nowhere', async () => {
    await symlink(join(outside, 'f'), local('file'))
    await symlink(outside, local('folder'))
    await symlink('/nowhere', local('dangling'))
    expect(await names()).toEqual([])
    for (const path of [['file'], ['folder'], ['folder', 'f'], ['folder', 'sub', 'f'], ['dangling']]) {
      await expect(test.store.stat(path)).rejects.toEqual(refusal('NotFoundError'))
      await expect(test.store.read(path)).rejects.toEqual(refusal('NotFoundError'))
      await expect(test.store.copy(path, ['copy'], { overwrite: true })).rejects.toEqual(
        refusal('NotFoundError'),
      )
      await expect(test.store.remove(path)).rejects.toEqual(refusal('NotFoundError'))
    }
    await expect(test.store.list(['folder'])).rejects.toEqual(refusal('NotFoundError'))
    await expect(test.store.write(['folder', 'x'], bytes('x'))).rejects.toEqual(refusal('ConflictError'))
    await expect(test.store.makeCollection(['folder', 'x'])).rejects.toEqual(refusal('ConflictError'))
    expect(await readdir(outside)).toEqual(['f', 'sub'])
  })

  it('in the place of a known folder leads nowhere either', async () => {
    await test.store.makeCollection(['d'])
    await test.store.makeCollection(['d', 'sub'])
    await test.store.write(['d', 'sub', 'f'], bytes('public'))
    await rename(local('d'), join(test.folder, 'old'))
    await symlink(outside, local('d'))
    await expect(test.store.write(['d', 'sub', 'x'], bytes('x'))).rejects.toEqual(refusal('ConflictError'))
    await expect(test.store.read(['d', 'sub', 'f'])).rejects.toEqual(refusal('NotFoundError'))
    await expect(test.store.list(['d', 'sub'])).rejects.toEqual(refusal('NotFoundError'))
    await expect(test.store.stat(['d', 'f'])).rejects.toEqual(refusal('NotFoundError'))
    expect(await readdir(join(outside, 'sub'))).toEqual(['f'])
  })

  it('is replaced, not followed, by a write, and removed with its folder', async () => {
    await symlink(join(outside, 'f'), local('f'))
    await test.store.write(['f'], bytes('mine'))
    expect(await textOf(test.store, ['f'])).toBe('mine')
    await test.store.makeCollection(['d'])
    await symlink(outside, local('d', 'link'))
    await test.store.copy(['d'], ['e'], { overwrite: false })
    expect(await readdir(local('e'))).toEqual([])
    await test.store.remove(['d'])
    expect(await readFile(join(outside, 'f'), 'utf8')).toBe('secret')
    expect(await readdir(test.staging)).toEqual(['transfers'])
  })
})

describe('odd things in the tree', () => {
  beforeEach(async () => {
    test = await createTestSpaces('sqlite')
  })
  afterEach(() => test.close())

  it('such as pipes and names that are no text are left out and block nobody', async () => {
    await run('mkfifo', [local('pipe')])
    await writeFile(Buffer.concat([Buffer.from(`${test.files}/bad`), Buffer.from([0xff])]), 'x')
    await writeFile(local('good'), 'x')
    expect(await names()).toEqual(['good'])
    await expect(test.store.read(['pipe'])).rejects.toEqual(refusal('NotFoundError'))
  })

  it('such as times far back are kept', async () => {
    await writeFile(local('old'), 'x')
    await utimes(local('old'), 1, 1.5)
    expect((await test.store.list([]))[0]?.mtimeMs).toBe(1_500)
  })
})
