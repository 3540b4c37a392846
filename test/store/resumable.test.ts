import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { ConflictError, LockedError, NotFoundError } from '../../src/platform/errors.ts'
import type { Gates } from '../../src/platform/gates.ts'
import { Resumables } from '../../src/store/uploads/resumable.ts'
import type { ResumableUpload } from '../../src/store/uploads/resumable-types.ts'
import { Uploads } from '../../src/store/uploads/uploads.ts'
import { until } from '../support/test-user.ts'

const NO_LIMIT = { limitBytes: Number.POSITIVE_INFINITY }
const LENGTH = 12

let folder: string
let uploads: Uploads
/** Two processes of a node that know nothing of each other but what is on the disk. */
let one: Resumables
let other: Resumables

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-resumable-'))
  const options = { folder, clock: systemClock }
  uploads = new Uploads(options)
  one = new Resumables(uploads, systemClock)
  other = new Resumables(new Uploads(options), systemClock)
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const begin = () => one.create('ann', { path: ['file'], lengthBytes: LENGTH, metadata: '' })
const folderOf = ({ id }: ResumableUpload) => join(folder, 'ann', id)

async function* bytes(text: string): AsyncGenerator<Buffer> {
  if (text !== '') yield Buffer.from(text)
}

/** A source that gives some bytes and then nothing more, without ending; and when they were taken. */
function hanging(text: string) {
  let tell: () => void = () => undefined
  const taken = new Promise<void>((resolve) => {
    tell = resolve
  })
  async function* source(): AsyncGenerator<Buffer> {
    if (text !== '') yield Buffer.from(text)
    tell()
    await new Promise(() => undefined)
  }
  return { source: source(), taken }
}

async function contentOf(
  resumables: Resumables,
  upload: ResumableUpload,
  lengthBytes = LENGTH,
): Promise<string> {
  return resumables.finish(upload, lengthBytes, async (body) => {
    const pieces: Buffer[] = []
    for await (const piece of body) pieces.push(piece)
    return Buffer.concat(pieces).toString()
  })
}

describe('an upload that two processes know of', () => {
  it('goes on in one where the other stopped', async () => {
    const upload = await begin()
    await one.append(upload, 0, bytes('abc'), NO_LIMIT)
    const found = await other.get('ann', upload.id)
    expect(found).toMatchObject({ offsetBytes: 3, facts: { path: ['file'], lengthBytes: LENGTH } })
    await other.append(found, 3, bytes('defghijkl'), NO_LIMIT)
    expect(await contentOf(one, upload)).toBe('abcdefghijkl')
    expect(await readdir(join(folder, 'ann'))).toEqual([])
  })

  it('takes bytes for one place once', async () => {
    const upload = await begin()
    const results = await Promise.allSettled([
      one.append(upload, 0, bytes('a'.repeat(LENGTH)), NO_LIMIT),
      other.append(upload, 0, bytes('b'.repeat(LENGTH)), NO_LIMIT),
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ConflictError)
    }
    expect(new Set(await contentOf(one, upload)).size).toBe(1)
  })

  it('keeps what one brought when another ends that had nothing to write yet', async () => {
    const upload = await begin()
    const silent = hanging('')
    const running = other.append(upload, 0, silent.source, NO_LIMIT).catch((error: unknown) => error)
    await silent.taken
    await one.append(upload, 0, bytes('abcdefghijkl'), NO_LIMIT)
    await other.getAtRest('ann', upload.id)
    expect(await running).toBeInstanceOf(LockedError)
    expect(await contentOf(one, upload)).toBe('abcdefghijkl')
    expect(await readdir(join(folder, 'ann'))).toEqual([])
  })

  it('has the bytes of who went on last, when the first goes on to write', async () => {
    const upload = await begin()
    await one.append(upload, 0, bytes('abcdef'), NO_LIMIT)
    await other.append(upload, 6, bytes('ghijkl'), NO_LIMIT)
    // What a process does that was told nothing: it writes on into its own stretch.
    const stale = await open(join(folderOf(upload), '0'), 'a')
    await stale.write('XXX')
    await stale.close()
    expect((await one.get('ann', upload.id)).offsetBytes).toBe(LENGTH)
    expect(await contentOf(other, upload)).toBe('abcdefghijkl')
  })

  it('goes on after a process that died before it wrote anything', async () => {
    const upload = await begin()
    await one.append(upload, 0, bytes('abc'), NO_LIMIT)
    await writeFile(join(folderOf(upload), '3'), '')
    await other.append(upload, 3, bytes('defghijkl'), NO_LIMIT)
    expect(await contentOf(other, upload)).toBe('abcdefghijkl')
  })

  it('is refused when the disk lost bytes that were there', async () => {
    const upload = await begin()
    await one.append(upload, 0, bytes('abcdef'), NO_LIMIT)
    await one.append(upload, 6, bytes('ghijkl'), NO_LIMIT)
    await truncate(join(folderOf(upload), '0'), 5)
    await expect(contentOf(other, upload)).rejects.toThrow(ConflictError)
  })
})

describe('a request that still writes', () => {
  it('is ended by who comes later, and what it brought stays', async () => {
    const upload = await begin()
    const first = hanging('abc')
    const running = one.append(upload, 0, first.source, NO_LIMIT)
    const ended = running.catch((error: unknown) => error)
    await first.taken
    expect((await one.getAtRest('ann', upload.id)).offsetBytes).toBe(3)
    expect(await ended).toBeInstanceOf(LockedError)
    await one.append(upload, 3, bytes('defghijkl'), NO_LIMIT)
    expect(await contentOf(one, upload)).toBe('abcdefghijkl')
  })

  it('is not told that it was overtaken when it has brought everything', async () => {
    const upload = await begin()
    const first = hanging('abcdefghijkl')
    const running = one.append(upload, 0, first.source, NO_LIMIT)
    await first.taken
    await expect(one.append(upload, 0, bytes('x'), NO_LIMIT)).rejects.toThrow(ConflictError)
    expect((await running).offsetBytes).toBe(LENGTH)
  })

  it('is not ended while the file is put in its place', async () => {
    const upload = await begin()
    await one.append(upload, 0, bytes('abcdefghijkl'), NO_LIMIT)
    const finished = await one.finish(upload, LENGTH, async () => {
      await expect(one.append(upload, LENGTH, bytes(''), NO_LIMIT)).rejects.toThrow(LockedError)
      expect((await one.getAtRest('ann', upload.id)).offsetBytes).toBe(LENGTH)
      return 'in its place'
    })
    expect(finished).toBe('in its place')
    await expect(one.get('ann', upload.id)).rejects.toThrow(NotFoundError)
  })
})

describe('a request that comes to grief after its first bytes are on the disk', () => {
  /** What is gathered before it is written; with two of them taken, the first is on the disk. */
  const PIECE = 1024 * 1024
  const WHOLE = 3 * PIECE
  const beginLarge = () => one.create('ann', { path: ['large'], lengthBytes: WHOLE, metadata: '' })
  const lettersOf = (content: string) => new Set(content)

  /** Three pieces, and then what the test says. */
  function large(letter: string, atEnd: () => AsyncIterable<Buffer>) {
    const taken = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    async function* source(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(PIECE, letter)
      yield Buffer.alloc(PIECE, letter)
      taken.resolve()
      await goOn.promise
      yield* atEnd()
    }
    return { source: source(), taken: taken.promise, goOn: () => goOn.resolve() }
  }

  async function* breaks(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(0)
    throw new Error('the connection broke')
  }

  /** Bytes of another letter from where the upload stands to its end, by the other process. */
  async function fillUp(upload: ResumableUpload): Promise<number> {
    const { offsetBytes } = await other.get('ann', upload.id)
    await other.append(upload, offsetBytes, bytes('b'.repeat(WHOLE - offsetBytes)), NO_LIMIT)
    return offsetBytes
  }

  it('shows nothing of bytes with a promised checksum before they are checked', async () => {
    const upload = await beginLarge()
    const first = large('a', breaks)
    const expected = { sha1: createHash('sha1').update('a'.repeat(WHOLE)).digest('hex') }
    const running = one.append(upload, 0, first.source, { ...NO_LIMIT, expected })
    const ended = running.catch((error: unknown) => error)
    await first.taken
    expect(await fillUp(upload)).toBe(0)
    first.goOn()
    expect(await ended).toMatchObject({ message: 'the connection broke' })
    expect(lettersOf(await contentOf(other, upload, WHOLE))).toEqual(new Set('b'))
  })

  it('gives way with checked bytes to who brought the same place meanwhile', async () => {
    const upload = await beginLarge()
    const first = large('a', () => bytes('a'.repeat(PIECE)))
    const expected = { sha1: createHash('sha1').update('a'.repeat(WHOLE)).digest('hex') }
    const ended = one.append(upload, 0, first.source, { ...NO_LIMIT, expected }).catch((error) => error)
    await first.taken
    await fillUp(upload)
    first.goOn()
    expect(await ended).toBeInstanceOf(ConflictError)
    expect(lettersOf(await contentOf(one, upload, WHOLE))).toEqual(new Set('b'))
  })

  it.each([
    ['more comes than belongs to the file', PIECE + 1, NO_LIMIT, { status: 413 }],
    ['unfinished uploads hold too much', PIECE, { limitBytes: 2 * PIECE }, { code: 'QUOTA_EXCEEDED' }],
  ])('keeps what another process was told of, when %s', async (_why, lastBytes, options, refusal) => {
    const upload = await beginLarge()
    const first = large('a', () => bytes('a'.repeat(lastBytes)))
    const ended = one.append(upload, 0, first.source, options).catch((error: unknown) => error)
    await first.taken
    // The second piece may still be on its way to the disk.
    await until(
      () => other.get('ann', upload.id),
      ({ offsetBytes }) => offsetBytes === 2 * PIECE,
    )
    await fillUp(upload)
    first.goOn()
    expect(await ended).toMatchObject(refusal)
    expect(lettersOf(await contentOf(other, upload, WHOLE))).toEqual(new Set('ab'))
  })

  it('can go on where it was refused for its length, and counts what stays', async () => {
    const upload = await beginLarge()
    const first = large('a', () => bytes('a'.repeat(PIECE + 1)))
    first.goOn()
    await expect(one.append(upload, 0, first.source, NO_LIMIT)).rejects.toMatchObject({ status: 413 })
    const { offsetBytes } = await one.get('ann', upload.id)
    expect(offsetBytes).toBeGreaterThanOrEqual(PIECE)
    expect(await uploads.areaOf('ann').usedBytes()).toBe(offsetBytes)
    expect(await fillUp(upload)).toBe(offsetBytes)
    expect((await contentOf(one, upload, WHOLE)).length).toBe(WHOLE)
  })

  it('is no longer than the file, when its length is told while it writes', async () => {
    const upload = await one.create('ann', { path: ['file'], metadata: '' })
    for (const [offset, text] of [
      [0, 'abc'],
      [3, 'def'],
      [6, 'ghi'],
    ] as const) {
      await one.append(upload, offset, bytes(text), NO_LIMIT)
    }
    await other.setLength(upload, 4)
    expect((await one.get('ann', upload.id)).offsetBytes).toBe(4)
    await expect(one.append(upload, 4, bytes('x'), NO_LIMIT)).rejects.toMatchObject({ status: 413 })
    expect(await contentOf(one, upload, 4)).toBe('abcd')
  })
})

describe('what is left on the disk', () => {
  it('does not expire while somebody writes to it', async () => {
    const upload = await begin()
    await one.append(upload, 0, bytes('abc'), NO_LIMIT)
    const old = systemClock.nowMs() / 1_000 - 23 * 3_600
    await utimes(folderOf(upload), old, old)
    await one.append(upload, 3, bytes('def'), NO_LIMIT)
    const { mtimeMs } = await stat(folderOf(upload))
    expect(systemClock.nowMs() - mtimeMs).toBeLessThan(60_000)
    await utimes(folderOf(upload), old - 7_200, old - 7_200)
    expect(await uploads.sweep()).toBe(1)
    expect(await one.find('ann', upload.id)).toBeUndefined()
  })

  it('stays when its client comes back while it is swept away', async () => {
    const upload = await begin()
    await one.append(upload, 0, bytes('abc'), NO_LIMIT)
    const old = systemClock.nowMs() / 1_000 - 25 * 3_600
    await utimes(folderOf(upload), old, old)
    const gates: Gates = {
      gateOf: () => expect.unreachable('no gate is needed'),
      runIfFree: async (_key, work) => {
        await other.append(upload, 3, bytes('defghijkl'), NO_LIMIT)
        return work()
      },
    }
    expect(await new Uploads({ folder, clock: systemClock, gates }).sweep()).toBe(0)
    expect(await contentOf(other, upload)).toBe('abcdefghijkl')
  })

  it('is no upload without its facts, nor by a name of another kind', async () => {
    const id = one.newId()
    await mkdir(join(folder, 'ann', id), { recursive: true })
    expect(await one.find('ann', id)).toBeUndefined()
    for (const text of ['..', 'tus-', `${id}/..`, `../ann/${id}`]) {
      expect(await one.find('ann', text)).toBeUndefined()
    }
    const { id: mine } = await begin()
    expect(await one.find('bob', mine)).toBeUndefined()
  })

  it.each([
    '',
    '\0\0',
    '{"path":["fi',
    'null',
  ])('is no upload with facts that were lost: %j', async (text) => {
    const upload = await begin()
    await one.append(upload, 0, bytes('abc'), NO_LIMIT)
    await writeFile(join(folderOf(upload), '.resumable.json'), text)
    expect(await one.find('ann', upload.id)).toBeUndefined()
    await expect(one.append(upload, 3, bytes('def'), NO_LIMIT)).rejects.toThrow(NotFoundError)
    await one.remove('ann', upload.id)
    expect(await readdir(join(folder, 'ann'))).toEqual([])
  })

  it('is nothing when an upload could not begin', async () => {
    const facts = { path: ['file'], metadata: '', toJSON: () => expect.unreachable('no room') }
    await expect(one.create('ann', facts)).rejects.toThrow('no room')
    expect(await readdir(join(folder, 'ann'))).toEqual([])
  })

  it('counts against the limit of all unfinished uploads', async () => {
    const upload = await begin()
    await one.append(upload, 0, bytes('abc'), { limitBytes: 5 })
    expect(await uploads.areaOf('ann').usedBytes()).toBe(3)
    await expect(one.append(upload, 3, bytes('def'), { limitBytes: 5 })).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
    })
    expect((await one.get('ann', upload.id)).offsetBytes).toBe(3)
  })
})
