import { appendFile, mkdir, open, rename, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { engines } from '../support/databases.ts'
import { bytes } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

describe.each(engines)('a check of the index, in %s', (engine) => {
  let test: TestSpaces
  beforeEach(async () => {
    test = await createTestSpaces(engine)
    await test.store.makeCollection(['d'])
    await test.store.write(['d', 'f'], bytes('text'))
    await test.store.write(['g'], bytes('other'))
    await test.store.write(['empty'], bytes(''))
  })
  afterEach(() => test.close())

  const check = async (withContent = true) => {
    const { scope } = await test.store.locate([])
    const found = await Array.fromAsync(test.spaces.checkIndex(scope, { withContent }))
    return found.map(({ path, kind }) => `${path} ${kind}`)
  }

  it('finds nothing where nothing is wrong', async () => {
    expect(await check()).toEqual([])
  })

  it('tells what others added, removed and changed, and changes nothing', async () => {
    await writeFile(join(test.files, 'new'), 'x')
    await mkdir(join(test.files, 'd', 'folder'))
    await rename(join(test.files, 'g'), join(test.files, 'd', 'moved'))
    await appendFile(join(test.files, 'd', 'f'), 'more')
    const all = ['/g missing', '/new unknown', '/d/f changed', '/d/folder unknown', '/d/moved unknown']
    expect(await check()).toEqual(all)
    expect(await check()).toEqual(all)
    await test.spaces.rebuildIndex((await test.store.locate([])).scope)
    expect(await check()).toEqual([])
  })

  it('finds a file whose bytes changed although nobody wrote it, when it is told to read', async () => {
    const file = join(test.files, 'd', 'f')
    const { atimeNs, mtimeNs } = await stat(file, { bigint: true })
    const handle = await open(file, 'r+')
    await handle.write('T', 0)
    await handle.close()
    await utimes(file, `${Number(atimeNs) / 1e9}`, `${Number(mtimeNs) / 1e9}`)
    await test.database
      .db('files')
      .where({ name: 'f' })
      .update({
        disk_mtime_ns: `${(await stat(file, { bigint: true })).mtimeNs}`,
      })
    expect(await check(false)).toEqual([])
    expect(await check()).toEqual(['/d/f damaged'])
  })

  it('finds a folder whose size is not that of its members', async () => {
    await test.database.db('files').where({ name: 'd' }).update({ size_bytes: 999 })
    expect(await check()).toEqual(['/ wrong-size', '/d wrong-size'])
  })
})
