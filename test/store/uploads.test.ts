import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { AppError } from '../../src/platform/errors.ts'
import type { Gates } from '../../src/platform/gates.ts'
import { checkUploadId, parsePartNumber } from '../../src/store/uploads/names.ts'
import { Uploads } from '../../src/store/uploads/uploads.ts'

let folder: string
let uploads: Uploads

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-uploads-'))
  uploads = new Uploads({ folder: join(folder, 'uploads'), clock: systemClock })
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function* pieces(...contents: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const content of contents) yield Buffer.from(content)
}

async function* brokenOff(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(100)
  throw new Error('the client went away')
}

const noLimit = { limitBytes: Number.POSITIVE_INFINITY }

async function collect(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const found: Buffer[] = []
  for await (const piece of body) found.push(Buffer.from(piece))
  return Buffer.concat(found)
}

describe('unfinished uploads', () => {
  it('give back what was sent, in whatever order the parts came', async () => {
    const area = uploads.areaOf('user-1')
    const content = randomBytes(3_500_000)
    await area.create('big', { totalBytes: content.length })
    const cuts = [0, 1, 1_000_000, 3_000_001, content.length]
    const order = [3, 0, 2, 1]
    await Promise.all(
      order.map((index) => {
        const piece = content.subarray(cuts[index], cuts[index + 1])
        return area.writePart(
          'big',
          cuts[index] ?? 0,
          pieces(piece.subarray(0, 7), piece.subarray(7)),
          noLimit,
        )
      }),
    )
    expect(await area.get('big')).toMatchObject({ id: 'big', totalBytes: content.length })
    const whole = await area.assemble('big', (_parts, body) => collect(body))
    expect(whole.equals(content)).toBe(true)
    await expect(area.get('big')).rejects.toThrow('no such upload')
    expect(await readdir(join(folder, 'uploads', 'user-1'))).toEqual([])
  })

  it('keep no half part, and the old one when its successor breaks off', async () => {
    const area = uploads.areaOf('user-1')
    await area.create('u', {})
    await area.writePart('u', 1, pieces('old'), noLimit)
    for (const number of [1, 2]) {
      await expect(area.writePart('u', number, brokenOff(), noLimit)).rejects.toThrow('went away')
    }
    await expect(area.writePart('u', 2, pieces('abc'), { ...noLimit, sizeBytes: 4 })).rejects.toThrow(
      'declared',
    )
    const expected = { md5: '0'.repeat(32) }
    await expect(area.writePart('u', 2, pieces('abc'), { ...noLimit, expected })).rejects.toThrow('md5')
    expect((await area.parts('u')).map(({ number, sizeBytes }) => [number, sizeBytes])).toEqual([[1, 3]])
    expect((await readdir(join(folder, 'uploads', 'user-1', 'u'))).sort()).toEqual(['.facts.json', '1'])
    expect(await area.usedBytes()).toBe(3)
  })

  it('stay when their end is refused', async () => {
    const area = uploads.areaOf('user-1')
    await area.create('u', {})
    await area.writePart('u', 1, pieces('kept'), noLimit)
    const refuse = () => Promise.reject(new Error('no'))
    await expect(area.assemble('u', refuse)).rejects.toThrow('no')
    expect((await area.assemble('u', (_parts, body) => collect(body))).toString()).toBe('kept')
  })

  it('that are deleted while they are put together or written end in a refusal', async () => {
    const area = uploads.areaOf('user-1')
    await area.create('u', {})
    await area.writePart('u', 1, pieces('x'), noLimit)
    const assembling = area.assemble('u', async (_parts, body) => {
      await area.remove('u')
      return collect(body)
    })
    await expect(assembling).rejects.toMatchObject({ status: 409 })
    await area.create('v', {})
    async function* deleting(): AsyncGenerator<Buffer> {
      yield Buffer.from('x')
      await area.remove('v')
    }
    await expect(area.writePart('v', 1, deleting(), noLimit)).rejects.toMatchObject({ status: 409 })
    expect(await area.list()).toEqual([])
  })

  it('are put together by one at a time', async () => {
    const area = uploads.areaOf('user-1')
    await area.create('u', {})
    const gate = Promise.withResolvers<void>()
    const first = area.assemble('u', () => gate.promise)
    await expect(area.assemble('u', async () => undefined)).rejects.toMatchObject({ status: 503 })
    gate.resolve()
    await first
  })

  it('share a limit, also when they come at once', async () => {
    const area = uploads.areaOf('user-1')
    await area.create('u', {})
    const limit = { limitBytes: 1_000 }
    const writes = Array.from({ length: 8 }, (_, i) =>
      area.writePart('u', i, pieces(Buffer.alloc(300)), limit),
    )
    const outcomes = await Promise.allSettled(writes)
    const done = outcomes.filter((outcome) => outcome.status === 'fulfilled').length
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThanOrEqual(3)
    expect(await area.usedBytes()).toBe(done * 300)
    await area.writePart('u', 0, pieces(Buffer.alloc(900)), { limitBytes: 10_000 })
    await area.remove('u')
    expect(await area.usedBytes()).toBe(0)
  })

  it('of another process count as well', async () => {
    const other = new Uploads({ folder: uploads.folder, clock: systemClock })
    await other.areaOf('user-1').create('u', {})
    await other.areaOf('user-1').writePart('u', 1, pieces(Buffer.alloc(600)), { limitBytes: 1_000 })
    const area = uploads.areaOf('user-1')
    const more = area.writePart('u', 2, pieces(Buffer.alloc(600)), { limitBytes: 1_000 })
    await expect(more).rejects.toMatchObject({ status: 507 })
    expect(await uploads.areaOf('user-2').list()).toEqual([])
  })
})

describe('an upload whose facts a power cut took', () => {
  const folderOf = (id: string) => join(folder, 'uploads', 'user-1', id)

  async function torn(text: string) {
    const area = uploads.areaOf('user-1')
    await area.create('u', { totalBytes: 6 })
    await area.writePart('u', 1, pieces('abc'), noLimit)
    await writeFile(join(folderOf('u'), '.facts.json'), text)
    return area
  }

  it.each(['', '\0\0\0', '{"totalBytes":', 'null'])('is not there: %j', async (text) => {
    const area = await torn(text)
    const assemble = () => area.assemble('u', async () => undefined)
    for (const ask of [() => area.get('u'), () => area.parts('u'), assemble]) {
      await expect(ask()).rejects.toMatchObject({ status: 404 })
    }
    expect(await area.list()).toEqual([])
    await expect(area.writePart('u', 2, pieces('def'), noLimit)).rejects.toMatchObject({ status: 409 })
  })

  it('can be deleted', async () => {
    const area = await torn('')
    await area.remove('u')
    expect(await readdir(join(folder, 'uploads', 'user-1'))).toEqual([])
    await expect(area.remove('u')).rejects.toMatchObject({ status: 404 })
  })

  it('can be begun anew, without the parts it had', async () => {
    const area = await torn('')
    expect(await area.usedBytes()).toBe(3)
    expect(await area.create('u', { totalBytes: 3 })).toMatchObject({ id: 'u', totalBytes: 3 })
    expect(await area.parts('u')).toEqual([])
    expect(await area.usedBytes()).toBe(0)
    expect(await readdir(join(folder, 'uploads', 'user-1'))).toEqual(['u'])
  })

  it('can be begun anew when it had nothing at all', async () => {
    const area = uploads.areaOf('user-1')
    await mkdir(folderOf('u'), { recursive: true })
    await area.create('u', {})
    await expect(area.create('u', {})).rejects.toMatchObject({ status: 405 })
  })

  it('is begun anew by one of several at once', async () => {
    const area = await torn('')
    const outcomes = await Promise.allSettled([1, 2, 3].map((totalBytes) => area.create('u', { totalBytes })))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect([405, 503]).toContain(outcome.reason.status)
    }
    expect(await readdir(join(folder, 'uploads', 'user-1'))).toEqual(['u'])
  })
})

describe('an upload that cannot begin', () => {
  it('leaves nothing behind', async () => {
    const area = uploads.areaOf('user-1')
    const unwritable = { toJSON: () => expect.unreachable('no room') }
    await expect(area.create('u', unwritable as object)).rejects.toThrow('no room')
    expect(await readdir(join(folder, 'uploads', 'user-1'))).toEqual([])
    expect(await area.create('u', {})).toMatchObject({ id: 'u' })
  })
})

describe('the sweep of abandoned uploads', () => {
  const area = () => uploads.areaOf('user-1')
  const parent = () => join(folder, 'uploads', 'user-1')
  const names = async () => (await readdir(parent())).sort()

  /** More than a day ago. */
  async function age(name: string): Promise<void> {
    const seconds = systemClock.nowMs() / 1_000 - 25 * 3_600
    await utimes(join(parent(), name), seconds, seconds)
  }

  async function begin(id: string, content: string): Promise<void> {
    await area().create(id, {})
    await area().writePart(id, 0, pieces(content), noLimit)
  }

  const contentOf = async (id: string) =>
    (await area().assemble(id, (_parts, body) => collect(body))).toString()

  /** A process of a node, in which something happens elsewhere just when it has the way to itself. */
  function sweeperMeeting(event: () => Promise<unknown>): Uploads {
    const gates: Gates = {
      gateOf: () => expect.unreachable('no gate is needed'),
      runIfFree: async (_key, work) => {
        await event()
        return work()
      },
    }
    return new Uploads({ folder: uploads.folder, clock: systemClock, gates })
  }

  it('leaves the one whose client came back in the last moment', async () => {
    await begin('u', 'abc')
    await age('u')
    const sweeper = sweeperMeeting(() => area().writePart('u', 3, pieces('def'), noLimit))
    expect(await sweeper.sweep()).toBe(0)
    expect(await names()).toEqual(['u'])
    expect(await sweeper.areaOf('user-1').usedBytes()).toBe(6)
    expect(await contentOf('u')).toBe('abcdef')
  })

  it('removes the others, and is not disturbed by one that goes meanwhile', async () => {
    for (const id of ['u', 'v']) {
      await begin(id, 'abc')
      await age(id)
    }
    expect(await area().usedBytes()).toBe(6)
    let isFirst = true
    const sweeper = sweeperMeeting(async () => {
      if (isFirst) await area().remove('u')
      isFirst = false
    })
    expect(await sweeper.sweep()).toBe(1)
    expect(await names()).toEqual([])
    uploads.ledger.forget('user-1')
    expect(await area().usedBytes()).toBe(0)
  })

  it('goes on where a killed process had left one out of sight', async () => {
    for (const id of ['old', 'fresh', 'anew']) {
      await begin(id, 'abc')
      await rename(join(parent(), id), join(parent(), `.abandoned-${id}`))
    }
    await age('.abandoned-old')
    await begin('anew', 'new')
    expect(await uploads.sweep()).toBe(2)
    expect(await names()).toEqual(['anew', 'fresh'])
    expect([await contentOf('anew'), await contentOf('fresh')]).toEqual(['new', 'abc'])
  })

  it('removes what was half made or half removed, but not what is at it', async () => {
    for (const name of ['.old', '.fresh']) {
      await mkdir(join(parent(), name), { recursive: true })
      await writeFile(join(parent(), name, '1'), 'abc')
    }
    await age('.old')
    expect(await area().usedBytes()).toBe(0)
    expect(await area().list()).toEqual([])
    await uploads.sweep()
    expect(await names()).toEqual(['.fresh'])
  })

  it('makes whoever wants to finish one of them wait', async () => {
    await begin('u', 'abc')
    await age('u')
    let finishing: unknown
    const sweeper = sweeperMeeting(async () => {
      const ended = sweeper.areaOf('user-1').assemble('u', async () => undefined)
      finishing = await ended.catch((error: unknown) => error)
    })
    expect(await sweeper.sweep()).toBe(1)
    expect(finishing).toMatchObject({ status: 503 })
  })
})

describe('names of parts and uploads', () => {
  it('are numbers, whatever zeros stand in front', () => {
    expect(['0', '00', '1', '0000000000010000', '007'].map(parsePartNumber)).toEqual([0, 0, 1, 10_000, 7])
  })

  it('of any other text are refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        if (/^\d+$/.test(text)) return
        expect(() => parsePartNumber(text)).toThrow(AppError)
      }),
    )
    for (const id of ['', '.', '..', '.x', 'a/b', 'a\0', 'ä', 'a b', 'x'.repeat(129)]) {
      expect(() => checkUploadId(id)).toThrow(AppError)
    }
    for (const id of ['4269966340', 'web-file-upload-0a1b.2', '_x'])
      expect(() => checkUploadId(id)).not.toThrow()
  })
})
