import { execFileSync } from 'node:child_process'
import { mkdir, open, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { FilesRepo } from '../../src/store/catalogue/files-repo.ts'
import { type LocalStore, openSpace } from '../../src/store/index.ts'
import { DiskTree } from '../../src/store/local/disk-tree.ts'
import { IndexSync } from '../../src/store/local/index-sync.ts'
import { copyLocal } from '../../src/store/local/local-copy.ts'
import { moveLocal } from '../../src/store/local/local-relocate.ts'
import { SerialQueue } from '../../src/store/local/serial-queue.ts'
import type { SpaceContext } from '../../src/store/local/space-context.ts'
import { Staging } from '../../src/store/local/staging.ts'
import { type SpaceRow, SpacesRepo } from '../../src/store/spaces-repo.ts'
import { bodyOf, bytes, textOf } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const refusal = (name: string) => expect.objectContaining({ name })
let test: TestSpaces
beforeEach(async () => {
  test = await createTestSpaces('sqlite')
})
afterEach(() => test.close())

/** The same drive, with new files opened as the test wants. */
async function reopened(
  openFile?: (path: string, flags: string) => ReturnType<typeof open>,
): Promise<LocalStore> {
  const space = await new SpacesRepo(test.database.db).findOfOwner('ann')
  const opened = await openSpace({
    db: test.database.db,
    clock: systemClock,
    space: space as SpaceRow,
    folder: join(test.files, '..'),
    fsync: 'always',
    keepsDeleted: false,
    keepsOverwritten: false,
    ...(openFile !== undefined && { openFile }),
  })
  return opened.local
}

/** The same drive without a trash, on a disk that refuses once to rename into the tree. */
async function refusingRenames(): Promise<SpaceContext> {
  const row = (await new SpacesRepo(test.database.db).findOfOwner('ann')) as SpaceRow
  const disk = new DiskTree(test.files)
  const adopt = disk.adopt.bind(disk)
  const refuse = async () => {
    disk.adopt = adopt
    throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
  }
  return {
    id: row.id,
    clock: systemClock,
    queue: new SerialQueue(),
    staging: new Staging(test.staging, { fsync: 'never' }),
    index: new FilesRepo(test.database.db, { spaceId: row.id, rootId: row.rootId }),
    disk: Object.assign(disk, { rename: refuse, adopt: refuse }),
  }
}

describe('what stands at the destination', () => {
  it.each(['move', 'copy'] as const)('is there again when a %s over it fails', async (how) => {
    await test.store.makeCollection(['old'])
    await test.store.write(['old', 'f'], bytes('mine'))
    await test.store.makeCollection(['new'])
    const space = await refusingRenames()
    const relocate = how === 'move' ? moveLocal : copyLocal
    const relocation = { from: ['new'], to: ['old'], options: { overwrite: true } }
    await expect(relocate(space, new IndexSync(space), relocation)).rejects.toEqual(
      refusal('InsufficientStorageError'),
    )
    expect(await textOf(test.store, ['old', 'f'])).toBe('mine')
    expect((await test.store.list([])).map(({ name }) => name)).toEqual(['new', 'old'])
    expect(await readdir(test.staging)).toEqual(['transfers'])
  })
})

const openDescriptors = async () => {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  )
  return links.filter((link) => link.startsWith(test.folder)).length
}

describe('a disk that is full', () => {
  it('is told as such; the old file stays and nothing is left behind', async () => {
    await test.store.write(['f'], bytes('old'))
    const full = await reopened(() => open('/dev/full', 'w'))
    const before = await full.stat(['f'])
    for (const chunk of [10, 3_000_000]) {
      const writing = full.write(['f'], bytes(Buffer.alloc(chunk), Buffer.alloc(chunk)))
      await expect(writing).rejects.toMatchObject({ name: 'InsufficientStorageError', code: 'DISK_FULL' })
    }
    expect(await textOf(full, ['f'])).toBe('old')
    expect(await full.stat(['f'])).toEqual(before)
    expect(await readdir(test.staging)).toEqual(['transfers'])
  })

  it.runIf(canMount())('of a real small file system behaves so for writes and copies', async () => {
    const small = join(test.folder, 'small')
    await mkdir(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', small])
    try {
      const other = await createTestSpaces('sqlite', { folder: join(small, 'spaces') })
      await other.store.makeCollection(['d'])
      await other.store.write(['d', 'f'], bytes(Buffer.alloc(200_000, 'a')))
      const writing = other.store.write(['d', 'f'], bytes(Buffer.alloc(300_000, 'b')))
      await expect(writing).rejects.toEqual(refusal('InsufficientStorageError'))
      await other.store.write(['d', 'g'], bytes(Buffer.alloc(50_000)))
      const copying = other.store.copy(['d'], ['e'], { overwrite: false })
      await expect(copying).rejects.toEqual(refusal('InsufficientStorageError'))
      expect((await other.store.list([])).map((entry) => entry.name)).toEqual(['d'])
      expect((await bodyOf(await other.store.read(['d', 'f']))).length).toBe(200_000)
      await other.store.write(['d', 'h'], bytes(Buffer.alloc(100_000)))
      await other.close()
    } finally {
      execFileSync('umount', ['--lazy', small])
    }
  })
})

describe('a disk that fails', () => {
  it('is believed when it says so in the middle of an upload, whatever it says at the end', async () => {
    const failing = await reopened(async (path, flags) => {
      const handle = await open(path, flags)
      handle.datasync = () => Promise.reject(new Error('the disk is broken'))
      return handle
    })
    const piece = Buffer.alloc(1024 * 1024)
    const body = Readable.from(Array.from({ length: 70 }, () => piece))
    await expect(failing.write(['f'], body)).rejects.toThrow('the disk is broken')
    expect(await failing.list([])).toEqual([])
    expect(await readdir(test.staging)).toEqual(['transfers'])
  })
})

describe('uploads and downloads that break off', () => {
  it('leave no open file and nothing in staging', async () => {
    const store = await reopened()
    await store.write(['large'], bytes(Buffer.alloc(2_000_000)))
    for (let i = 0; i < 10; i++) {
      const broken = (async function* () {
        yield Buffer.alloc(1_500_000)
        throw new Error('gone')
      })()
      await expect(store.write(['f'], broken)).rejects.toThrow('gone')
      const controller = new AbortController()
      const silent = (async function* () {
        yield Buffer.alloc(10)
        controller.abort(new Error('left'))
        await new Promise(() => undefined)
      })()
      const aborted = store.write(['f'], silent, { signal: controller.signal })
      await expect(aborted).rejects.toThrow('left')
      const { body } = await store.read(['large'])
      if (Buffer.isBuffer(body)) throw new Error('expected a stream')
      body.destroy()
      await new Promise((resolve) => body.once('close', resolve))
      await expect(store.read(['large'], { start: 2_000_000 })).rejects.toThrow()
    }
    expect(await openDescriptors()).toBe(0)
    expect((await store.list([])).map((entry) => entry.name)).toEqual(['large'])
    expect(await readdir(test.staging)).toEqual(['transfers'])
  })

  it('do not disturb a reader whose file is replaced', async () => {
    await test.store.write(['f'], bytes(Buffer.alloc(3_000_000, 'a')))
    const { body, entry } = await test.store.read(['f'])
    await test.store.write(['f'], bytes('new'))
    let total = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      expect(chunk.every((byte) => byte === 97)).toBe(true)
      total += chunk.length
    }
    expect(total).toBe(entry.sizeBytes)
    expect(await readFile(join(test.files, 'f'), 'utf8')).toBe('new')
  })
})

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' })
    return process.getuid?.() === 0
  } catch {
    return false
  }
}

describe('a disk that takes less at once than it was given', () => {
  it('gets the rest, and the file is whole', async () => {
    const short = await reopened(async (path, flags) => {
      const handle = await open(path, flags)
      // Ends in the middle of a piece, and of another each time.
      const writev = async (pieces: Uint8Array[]) => {
        return { ...(await handle.write(Buffer.concat(pieces).subarray(0, 300_001))), buffers: pieces }
      }
      return Object.assign(handle, { writev })
    })
    const pieces = Array.from({ length: 40 }, (_, index) => Buffer.alloc(64 * 1024, index))
    const { entry } = await short.write(['f'], Readable.from(pieces))
    expect(entry.sizeBytes).toBe(40 * 64 * 1024)
    expect((await readFile(join(test.files, 'f'))).equals(Buffer.concat(pieces))).toBe(true)
  })
})
