import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Adler32 } from '../../src/platform/adler32.ts'
import { HashThreads } from '../../src/store/hashing/hash-threads.ts'
import { pourShared } from '../../src/store/local/pour-shared.ts'

let folder: string
let threads: HashThreads

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-hash-'))
  threads = new HashThreads(2)
})
afterEach(async () => {
  await threads.close()
  await rm(folder, { recursive: true, force: true })
})

async function* inPieces(content: Buffer, pieceBytes: number, failAfter?: number) {
  for (let at = 0; at < content.length; at += pieceBytes) {
    if (failAfter !== undefined && at >= failAfter) throw new Error('the sender went away')
    yield content.subarray(at, at + pieceBytes)
  }
}

async function pourInto(name: string, source: AsyncIterable<Uint8Array>, declaredBytes?: number) {
  const file = join(folder, name)
  const handle = await open(file, 'wx')
  const shared = { threads, types: ['sha256', 'adler32'] as const }
  try {
    const poured = await pourShared(source, handle, shared, { declaredBytes, isFlushed: true })
    return { ...poured, stored: await readFile(file) }
  } finally {
    await handle.close()
  }
}

const sumsOf = (content: Buffer) => ({
  sha256: createHash('sha256').update(content).digest('hex'),
  adler32: new Adler32().update(content).digestHex(),
})

describe('a body whose checksums another thread computes', () => {
  it.each([
    1, 524_288, 524_289, 2_097_152, 5_000_001,
  ])('of %i bytes is stored and summed', async (sizeBytes) => {
    const content = randomBytes(sizeBytes)
    const poured = await pourInto('f', inPieces(content, 65_521), sizeBytes)
    expect(poured.checksums).toEqual(sumsOf(content))
    expect(poured.sizeBytes).toBe(sizeBytes)
    expect(poured.stored.equals(content)).toBe(true)
  })

  it('comes in pieces larger than the memory that is shared', async () => {
    const content = randomBytes(7_000_000)
    const poured = await pourInto('f', inPieces(content, 3_000_000))
    expect(poured.checksums).toEqual(sumsOf(content))
    expect(poured.stored.equals(content)).toBe(true)
  })

  it('is kept apart from others that come at the same time, more of them than threads', async () => {
    const contents = Array.from({ length: 8 }, () => randomBytes(3_000_000))
    const poured = await Promise.all(
      contents.map((content, i) => pourInto(`f${i}`, inPieces(content, 100_000 + i))),
    )
    expect(poured.map(({ checksums }) => checksums)).toEqual(contents.map(sumsOf))
    expect(poured.every(({ stored }, i) => stored.equals(contents[i] as Buffer))).toBe(true)
  })

  it('that breaks off fails alone, and its memory serves the next', async () => {
    const content = randomBytes(4_000_000)
    const broken = pourInto('broken', inPieces(content, 100_000, 2_000_000))
    const whole = pourInto('whole', inPieces(content, 100_000))
    await expect(broken).rejects.toThrow('the sender went away')
    expect((await whole).checksums).toEqual(sumsOf(content))
    expect((await pourInto('next', inPieces(content, 100_000))).checksums).toEqual(sumsOf(content))
  })

  it('that is longer than declared is refused when it is', async () => {
    const tooLong = pourInto('f', inPieces(randomBytes(1_000_000), 100_000), 900_000)
    await expect(tooLong).rejects.toMatchObject({ code: 'LENGTH_MISMATCH' })
  })

  it('fails when its thread ends, and the next one gets another thread', async () => {
    const content = randomBytes(4_000_000)
    async function* closingOnTheWay() {
      yield content.subarray(0, 2_000_000)
      await threads.close()
      yield content.subarray(2_000_000)
    }
    await expect(pourInto('f', closingOnTheWay())).rejects.toThrow('The thread hash ended.')
    expect((await pourInto('g', inPieces(content, 100_000))).checksums).toEqual(sumsOf(content))
  })

  it('is left to the main thread where there is no other processor', async () => {
    await threads.close()
    threads = new HashThreads(0)
    const poured = await pourInto('f', inPieces(randomBytes(10), 10))
    expect(poured).toEqual({ stored: Buffer.alloc(0) })
  })
})
