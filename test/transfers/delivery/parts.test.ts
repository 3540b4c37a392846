import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  BlockSums,
  blockBytesOf,
  findWrongBlock,
  sampleOf,
} from '../../../src/transfers/delivery/block-sums.ts'
import { copyBack, leasePathOf, lend, takeBack } from '../../../src/transfers/delivery/lease-files.ts'
import { parseSharedFolder, pathHere } from '../../../src/transfers/delivery/worker/path-map.ts'
import { findStagedSize } from '../../../src/transfers/staging.ts'

const MIB = 1024 * 1024

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-delivery-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

describe('the sums of blocks', () => {
  it('say that the same bytes lie there, wherever the work began and however the bytes came', async () => {
    const folder = await temporaryFolder()
    const size = 3 * MIB + 1234
    const content = Buffer.alloc(size, 'the quick brown fox ')
    const path = join(folder, 'f')
    await writeFile(path, content)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(size),
        fc.array(fc.integer({ min: 1, max: MIB }), { maxLength: 20 }),
        async (start, cuts) => {
          const sums = new BlockSums(size, start)
          let at = start
          for (const cut of cuts) {
            sums.update(content.subarray(at, Math.min(at + cut, size)))
            at = Math.min(at + cut, size)
          }
          sums.update(content.subarray(at))
          const blocks = sums.blocks()
          expect(blocks.first).toBe(Math.ceil(start / blockBytesOf(size)))
          expect(blocks.crcs).toHaveLength(4 - blocks.first)
          expect(await findWrongBlock(path, blocks, Math.random)).toBeUndefined()
        },
      ),
      { numRuns: 30 },
    )
  })

  it('tell of another byte in a block that is looked at, and of a file that is too short', async () => {
    const folder = await temporaryFolder()
    const content = Buffer.alloc(2 * MIB + 5, 'x')
    const sums = new BlockSums(content.length, 0)
    sums.update(content)
    const path = join(folder, 'f')
    content[content.length - 1] = 1
    await writeFile(path, content)
    expect(await findWrongBlock(path, sums.blocks(), () => 0)).toBe(2)
    await writeFile(path, content.subarray(0, 100))
    expect(await findWrongBlock(path, sums.blocks(), () => 0)).toBe(0)
  })

  it('of a large file are few', () => {
    expect(blockBytesOf(1e12) * 8000).toBeGreaterThanOrEqual(1e12)
    expect(sampleOf(8000, Math.random).length).toBeLessThanOrEqual(8)
    expect(sampleOf(0, Math.random)).toEqual([])
  })
})

describe('the folders that a host shares', () => {
  it('are named as the node names them, and as this host does', () => {
    const folders = [parseSharedFolder('/srv/data/=/mnt/nfs/data'), parseSharedFolder('/srv')].flatMap(
      (one) => one ?? [],
    )
    expect(pathHere(folders, '/srv/data/ann/x.part')).toBe('/mnt/nfs/data/ann/x.part')
    expect(pathHere(folders, '/srv/database/x')).toBe('/srv/database/x')
    expect(pathHere(folders, '/etc/passwd')).toBeUndefined()
  })

  it.each([
    '/srv/../etc/passwd',
    '/srv/data/../../etc/x',
    '/srv/./x',
    '/srv//x',
    'srv/x',
    '/srv/a\0b',
  ])('are never left by a path like %j', (path) => {
    expect(pathHere([{ node: '/srv', here: '/srv' }], path)).toBeUndefined()
  })

  it.each(['srv', './srv', '/srv/..', '=/srv', '/srv=', ''])('%j is none', (text) => {
    expect(parseSharedFolder(text)).toBeUndefined()
  })
})

describe('a part file that is lent', () => {
  it('comes back as it is from a worker that has closed it, and as a copy from one that may still write', async () => {
    const staged = join(await temporaryFolder(), 'j-f.part')
    await writeFile(staged, 'abcdef')
    await lend(staged, 'one', 4)
    expect(await findStagedSize(staged)).toBeUndefined()
    expect(await findStagedSize(leasePathOf(staged, 'one'))).toBe(4)
    await takeBack(staged, 'one')
    expect(await findStagedSize(staged)).toBe(4)
    await lend(staged, 'two', 4)
    await copyBack(staged, 'two')
    // The late writer finds no file, and what it makes is nobody's.
    await writeFile(leasePathOf(staged, 'two'), 'late bytes')
    expect(await findStagedSize(staged)).toBe(4)
  })

  it('is a new empty one where there was none, and coming back twice harms nothing', async () => {
    const staged = join(await temporaryFolder(), 'j-f.part')
    await lend(staged, 'one', 0)
    expect(await findStagedSize(leasePathOf(staged, 'one'))).toBe(0)
    await takeBack(staged, 'one')
    await takeBack(staged, 'one')
    await copyBack(staged, 'one')
    expect(await findStagedSize(staged)).toBe(0)
  })
})
