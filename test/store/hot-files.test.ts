import { execFileSync } from 'node:child_process'
import { readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FileRow } from '../../src/store/catalogue/file-index.ts'
import { HotFiles } from '../../src/store/local/hot-files.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

let test: TestSpaces

const read = async (name: string, range?: { start: number; end?: number }) => {
  const { body, entry } = await test.store.read([name], range)
  if (!Buffer.isBuffer(body)) throw new Error('not a small file')
  return { text: body.toString(), etag: entry.etag }
}
const readOften = async (name: string) => {
  for (let i = 0; i < 3; i++) await read(name)
  return await read(name)
}
const write = (name: string, text: string) => test.store.write([name], Readable.from([Buffer.from(text)]))

beforeEach(async () => {
  test = await createTestSpaces('sqlite')
})
afterEach(async () => {
  await test.close()
})

describe('a small file that is read again and again', () => {
  it('is served from memory once it is known, whole and in parts', async () => {
    await write('a.txt', 'content')
    expect((await readOften('a.txt')).text).toBe('content')
    // Size, time and inode stay as they were, so that only memory still has the old bytes.
    const file = join(test.files, 'a.txt')
    const before = join(test.folder, 'before')
    execFileSync('touch', ['-r', file, before])
    await writeFile(file, 'CONTENT', { flag: 'r+' })
    execFileSync('touch', ['-r', before, file])
    expect((await read('a.txt')).text).toBe('content')
    expect((await read('a.txt', { start: 3 })).text).toBe('tent')
    expect((await read('a.txt', { start: 1, end: 2 })).text).toBe('on')
  })

  it('shows a new content at once, whoever wrote it', async () => {
    await write('a.txt', 'one')
    const { etag } = await readOften('a.txt')
    await write('a.txt', 'two')
    expect((await read('a.txt')).text).toBe('two')
    await readOften('a.txt')
    await writeFile(join(test.files, 'a.txt'), 'six')
    expect((await read('a.txt')).text).toBe('six')
    expect((await read('a.txt')).etag).not.toBe(etag)
  })

  it('is not served after it was cut, replaced by another file or by a link, or removed', async () => {
    const file = join(test.files, 'a.txt')
    await write('a.txt', 'one')
    await readOften('a.txt')
    await truncate(file, 1)
    expect((await read('a.txt')).text).toBe('o')
    await readOften('a.txt')
    await writeFile(`${file}.new`, 'x')
    await rename(`${file}.new`, file)
    expect((await read('a.txt')).text).toBe('x')
    await readOften('a.txt')
    await rm(file)
    await symlink('/etc/hostname', file)
    await expect(read('a.txt')).rejects.toMatchObject({ status: 404 })
    await rm(file)
    await expect(read('a.txt')).rejects.toMatchObject({ status: 404 })
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('what is kept in memory', () => {
  const rowOf = (id: string, sizeBytes: number, etag = 'e') => ({ id, sizeBytes, etag }) as FileRow
  const offerTwice = (hot: HotFiles, row: FileRow) => {
    for (let i = 0; i < 2; i++) hot.offer(row, Buffer.alloc(row.sizeBytes))
  }

  it('is what was read twice, of this version, and never more than allowed', () => {
    const hot = new HotFiles(250)
    hot.offer(rowOf('a', 100), Buffer.alloc(100))
    expect(hot.find(rowOf('a', 100))).toBeUndefined()
    hot.offer(rowOf('a', 100), Buffer.alloc(100))
    expect(hot.find(rowOf('a', 100))).toHaveLength(100)
    expect(hot.find(rowOf('a', 100, 'other'))).toBeUndefined()
    offerTwice(hot, rowOf('b', 100))
    expect(hot.find(rowOf('a', 100))).toBeDefined()
    offerTwice(hot, rowOf('c', 100))
    expect(['a', 'b', 'c'].filter((id) => hot.find(rowOf(id, 100)) !== undefined)).toEqual(['a', 'c'])
  })
})
