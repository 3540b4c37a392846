import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ThreadError } from '../../src/platform/thread-line.ts'
import { SmallWriter } from '../../src/store/local/small-writer.ts'
import { Staging } from '../../src/store/local/staging.ts'
import { bytes } from './file-store-contract.ts'

let folder: string
let writer: SmallWriter
let staging: Staging

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-small-'))
  writer = new SmallWriter()
  staging = new Staging(folder, { fsync: 'rename', smallWriter: writer })
})
afterEach(async () => {
  await writer.close()
  await rm(folder, { recursive: true, force: true })
})

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')

async function* inPieces(content: Buffer, pieceBytes: number) {
  for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes)
}

describe('a small body', () => {
  it.each([
    0, 1, 4096, 65_536,
  ])('of %i bytes is written as a whole, with its time and its facts', async (n) => {
    const content = randomBytes(n)
    const path = join(folder, 'f')
    const filled = await staging.fill(path, inPieces(content, 1000), {
      sizeBytes: n,
      mtimeMs: 1_234_567_890_123,
    })
    const { size, mtimeMs, ino } = await stat(path)
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(filled).toMatchObject({ sizeBytes: n, checksums: { sha256: sha256(content) } })
    expect(filled.facts).toMatchObject({ sizeBytes: size, mtimeMs: 1_234_567_890_123, inode: String(ino) })
    expect(Math.round(mtimeMs)).toBe(1_234_567_890_123)
  })

  it('is kept apart from hundreds of others that come at the same moment', async () => {
    const contents = Array.from({ length: 300 }, (_, n) => randomBytes(n * 7))
    const filled = await Promise.all(
      contents.map((content, n) =>
        staging.fill(join(folder, `f${n}`), inPieces(content, 512), { sizeBytes: content.length }),
      ),
    )
    const stored = await Promise.all(contents.map((_, n) => readFile(join(folder, `f${n}`))))
    expect(filled.map(({ checksums }) => checksums.sha256)).toEqual(contents.map(sha256))
    expect(stored.map(sha256)).toEqual(contents.map(sha256))
  })

  it('that is longer or shorter than declared leaves no file', async () => {
    for (const sizeBytes of [9, 11]) {
      const filling = staging.fill(join(folder, 'f'), bytes('ten bytes!'), { sizeBytes })
      await expect(filling).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' })
    }
    expect(await readdir(folder)).toEqual([])
  })

  it('with another checksum than declared leaves no file', async () => {
    const options = { sizeBytes: 1, expected: { sha256: sha256(Buffer.from('y')) } }
    const filling = staging.fill(join(folder, 'f'), bytes('x'), options)
    await expect(filling).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' })
    expect(await readdir(folder)).toEqual([])
  })

  it('is let go when its sender is told to stop, though nothing comes', async () => {
    const stop = new AbortController()
    const silent: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
    }
    const filling = staging.fill(join(folder, 'f'), silent, { sizeBytes: 5, signal: stop.signal })
    stop.abort(new Error('gone'))
    await expect(filling).rejects.toThrow('gone')
  })

  it('that cannot be written fails with the error of the system, and alone', async () => {
    const nowhere = staging.fill(join(folder, 'none', 'f'), bytes('x'), { sizeBytes: 1 })
    const fine = staging.fill(join(folder, 'f'), bytes('x'), { sizeBytes: 1 })
    await expect(nowhere).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await fine).toMatchObject({ sizeBytes: 1 })
    const again = staging.fill(join(folder, 'f'), bytes('x'), { sizeBytes: 1 })
    await expect(again).rejects.toMatchObject({ code: 'EEXIST' })
  })

  it('is written all the same when there is no thread for it, and leaves nothing half done', async () => {
    const content = randomBytes(5000)
    const failing = { write: () => Promise.reject(new ThreadError('write')) } as unknown as SmallWriter
    const alone = new Staging(folder, { fsync: 'rename', smallWriter: failing })
    await writeFile(join(folder, 'f'), 'what the thread had begun')
    const options = { sizeBytes: content.length, mtimeMs: 1_000_000 }
    const filled = await alone.fill(join(folder, 'f'), inPieces(content, 512), options)
    expect((await readFile(join(folder, 'f'))).equals(content)).toBe(true)
    expect(filled.facts).toMatchObject({ sizeBytes: content.length, mtimeMs: 1_000_000 })
  })

  it('that was given to the thread is written before that ends', async () => {
    const filling = Array.from({ length: 100 }, (_, n) =>
      staging.fill(join(folder, `f${n}`), bytes('x'), { sizeBytes: 1 }),
    )
    await vi.waitFor(async () => expect((await readdir(folder)).length).toBeGreaterThan(0))
    await writer.close()
    await Promise.all(filling)
    expect(await readdir(folder)).toHaveLength(100)
  })

  it('gets another thread when the one before has ended', async () => {
    await staging.fill(join(folder, 'first'), bytes('x'), { sizeBytes: 1 })
    await writer.close()
    expect(await staging.fill(join(folder, 'second'), bytes('x'), { sizeBytes: 1 })).toMatchObject({
      sizeBytes: 1,
    })
  })
})
