import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it, vi } from 'vitest'
import type { FileStore } from '../../src/store/types.ts'
import { listZipEntries } from '../../src/webdav/zip/zip-entries.ts'
import { zipStream } from '../../src/webdav/zip/zip-stream.ts'
import { MemoryStore } from '../fakes/memory-store.ts'

const { signal } = new AbortController()
const END_OF_DIRECTORY = Buffer.from('504b0506', 'hex')

async function storeWith(files: Record<string, string>): Promise<FileStore> {
  const store = new MemoryStore()
  await store.makeCollection(['data'])
  for (const [name, text] of Object.entries(files))
    await store.write(['data', name], Readable.from([Buffer.from(text)]))
  return store
}

/** The same store, one file of which comes as a stream of our own. */
function withBody(store: FileStore, name: string, body: () => Readable): FileStore {
  const read: FileStore['read'] = async (path, ...rest) => {
    const content = await store.read(path, ...rest)
    return path.at(-1) === name ? { ...content, body: body() } : content
  }
  return new Proxy(store, {
    get: (target, key) => (key === 'read' ? read : Reflect.get(target, key, target)),
  })
}

/** The same store, whose folder has these files. */
function withNames(store: FileStore, names: readonly string[]): FileStore {
  const list: FileStore['list'] = async (path) => {
    const folder = await store.stat(path)
    return names.map((name) => ({ ...folder, name, kind: 'file' }))
  }
  return new Proxy(store, {
    get: (target, key) => (key === 'list' ? list : Reflect.get(target, key, target)),
  })
}

const order = { folder: ['data'], name: 'data' }

describe('an archive that is made while it is sent', () => {
  it('leaves out what was deleted after it had been listed', async () => {
    const store = await storeWith({ 'a.txt': 'a', 'b.txt': 'b' })
    const entries = await listZipEntries(store, order, { signal })
    await store.remove(['data', 'a.txt'])
    const bytes = await buffer(zipStream(store, entries, signal))
    expect([bytes.includes('data/a.txt'), bytes.includes('data/b.txt')]).toEqual([false, true])
    expect(bytes.includes(END_OF_DIRECTORY)).toBe(true)
  })

  it('finds names for thousands of files that would have the same one', async () => {
    const names = Array.from({ length: 6_000 }, (_, n) =>
      n.toString(2).padStart(13, '0').replaceAll('1', '\\').replaceAll('0', '_'),
    )
    const store = withNames(await storeWith({}), names)
    const cpu = process.cpuUsage()
    const entries = await listZipEntries(store, order, { signal })
    const { user, system } = process.cpuUsage(cpu)
    expect(new Set(entries.map(({ name }) => name)).size).toBe(names.length + 1)
    expect(entries.every(({ name }) => !name.includes('\\'))).toBe(true)
    expect((user + system) / 1_000).toBeLessThan(1_000)
  })

  it('breaks off where a file fails in the middle', async () => {
    const failing = () =>
      Readable.from(
        (async function* () {
          yield Buffer.from('a')
          throw new Error('the disk is gone')
        })(),
      )
    const store = withBody(await storeWith({ 'a.txt': 'aa', 'b.txt': 'b' }), 'a.txt', failing)
    const entries = await listZipEntries(store, order, { signal })
    await expect(buffer(zipStream(store, entries, signal))).rejects.toThrow('the disk is gone')
  })

  it.each(['short', 'much too long'])('breaks off where a file is %s', async (text) => {
    const store = withBody(await storeWith({ 'a.txt': 'as said' }), 'a.txt', () =>
      Readable.from([Buffer.from(text)]),
    )
    const entries = await listZipEntries(store, order, { signal })
    await expect(buffer(zipStream(store, entries, signal))).rejects.toThrow('unexpected number of bytes')
  })

  it('lets go of the file, and opens no other, when nobody reads any more', async () => {
    const body = new PassThrough()
    body.write('first')
    const store = withBody(await storeWith({ 'a.txt': 'first and more', 'b.txt': 'b' }), 'a.txt', () => body)
    const read = vi.spyOn(store, 'read')
    const entries = await listZipEntries(store, order, { signal })
    const zip = zipStream(store, entries, signal)
    zip.resume()
    await vi.waitFor(() => expect(body.listenerCount('readable')).toBeGreaterThan(0))
    zip.destroy()
    await vi.waitFor(() => expect(body.destroyed).toBe(true))
    expect(read.mock.calls.map(([path]) => path.at(-1))).toEqual(['a.txt'])
  })

  it('keeps little in memory when nobody takes it', async () => {
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`${n}.bin`, 'x'.repeat(50_000)]))
    const store = await storeWith(files)
    const read = vi.spyOn(store, 'read')
    const entries = await listZipEntries(store, order, { signal })
    const zip = zipStream(store, entries, signal)
    await once(zip, 'readable')
    await new Promise(setImmediate)
    expect(read.mock.calls.length).toBeGreaterThan(0)
    expect(read.mock.calls.length).toBeLessThan(10)
    expect((await buffer(zip)).length).toBeGreaterThan(50 * 50_000)
  })

  it('is refused before it begins where there is too much of it', async () => {
    const store = await storeWith({ 'a.txt': 'a', 'b.txt': 'b' })
    const list = (maxEntries: number) => listZipEntries(store, order, { signal, maxEntries })
    await expect(list(2)).rejects.toMatchObject({ code: 'ZIP_TOO_LARGE', status: 403 })
    expect(await list(3)).toHaveLength(3)
  })

  it('takes times before its own calendar begins, and after it ends', async () => {
    const store = await storeWith({ 'a.txt': 'a', 'b.txt': 'b' })
    await store.changeProperties(['data', 'a.txt'], [], { mtimeMs: 0 })
    await store.changeProperties(['data', 'b.txt'], [], { mtimeMs: 8e15 })
    const entries = await listZipEntries(store, order, { signal })
    expect((await buffer(zipStream(store, entries, signal))).includes(END_OF_DIRECTORY)).toBe(true)
  })
})
