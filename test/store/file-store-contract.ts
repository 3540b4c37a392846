import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry, FileContent, FileStore, StorePath } from '../../src/store/index.ts'

/** A store to be tested, reset for each file of tests, and what it can do beyond the common. */
export interface StoreUnderTest {
  store: FileStore
  close?: () => Promise<void>
}

export interface StoreTraits {
  /** Ids survive overwriting, etags go up to the root, checksums are kept. Remote stores may not. */
  isIndexed?: boolean
  /** Times have no milliseconds, as in WebDAV. */
  hasWholeSeconds?: boolean
}

export async function* bytes(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

/** The whole body of what was read. */
export async function bodyOf(content: FileContent): Promise<Buffer> {
  if (Buffer.isBuffer(content.body)) return content.body
  const chunks: Buffer[] = []
  for await (const chunk of content.body) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export async function textOf(store: FileStore, path: StorePath): Promise<string> {
  return (await bodyOf(await store.read(path))).toString()
}

const refusal = (name: string) => expect.objectContaining({ name })

/** What every FileStore promises, whatever lies below it. */
export function describeFileStore(
  name: string,
  createStore: () => Promise<StoreUnderTest>,
  traits: StoreTraits = { isIndexed: true },
): void {
  describe(`${name} as a FileStore`, () => {
    let subject: StoreUnderTest
    let store: FileStore
    let counter = 0
    /** A fresh folder for one test. */
    const place = async (): Promise<string> => {
      const folder = `t${++counter}`
      await store.makeCollection([folder])
      return folder
    }
    const put = (path: StorePath, text: string) => store.write(path, bytes(text))
    const kept = (mtimeMs: number) => (traits.hasWholeSeconds ? Math.floor(mtimeMs / 1_000) * 1_000 : mtimeMs)

    beforeAll(async () => {
      subject = await createStore()
      store = subject.store
    })
    afterAll(() => subject.close?.())

    it('has a root that is a folder without a name', async () => {
      expect(await store.stat([])).toMatchObject({ kind: 'folder', name: '' })
    })

    it('gives back what was written', async () => {
      const d = await place()
      const { entry, created } = await put([d, 'a.txt'], 'hello')
      expect(created).toBe(true)
      expect(entry).toMatchObject({ name: 'a.txt', kind: 'file', sizeBytes: 5 })
      expect(await textOf(store, [d, 'a.txt'])).toBe('hello')
      expect(await store.stat([d, 'a.txt'])).toMatchObject({ id: entry.id, etag: entry.etag, sizeBytes: 5 })
    })

    it('keeps an empty file', async () => {
      const d = await place()
      await store.write([d, 'empty'], bytes())
      const content = await store.read([d, 'empty'])
      expect(content.entry.sizeBytes).toBe(0)
      expect(await bodyOf(content)).toEqual(Buffer.alloc(0))
    })

    it('gives back a large file whole and in parts', async () => {
      const d = await place()
      const chunk = Buffer.from(Array.from({ length: 70_001 }, (_, i) => (i * 7) % 251))
      await store.write([d, 'large'], bytes(...Array.from({ length: 40 }, () => chunk)))
      const whole = await bodyOf(await store.read([d, 'large']))
      expect(whole.length).toBe(70_001 * 40)
      expect(whole.subarray(70_001 * 39)).toEqual(chunk)
      const part = await store.read([d, 'large'], { start: 69_999, end: 270_004 })
      expect(part.range).toEqual({ start: 69_999, end: 270_004 })
      expect(await bodyOf(part)).toEqual(whole.subarray(69_999, 270_005))
    })

    it('serves ranges, clips their end and refuses those outside', async () => {
      const d = await place()
      await put([d, 'f'], '0123456789')
      const text = async (start: number, end?: number) =>
        (await bodyOf(await store.read([d, 'f'], end === undefined ? { start } : { start, end }))).toString()
      expect(await text(2, 4)).toBe('234')
      expect(await text(7)).toBe('789')
      expect(await text(8, 99)).toBe('89')
      await expect(store.read([d, 'f'], { start: 10 })).rejects.toEqual(refusal('RangeNotSatisfiableError'))
    })

    it('replaces a file and tells that it did', async () => {
      const d = await place()
      const first = await put([d, 'f'], 'old')
      const second = await put([d, 'f'], 'newer')
      expect(second.created).toBe(false)
      expect(second.entry.etag).not.toBe(first.entry.etag)
      expect(await textOf(store, [d, 'f'])).toBe('newer')
      expect((await store.list([d])).length).toBe(1)
    })

    it('lists the members of a folder sorted by name', async () => {
      const d = await place()
      await put([d, 'b'], '1')
      await store.makeCollection([d, 'c'])
      await put([d, 'Z'], '22')
      await put([d, 'ä'], '333')
      const listed = await store.list([d])
      expect(listed.map(({ name, kind, sizeBytes }) => [name, kind, sizeBytes])).toEqual([
        ['Z', 'file', 2],
        ['b', 'file', 1],
        ['c', 'folder', 0],
        ['ä', 'file', 3],
      ])
    })

    it('lists and stats the same entries', async () => {
      const d = await place()
      await put([d, 'f'], 'x')
      await store.makeCollection([d, 'sub'])
      for (const entry of await store.list([d])) {
        const { properties: _, ...listed } = entry
        expect(await store.stat([d, entry.name])).toEqual(listed)
      }
    })

    it.each([
      ['stat', () => store.stat(['missing'])],
      ['list', () => store.list(['missing'])],
      ['read', () => store.read(['missing', 'deeper'])],
      ['remove', () => store.remove(['missing'])],
      ['move', () => store.move(['missing'], ['x'], { overwrite: true })],
      ['copy', () => store.copy(['missing'], ['x'], { overwrite: true })],
      [
        'changeProperties',
        () => store.changeProperties(['missing'], [{ namespace: 'n', name: 'a', xml: '' }]),
      ],
    ])('says NotFound where nothing is: %s', async (_, act) => {
      await expect(act()).rejects.toEqual(refusal('NotFoundError'))
    })

    it('says Conflict where the parent is missing or a file', async () => {
      const d = await place()
      await put([d, 'f'], 'x')
      for (const parent of ['missing', 'f']) {
        await expect(put([d, parent, 'x'], 'x')).rejects.toEqual(refusal('ConflictError'))
        await expect(store.makeCollection([d, parent, 'x'])).rejects.toEqual(refusal('ConflictError'))
        const move = store.move([d, 'f'], [d, parent === 'f' ? 'missing' : parent, 'x'], { overwrite: true })
        await expect(move).rejects.toEqual(refusal('ConflictError'))
      }
    })

    it('says MethodNotAllowed where the kind does not fit', async () => {
      const d = await place()
      await put([d, 'f'], 'x')
      await expect(store.list([d, 'f'])).rejects.toEqual(refusal('MethodNotAllowedError'))
      await expect(store.read([d])).rejects.toEqual(refusal('MethodNotAllowedError'))
      await expect(put([d], 'x')).rejects.toEqual(refusal('MethodNotAllowedError'))
      await expect(put([], 'x')).rejects.toEqual(refusal('MethodNotAllowedError'))
      await expect(store.makeCollection([d])).rejects.toEqual(refusal('MethodNotAllowedError'))
      await expect(store.makeCollection([d, 'f'])).rejects.toEqual(refusal('MethodNotAllowedError'))
    })

    it.each([
      '..',
      '.',
      '',
      'a/b',
      'nul\0',
      'x'.repeat(256),
      'half\ud800',
    ])('refuses the name %j', async (bad) => {
      const d = await place()
      await expect(put([d, bad], 'x')).rejects.toEqual(refusal('BadRequestError'))
      await expect(store.makeCollection([d, bad])).rejects.toEqual(refusal('BadRequestError'))
      await expect(store.stat([d, bad])).rejects.toEqual(refusal('BadRequestError'))
      expect(await store.list([d])).toEqual([])
    })

    it.each([
      'ünï #100% ?.txt',
      '👩‍🚀',
      'a_b%c',
      '%2e%2e',
      'é',
      'e\u0301',
      'x'.repeat(255),
      ' ',
      'a\nb',
      '\\',
    ])('keeps the name %j as it was sent', async (odd) => {
      const d = await place()
      await put([d, odd], odd)
      expect((await store.list([d])).map((entry) => entry.name)).toEqual([odd])
      expect(await textOf(store, [d, odd])).toBe(odd)
      await store.move([d, odd], [d, 'plain'], { overwrite: false })
      await store.copy([d, 'plain'], [d, odd], { overwrite: false })
      await store.remove([d, odd])
      expect((await store.list([d])).map((entry) => entry.name)).toEqual(['plain'])
    })

    it('tells names apart by case and by composition', async () => {
      const d = await place()
      for (const one of ['a', 'A', 'é', 'e\u0301']) await put([d, one], one)
      expect((await store.list([d])).length).toBe(4)
      expect(await textOf(store, [d, 'A'])).toBe('A')
      expect(await textOf(store, [d, 'e\u0301'])).toBe('e\u0301')
    })

    it('refuses a body that is not what was declared, and keeps the old one', async () => {
      const d = await place()
      await put([d, 'f'], 'old')
      const sha1 = createHash('sha1').update('good').digest('hex')
      const bad = [{ sizeBytes: 3 }, { sizeBytes: 9 }, { expected: { sha1 } }]
      for (const options of bad) {
        await expect(store.write([d, 'f'], bytes('body'), options)).rejects.toEqual(
          refusal('BadRequestError'),
        )
      }
      await expect(store.write([d, 'n'], bytes('body'), { sizeBytes: 5 })).rejects.toEqual(
        refusal('BadRequestError'),
      )
      expect(await textOf(store, [d, 'f'])).toBe('old')
      await store.write([d, 'f'], bytes('good'), { sizeBytes: 4, expected: { sha1 } })
      expect(await textOf(store, [d, 'f'])).toBe('good')
      expect((await store.list([d])).map((entry) => entry.name)).toEqual(['f'])
    })

    it('shows nothing of a body that breaks off', async () => {
      const d = await place()
      await put([d, 'f'], 'old')
      const broken = async function* () {
        yield Buffer.from('half')
        throw new Error('the line went dead')
      }
      await expect(store.write([d, 'f'], broken())).rejects.toThrow('the line went dead')
      await expect(store.write([d, 'g'], broken())).rejects.toThrow('the line went dead')
      expect(await textOf(store, [d, 'f'])).toBe('old')
      expect((await store.list([d])).map((entry) => entry.name)).toEqual(['f'])
    })

    it('stops a write when its signal aborts', async () => {
      const d = await place()
      const controller = new AbortController()
      const endless = async function* () {
        yield Buffer.from('some')
        controller.abort(new Error('the client left'))
        yield Buffer.from('more')
      }
      const writing = store.write([d, 'f'], endless(), { signal: controller.signal })
      await expect(writing).rejects.toThrow('the client left')
      expect(await store.list([d])).toEqual([])
    })

    it('observes conditions on writes', async () => {
      const d = await place()
      const { entry } = await put([d, 'f'], 'one')
      const write = (name: string, conditions: object) =>
        store.write([d, name], bytes('two'), { conditions: conditions as never })
      await expect(write('f', { ifNoneMatch: '*' })).rejects.toEqual(refusal('PreconditionFailedError'))
      await expect(write('f', { ifMatch: ['other'] })).rejects.toEqual(refusal('PreconditionFailedError'))
      await expect(write('f', { ifNoneMatch: [entry.etag] })).rejects.toEqual(
        refusal('PreconditionFailedError'),
      )
      await expect(write('n', { ifMatch: '*' })).rejects.toEqual(refusal('PreconditionFailedError'))
      expect(await textOf(store, [d, 'f'])).toBe('one')
      expect((await write('f', { ifMatch: ['other', entry.etag] })).created).toBe(false)
      expect((await write('n', { ifNoneMatch: '*' })).created).toBe(true)
    })

    it('lets one of many writers with the same condition win', async () => {
      const d = await place()
      const { entry } = await put([d, 'f'], 'start')
      const conditions = { ifMatch: [entry.etag] }
      const writes = ['a', 'b', 'c', 'd'].map((text) => store.write([d, 'f'], bytes(text), { conditions }))
      const results = await Promise.allSettled(writes)
      const won = results.flatMap((result, index) => (result.status === 'fulfilled' ? ['abcd'[index]] : []))
      expect(won.length).toBe(1)
      expect(await textOf(store, [d, 'f'])).toBe(won[0])
    })

    it('observes conditions on removal', async () => {
      const d = await place()
      await put([d, 'f'], 'one')
      const stale = store.remove([d, 'f'], { ifMatch: ['other'] })
      await expect(stale).rejects.toEqual(refusal('PreconditionFailedError'))
      await store.remove([d, 'f'], { ifMatch: [(await store.stat([d, 'f'])).etag] })
      await expect(store.stat([d, 'f'])).rejects.toEqual(refusal('NotFoundError'))
    })

    it('removes a folder with all below it', async () => {
      const d = await place()
      await store.makeCollection([d, 'sub'])
      await put([d, 'sub', 'f'], 'x')
      await store.remove([d, 'sub'])
      await expect(store.stat([d, 'sub', 'f'])).rejects.toEqual(refusal('NotFoundError'))
      expect(await store.list([d])).toEqual([])
    })

    it('never removes, moves or replaces its root', async () => {
      const d = await place()
      await expect(store.remove([])).rejects.toEqual(refusal('ForbiddenError'))
      await expect(store.move([], [d, 'x'], { overwrite: true })).rejects.toEqual(refusal('ForbiddenError'))
      await expect(store.move([d], [], { overwrite: true })).rejects.toEqual(refusal('ForbiddenError'))
      await expect(store.copy([d], [], { overwrite: true })).rejects.toEqual(refusal('ForbiddenError'))
    })

    it('moves a file with its identity, etag and properties', async () => {
      const d = await place()
      await store.makeCollection([d, 'sub'])
      const { entry } = await put([d, 'f'], 'text')
      await store.changeProperties([d, 'f'], [{ namespace: 'urn:x', name: 'color', xml: 'red' }])
      const moved = await store.move([d, 'f'], [d, 'sub', 'g'], { overwrite: false })
      expect(moved).toMatchObject({ created: true, entry: { name: 'g', id: entry.id, etag: entry.etag } })
      const after = await store.stat([d, 'sub', 'g'], { withProperties: true })
      expect(after).toMatchObject({ id: entry.id, etag: entry.etag, mtimeMs: entry.mtimeMs })
      expect(after.properties).toEqual([{ namespace: 'urn:x', name: 'color', xml: 'red' }])
      expect((await store.list([d])).map((one) => one.name)).toEqual(['sub'])
    })

    it('moves a folder with all below it', async () => {
      const d = await place()
      await store.makeCollection([d, 'a'])
      await store.makeCollection([d, 'a', 'b'])
      const { entry } = await put([d, 'a', 'b', 'f'], 'deep')
      await store.move([d, 'a'], [d, 'z'], { overwrite: false })
      expect((await store.stat([d, 'z', 'b', 'f'])).id).toBe(entry.id)
      expect(await textOf(store, [d, 'z', 'b', 'f'])).toBe('deep')
      await expect(store.stat([d, 'a'])).rejects.toEqual(refusal('NotFoundError'))
    })

    it.each([
      ['file', 'file'],
      ['file', 'folder'],
      ['folder', 'file'],
      ['folder', 'folder'],
    ])('overwrites by move and copy only when asked: %s over %s', async (above, below) => {
      const d = await place()
      const make = async (name: string, kind: string) => {
        if (kind === 'file') await put([d, name], `${name} file`)
        else {
          await store.makeCollection([d, name])
          await put([d, name, `in ${name}`], 'x')
        }
      }
      await make('src', above)
      await make('dst', below)
      for (const act of ['copy', 'move'] as const) {
        const refused = store[act]([d, 'src'], [d, 'dst'], { overwrite: false })
        await expect(refused).rejects.toEqual(refusal('PreconditionFailedError'))
        const done = await store[act]([d, 'src'], [d, 'dst'], { overwrite: true })
        expect(done).toMatchObject({ created: false, entry: { name: 'dst', kind: above } })
        if (above === 'file') expect(await textOf(store, [d, 'dst'])).toBe('src file')
        else expect((await store.list([d, 'dst'])).map((one) => one.name)).toEqual(['in src'])
      }
      expect((await store.list([d])).map((one) => one.name)).toEqual(['dst'])
    })

    it('refuses to move or copy something onto or into itself', async () => {
      const d = await place()
      await store.makeCollection([d, 'a'])
      for (const to of [[d, 'a'], [d, 'a', 'b'], [d]]) {
        const move = store.move([d, 'a'], to, { overwrite: true })
        await expect(move).rejects.toEqual(refusal('ForbiddenError'))
        await expect(store.copy([d, 'a'], to, { overwrite: true })).rejects.toEqual(refusal('ForbiddenError'))
      }
      expect((await store.list([d])).map((one) => one.name)).toEqual(['a'])
    })

    it('copies a tree with fresh identities, times and properties', async () => {
      const d = await place()
      await store.makeCollection([d, 'a'])
      await store.makeCollection([d, 'a', 'sub'])
      const mtimeMs = 1_600_000_000_123
      const { entry } = await store.write([d, 'a', 'sub', 'f'], bytes('deep'), { mtimeMs })
      await store.changeProperties([d, 'a', 'sub', 'f'], [{ namespace: '', name: 'p', xml: '<x/>' }])
      await store.changeProperties([d, 'a'], [{ namespace: 'n', name: 'q', xml: 'v' }])
      await store.copy([d, 'a'], [d, 'b'], { overwrite: false })
      const copy = await store.stat([d, 'b', 'sub', 'f'], { withProperties: true })
      expect(copy).toMatchObject({
        mtimeMs: kept(mtimeMs),
        sizeBytes: 4,
        properties: [{ namespace: '', name: 'p', xml: '<x/>' }],
      })
      expect(copy.id).not.toBe(entry.id)
      expect(copy.etag).not.toBe(entry.etag)
      const top = await store.stat([d, 'b'], { withProperties: true })
      expect(top.properties).toEqual([{ namespace: 'n', name: 'q', xml: 'v' }])
      expect(await textOf(store, [d, 'a', 'sub', 'f'])).toBe('deep')
      expect(await textOf(store, [d, 'b', 'sub', 'f'])).toBe('deep')
    })

    it('copies a folder without its members at depth 0', async () => {
      const d = await place()
      await store.makeCollection([d, 'a'])
      await put([d, 'a', 'f'], 'x')
      await store.copy([d, 'a'], [d, 'b'], { overwrite: false, depth: '0' })
      expect(await store.list([d, 'b'])).toEqual([])
    })

    it('keeps the times it is told', async () => {
      const d = await place()
      const mtimeMs = 1_234_567_890_123
      await store.write([d, 'f'], bytes('x'), { mtimeMs })
      expect((await store.stat([d, 'f'])).mtimeMs).toBe(kept(mtimeMs))
      await store.move([d, 'f'], [d, 'g'], { overwrite: false })
      expect((await store.list([d]))[0]?.mtimeMs).toBe(kept(mtimeMs))
    })

    it('sets, replaces and removes properties in order', async () => {
      const d = await place()
      await put([d, 'f'], 'x')
      const p = (name: string, xml?: string) => ({
        namespace: 'urn:%_',
        name,
        ...(xml !== undefined && { xml }),
      })
      await store.changeProperties([d, 'f'], [p('a', '1'), p('b', '<é/>'), p('a', '2')])
      const of = async () => (await store.stat([d, 'f'], { withProperties: true })).properties
      expect(await of()).toEqual([p('a', '2'), p('b', '<é/>')])
      await store.changeProperties([d, 'f'], [p('a'), p('none')])
      expect(await of()).toEqual([p('b', '<é/>')])
      expect((await store.list([d], { withProperties: true }))[0]?.properties).toEqual([p('b', '<é/>')])
    })

    it('answers readers with one version while a writer replaces the file', async () => {
      const d = await place()
      const size = 300_000
      const fill = (letter: string) => bytes(Buffer.alloc(size, letter))
      await store.write([d, 'f'], fill('a'))
      const writing = Promise.all(['b', 'c', 'd', 'e'].map((letter) => store.write([d, 'f'], fill(letter))))
      for (let i = 0; i < 20; i++) {
        const body = await bodyOf(await store.read([d, 'f']))
        expect(body.length).toBe(size)
        expect(body.equals(Buffer.alloc(size, body[0]))).toBe(true)
      }
      await writing
    })

    if (traits.isIndexed) describeIndexed(() => store, place)

    it('counts what it holds', async () => {
      const d = await place()
      const before = (await store.quota()).usedBytes
      await put([d, 'f'], '0123456789')
      expect((await store.quota()).usedBytes).toBe(before + 10)
    })
  })
}

/** What a store with an index promises beyond. */
function describeIndexed(get: () => FileStore, place: () => Promise<string>): void {
  const etags = async (...paths: StorePath[]) =>
    (await Promise.all(paths.map((path) => get().stat(path)))).map(etagOf)

  it('keeps the id of a file that is overwritten', async () => {
    const d = await place()
    const first = await get().write([d, 'f'], bytes('a'))
    const second = await get().write([d, 'f'], bytes('b'))
    expect(second.entry.id).toBe(first.entry.id)
  })

  it('knows the checksums of what it holds', async () => {
    const d = await place()
    const md5 = createHash('md5').update('Wikipedia').digest('hex')
    const { entry } = await get().write([d, 'f'], bytes('Wiki', 'pedia'), { expected: { md5 } })
    const sha256 = createHash('sha256').update('Wikipedia').digest('hex')
    expect(entry.checksums).toEqual({ sha256, adler32: '11e60398', md5 })
    expect((await get().stat([d, 'f'])).checksums).toEqual(entry.checksums)
  })

  it('changes the etags of all folders above a change, and of nothing else', async () => {
    const store = get()
    const d = await place()
    await store.makeCollection([d, 'a'])
    await store.makeCollection([d, 'a', 'b'])
    await store.makeCollection([d, 'other'])
    await store.write([d, 'a', 'b', 'f'], bytes('1'))
    const above: StorePath[] = [[], [d], [d, 'a'], [d, 'a', 'b']]
    const changes: (() => Promise<unknown>)[] = [
      () => store.write([d, 'a', 'b', 'f'], bytes('2')),
      () => store.write([d, 'a', 'b', 'g'], bytes('3')),
      () => store.makeCollection([d, 'a', 'b', 'sub']),
      () => store.move([d, 'a', 'b', 'g'], [d, 'a', 'b', 'h'], { overwrite: false }),
      () => store.copy([d, 'a', 'b', 'f'], [d, 'a', 'b', 'i'], { overwrite: false }),
      () => store.remove([d, 'a', 'b', 'f']),
    ]
    const others = await etags([d, 'other'])
    for (const change of changes) {
      const before = await etags(...above)
      await change()
      const after = await etags(...above)
      for (const [index, etag] of after.entries()) expect(etag).not.toBe(before[index])
    }
    expect(await etags([d, 'other'])).toEqual(others)
  })

  it('keeps the sizes of folders', async () => {
    const store = get()
    const d = await place()
    await store.makeCollection([d, 'a'])
    await store.makeCollection([d, 'b'])
    await store.write([d, 'a', 'f'], bytes('12345'))
    await store.write([d, 'a', 'f'], bytes('1234567'))
    await store.copy([d, 'a'], [d, 'b', 'a'], { overwrite: false })
    await store.write([d, 'b', 'g'], bytes('1'))
    const sizes = async () =>
      Promise.all([[d], [d, 'a'], [d, 'b']].map(async (path) => (await store.stat(path)).sizeBytes))
    expect(await sizes()).toEqual([15, 7, 8])
    await store.move([d, 'b', 'a', 'f'], [d, 'a', 'f'], { overwrite: true })
    expect(await sizes()).toEqual([8, 7, 1])
    await store.remove([d, 'a', 'f'])
    expect(await sizes()).toEqual([1, 0, 1])
  })

  it('loses no change of many at once', async () => {
    const store = get()
    const d = await place()
    await store.makeCollection([d, 'x'])
    await store.makeCollection([d, 'y'])
    const folders = ['x', 'y']
    const writes = Array.from({ length: 40 }, (_, i) =>
      store.write([d, folders[i % 2] as string, `f${i}`], bytes('12')),
    )
    const moves = Promise.all(writes).then(() =>
      Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          store.move([d, 'x', `f${i * 4}`], [d, 'y', `m${i}`], { overwrite: false }),
        ),
      ),
    )
    await moves
    expect((await store.stat([d])).sizeBytes).toBe(80)
    expect((await store.stat([d, 'x'])).sizeBytes).toBe(20)
    expect((await store.list([d, 'y'])).length).toBe(30)
  })

  it('tells where a resource is', async () => {
    const d = await place()
    const key = await get().locate([d, 'not there yet'])
    expect(key.scope).not.toBe('')
    expect(key.path.slice(-2)).toEqual([d, 'not there yet'])
  })
}

const etagOf = (entry: Entry) => entry.etag
