import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HashThreads } from '../../src/store/hashing/hash-threads.ts'
import { PartFile } from '../../src/transfers/executors/part-file.ts'

const MIB = 1024 * 1024
let folder: string
let path: string
let threads: HashThreads

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-part-'))
  path = join(folder, 'f.part')
  threads = new HashThreads(1)
})
afterEach(async () => {
  await threads.close()
  await rm(folder, { recursive: true, force: true })
})

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')

function sinkOf(sizeBytes: number, isShared: boolean) {
  const types = ['sha256', 'adler32'] as const
  return { types, sizeBytes, isFlushed: true, threads: isShared ? threads : undefined }
}

/** Opens the file and adds the rest of the content to what is kept of it. */
async function fill(content: Buffer, keepBytes: number, isShared: boolean) {
  const part = await PartFile.open(path, keepBytes, sinkOf(content.length, isShared))
  try {
    for (let at = part.sizeBytes; at < content.length; at += 65_521)
      await part.append(content.subarray(at, at + 65_521))
    await part.flush()
    return { sizeBytes: part.sizeBytes, checksums: await part.checksums() }
  } finally {
    await part.close()
  }
}

describe.each([
  ['on the main thread', false],
  ['by a thread', true],
])('a part file hashed %s', (_, isShared) => {
  it('has the bytes that came, and their checksums', async () => {
    const content = randomBytes(9 * MIB + 17)
    const filled = await fill(content, 0, isShared)
    expect(filled).toMatchObject({ sizeBytes: content.length, checksums: { sha256: sha256(content) } })
    expect((await readFile(path)).equals(content)).toBe(true)
  })

  it.each([1, 524_288, 3 * MIB + 5])('goes on behind the %i bytes that are kept', async (keepBytes) => {
    const content = randomBytes(6 * MIB)
    await writeFile(
      path,
      Buffer.concat([content.subarray(0, keepBytes), Buffer.from('rubbish of the last attempt')]),
    )
    expect((await fill(content, keepBytes, isShared)).checksums.sha256).toBe(sha256(content))
    expect((await readFile(path)).equals(content)).toBe(true)
  })

  it('keeps no more than what stands', async () => {
    const content = randomBytes(5 * MIB)
    await writeFile(path, content.subarray(0, MIB))
    expect((await fill(content, 2 * MIB, isShared)).checksums.sha256).toBe(sha256(content))
  })

  it('forgets everything when the source begins again', async () => {
    const [old, content] = [randomBytes(5 * MIB), randomBytes(5 * MIB)]
    await writeFile(path, old)
    const part = await PartFile.open(path, 2 * MIB, sinkOf(content.length, isShared))
    await part.append(old.subarray(2 * MIB, 3 * MIB))
    await part.reset()
    await part.append(content)
    await part.flush()
    expect((await part.checksums()).sha256).toBe(sha256(content))
    await part.close()
    expect((await readFile(path)).equals(content)).toBe(true)
  })
})
