import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StorePath } from '../../src/store/index.ts'
import { type Engine, engines } from '../support/databases.ts'
import { bytes } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

let test: TestSpaces
const DEEP = ['a', 'b', 'c', 'd', 'e']
const local = (...names: string[]) => join(test.files, ...names)
const root = () => test.store.stat([])
/** What a client that polls the root alone sees at last. */
const until = (state: () => Promise<void>) => vi.waitFor(state, { timeout: 20_000, interval: 20 })
const path = (count: number, name?: string): StorePath => [...DEEP.slice(0, count), ...(name ? [name] : [])]

async function begin(engine: Engine): Promise<void> {
  test = await createTestSpaces(engine, { watchSeconds: 0.02 })
  for (let count = 1; count <= DEEP.length; count++) await test.store.makeCollection(path(count))
  await test.store.write(path(5, 'f'), bytes('text'))
  await test.store.write(path(5, 'same'), bytes('same'))
}

describe.each(engines)('a drive that looks around, indexed in %s', (engine) => {
  beforeEach(() => begin(engine))
  afterEach(() => test.close())

  it('tells who asks for its root of a file that appeared far below', async () => {
    const before = await root()
    await writeFile(local(...path(5, 'new')), '12345')
    await until(async () => {
      const now = await root()
      expect(now.sizeBytes).toBe(13)
      expect(now.etag).not.toBe(before.etag)
    })
    const page = await test.store.changes?.([], {
      token: (await test.store.syncToken?.([])) ?? '',
      depth: 'infinity',
      limit: 100,
    })
    expect(page?.changes).toEqual([])
  })

  it('follows folders that came, moved and went, with all in them', async () => {
    await mkdir(local('x', 'y', 'z'), { recursive: true })
    await writeFile(local('x', 'y', 'z', 'deep'), '1')
    await until(async () => expect((await root()).sizeBytes).toBe(9))
    const { id } = await test.store.stat(path(3))
    await rename(local(...path(3)), local('x', 'y', 'moved'))
    await rm(local('x', 'y', 'z'), { recursive: true })
    await until(async () => {
      await root()
      expect((await test.store.stat(['x'])).sizeBytes).toBe(8)
    })
    expect((await test.store.stat(['x', 'y', 'moved'])).id).toBe(id)
    expect((await root()).sizeBytes).toBe(8)
  })
})

describe('a drive that looks around', () => {
  beforeEach(() => begin('sqlite'))
  afterEach(() => test.close())

  it('notices a file that was edited in place, and leaves the others alone', async () => {
    const same = await test.store.stat(path(5, 'same'))
    await until(async () => expect((await root()).sizeBytes).toBe(8))
    await appendFile(local(...path(5, 'f')), ' and more')
    await until(async () => expect((await root()).sizeBytes).toBe(17))
    expect(await test.store.stat(path(5, 'same'))).toEqual(same)
  })

  it('reads a folder at once in which many files were edited', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `many${index}`)
    for (const name of names) await test.store.write(path(4, name), bytes('1'))
    await until(async () => expect((await root()).sizeBytes).toBe(48))
    for (const name of names) await appendFile(local(...path(4, name)), '2')
    await until(async () => expect((await root()).sizeBytes).toBe(88))
    const files = (await test.store.list(path(4))).filter(({ kind }) => kind === 'file')
    expect(files.map(({ sizeBytes }) => sizeBytes)).toEqual(names.map(() => 2))
  })

  it('gives no new etag for what nobody changed', async () => {
    await until(async () => expect((await root()).sizeBytes).toBe(8))
    const before = await root()
    for (let i = 0; i < 20; i++) await root()
    await until(async () => expect((await root()).etag).toBe(before.etag))
    const { scope } = await test.store.locate([])
    for await (const difference of test.spaces.checkIndex(scope)) expect.unreachable(difference.path)
  })

  it('goes on where something is not what it was', async () => {
    await until(async () => expect((await root()).sizeBytes).toBe(8))
    await test.database.db('files').where('name', 'c').update('inode', 'of another disk')
    await mkdir(local('0', '1'), { recursive: true })
    await writeFile(local('0', '1', 'f'), '12')
    await until(async () => expect((await root()).sizeBytes).toBe(10))
  })
})

describe('a drive that does not look around', () => {
  beforeEach(async () => {
    test = await createTestSpaces('sqlite', { watchSeconds: 0 })
  })
  afterEach(() => test.close())

  it('notices what changed far below when somebody goes there', async () => {
    await test.store.makeCollection(['a'])
    await test.store.makeCollection(['a', 'b'])
    await writeFile(local('a', 'b', 'new'), '12345')
    for (let i = 0; i < 10; i++) expect((await root()).sizeBytes).toBe(0)
    await test.store.list(['a', 'b'])
    expect((await root()).sizeBytes).toBe(5)
  })
})
