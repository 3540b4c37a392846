import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UnavailableError } from '../../src/platform/errors.ts'
import {
  EDITOR_RIGHTS,
  type Mount,
  MountedStore,
  QuotaStore,
  RightsStore,
  SubtreeStore,
  VIEWER_RIGHTS,
} from '../../src/store/index.ts'
import { MemoryStore } from '../fakes/memory-store.ts'
import { bytes, textOf } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const refusal = (name: string) => expect.objectContaining({ name })
let test: TestSpaces
beforeEach(async () => {
  test = await createTestSpaces('sqlite')
})
afterEach(() => test.close())

describe('the quota layer', () => {
  const limited = () => new QuotaStore(test.store, () => 100)

  it('refuses what is declared too large before it takes a byte', async () => {
    let isAsked = false
    const source = (async function* () {
      isAsked = true
      yield Buffer.alloc(101)
    })()
    const writing = limited().write(['f'], source, { sizeBytes: 101 })
    await expect(writing).rejects.toEqual(refusal('InsufficientStorageError'))
    expect(isAsked).toBe(false)
  })

  it('stops a body without or with a lying length where the quota ends, and keeps the old file', async () => {
    const store = limited()
    await store.write(['f'], bytes('old'))
    const long = () => bytes(...Array.from({ length: 20 }, () => Buffer.alloc(10)))
    await expect(store.write(['f'], long())).rejects.toEqual(refusal('InsufficientStorageError'))
    await expect(store.write(['g'], long(), { sizeBytes: 5 })).rejects.toMatchObject({ status: 400 })
    expect(await textOf(store, ['f'])).toBe('old')
    expect(await store.quota()).toEqual({ usedBytes: 3, availableBytes: 97 })
  })

  it('counts staged files', async () => {
    const folder = (await test.store.stagingFolder([])) as string
    const localPath = join(folder, 'done')
    await writeFile(localPath, Buffer.alloc(101))
    const source = { staged: { localPath, sizeBytes: 101, checksums: {} } }
    await expect(limited().write(['f'], source)).rejects.toEqual(refusal('InsufficientStorageError'))
  })

  it('lets a file be overwritten by one of the same size when all is full', async () => {
    const store = limited()
    await store.write(['f'], bytes(Buffer.alloc(100)))
    await expect(store.write(['g'], bytes('x'))).rejects.toEqual(refusal('InsufficientStorageError'))
    await store.write(['f'], bytes(Buffer.alloc(100, 'b')))
    await expect(store.copy(['f'], ['g'], { overwrite: false })).rejects.toEqual(
      refusal('InsufficientStorageError'),
    )
    expect((await store.quota()).availableBytes).toBe(0)
  })

  it('cannot be overfilled by many writes at once', async () => {
    const store = limited()
    const writes = Array.from({ length: 10 }, (_, i) =>
      store.write([`f${i}`], bytes(Buffer.alloc(20), Buffer.alloc(20))),
    )
    const results = await Promise.allSettled(writes)
    expect(results.some((result) => result.status === 'fulfilled')).toBe(true)
    expect((await store.quota()).usedBytes).toBeLessThanOrEqual(100)
  })

  it('gives back what a failed write had claimed', async () => {
    const store = limited()
    const wrong = { sizeBytes: 90, expected: { md5: '00' } }
    for (let i = 0; i < 3; i++) {
      await expect(store.write(['f'], bytes(Buffer.alloc(90)), wrong)).rejects.toEqual(
        refusal('BadRequestError'),
      )
    }
    await store.write(['f'], bytes(Buffer.alloc(100)))
    expect((await store.stat(['f'])).sizeBytes).toBe(100)
  })

  it('takes the limit of the node unless the space has its own', async () => {
    const other = await createTestSpaces('sqlite', { quotaBytes: 10 })
    await expect(other.store.write(['f'], bytes('12345678901'))).rejects.toEqual(
      refusal('InsufficientStorageError'),
    )
    await other.store.write(['f'], bytes('1234567890'))
    await other.close()
  })
})

describe('the rights layer', () => {
  it('lets a viewer look and nothing else', async () => {
    await test.store.write(['f'], bytes('text'))
    const store = new RightsStore(test.store, VIEWER_RIGHTS)
    expect((await store.stat(['f'])).rights).toEqual({ read: true, write: false, share: false })
    expect((await store.list([]))[0]?.rights.write).toBe(false)
    expect((await store.read(['f'])).entry.rights.write).toBe(false)
    expect(await textOf(store, ['f'])).toBe('text')
    const acts = [
      () => store.write(['f'], bytes('x')),
      () => store.makeCollection(['d']),
      () => store.move(['f'], ['g'], { overwrite: true }),
      () => store.copy(['f'], ['g'], { overwrite: true }),
      () => store.remove(['f']),
      () => store.changeProperties(['f'], []),
      () => store.stagingFolder(['f']),
    ]
    for (const act of acts) await expect(act()).rejects.toEqual(refusal('ForbiddenError'))
    expect((await test.store.list([])).map((entry) => entry.name)).toEqual(['f'])
    expect(await textOf(test.store, ['f'])).toBe('text')
  })

  it('asks at every call what is allowed now, and once more before what was written is seen', async () => {
    let now = EDITOR_RIGHTS
    const store = new RightsStore(test.store, () => now)
    async function* slowly() {
      yield Buffer.from('begun')
      now = VIEWER_RIGHTS
      yield Buffer.from(' and ended')
    }
    await store.write(['f'], bytes('text'))
    await expect(store.write(['f'], slowly())).rejects.toEqual(refusal('ForbiddenError'))
    expect((await store.stat(['f'])).rights.write).toBe(false)
    await expect(store.remove(['f'])).rejects.toEqual(refusal('ForbiddenError'))
    now = EDITOR_RIGHTS
    await expect(store.write(['f'], slowly(), { sizeBytes: 15 })).rejects.toEqual(refusal('ForbiddenError'))
    now = { read: false, write: false, share: false }
    await expect(store.read(['f'])).rejects.toEqual(refusal('ForbiddenError'))
    expect(await textOf(test.store, ['f'])).toBe('text')
  })

  it('never gives more than the store below', async () => {
    const viewer = new RightsStore(test.store, VIEWER_RIGHTS)
    const all = new RightsStore(viewer, { read: true, write: true, share: true })
    expect((await all.stat([])).rights).toEqual(VIEWER_RIGHTS)
  })
})

describe('a subtree', () => {
  it('does not lead out of its root', async () => {
    await test.store.makeCollection(['shared'])
    await test.store.write(['secret'], bytes('x'))
    const store = new SubtreeStore(test.store, ['shared'])
    for (const path of [['..', 'secret'], ['../secret'], ['']]) {
      await expect(store.read(path)).rejects.toEqual(refusal('BadRequestError'))
    }
  })

  it('takes no upload that ends after the subtree was closed or moved', async () => {
    await test.store.makeCollection(['shared'])
    let root: string[] | undefined = ['shared']
    const store = new SubtreeStore(test.store, () => root)
    const whileSent = async function* (change: () => void) {
      yield* bytes('text')
      change()
    }
    const closing = whileSent(() => {
      root = undefined
    })
    await expect(store.write(['f'], closing)).rejects.toMatchObject({ name: 'NotFoundError' })
    root = ['shared']
    const moving = whileSent(() => {
      root = ['elsewhere']
    })
    await expect(store.write(['f'], moving)).rejects.toMatchObject({ name: 'ConflictError' })
    expect(await test.store.list(['shared'])).toEqual([])
  })

  it('follows its folder when the owner moves it, and is gone when the owner removes it', async () => {
    const { id } = await test.store.makeCollection(['a'])
    await test.store.makeCollection(['b'])
    const store = new SubtreeStore(test.store, () => test.spaces.pathOfId(id))
    await store.write(['f'], bytes('text'))
    await test.store.move(['a'], ['b', 'c'], { overwrite: false })
    expect(await textOf(store, ['f'])).toBe('text')
    expect((await store.locate(['f'])).path).toEqual(['b', 'c', 'f'])
    await test.store.remove(['b'])
    await expect(store.stat([])).rejects.toEqual(refusal('NotFoundError'))
    await expect(store.write(['f'], bytes('x'))).rejects.toEqual(refusal('NotFoundError'))
  })

  it('can be a single file, which can be read and overwritten but not removed', async () => {
    const { entry } = await test.store.write(['f.txt'], bytes('one'))
    const store = new SubtreeStore(test.store, () => test.spaces.pathOfId(entry.id))
    expect(await store.stat([])).toMatchObject({ kind: 'file', name: '', sizeBytes: 3 })
    await store.write([], bytes('two!'))
    expect(await textOf(test.store, ['f.txt'])).toBe('two!')
    await expect(store.remove([])).rejects.toEqual(refusal('ForbiddenError'))
    await expect(store.list([])).rejects.toEqual(refusal('MethodNotAllowedError'))
    await expect(store.write(['below'], bytes('x'))).rejects.toEqual(refusal('ConflictError'))
  })
})

describe('a drive with mounts', () => {
  let mount: Mount
  let remote: MemoryStore
  let store: MountedStore
  let calls: unknown[]
  beforeEach(async () => {
    remote = new MemoryStore()
    calls = []
    mount = { name: 'shared', shareId: 's1', store: remote, entry: () => remote.stat([]) }
    store = new MountedStore({
      home: test.store,
      mounts: () => [mount],
      onUnmount: async (shareId) => void calls.push(['unmount', shareId]),
      onRename: async (shareId, name) => void calls.push(['rename', shareId, name]),
    })
  })

  it('shows mounts among its own and says which they are', async () => {
    await store.write(['zz'], bytes('x'))
    const listed = await store.list([])
    expect(listed.map((entry) => entry.name)).toEqual(['shared', 'zz'])
    expect(listed[0]).toMatchObject({ kind: 'folder', mount: { kind: 'share', shareId: 's1' } })
    expect(await store.stat(['shared'])).toMatchObject({ name: 'shared', mount: { shareId: 's1' } })
    expect((await store.stat(['zz'])).mount).toBeUndefined()
  })

  it('changes the etag of its root when a mount changes', async () => {
    const before = await store.stat([])
    await store.write(['shared', 'f'], bytes('x'))
    expect((await store.stat([])).etag).not.toBe(before.etag)
    expect((await store.stat([])).etag).toBe((await store.stat([])).etag)
  })

  it('keeps working when a mount does not answer', async () => {
    const down = async () => Promise.reject(new UnavailableError('the other node is down'))
    mount = { ...mount, entry: down }
    await store.write(['f'], bytes('x'))
    expect((await store.list([])).map((entry) => entry.name)).toEqual(['f'])
    expect((await store.stat([])).kind).toBe('folder')
  })

  it('moves between home and mount with content, time and properties', async () => {
    const mtimeMs = 1_500_000_000_000
    await store.makeCollection(['d'])
    await store.write(['d', 'f'], bytes('text'), { mtimeMs })
    await store.changeProperties(['d', 'f'], [{ namespace: 'n', name: 'p', xml: '1' }])
    await store.move(['d'], ['shared', 'd'], { overwrite: false })
    expect(await textOf(remote, ['d', 'f'])).toBe('text')
    await expect(store.stat(['d'])).rejects.toEqual(refusal('NotFoundError'))
    expect(await store.stat(['shared', 'd', 'f'], { withProperties: true })).toMatchObject({
      mtimeMs,
      properties: [{ namespace: 'n', name: 'p', xml: '1' }],
    })
    await store.move(['shared', 'd', 'f'], ['back'], { overwrite: false })
    expect(await textOf(test.store, ['back'])).toBe('text')
    expect(await remote.list(['d'])).toEqual([])
  })

  it('takes nothing away from a mount that is for reading', async () => {
    await remote.write(['f'], bytes('text'))
    mount = { ...mount, store: new RightsStore(remote, VIEWER_RIGHTS) }
    const moving = store.move(['shared', 'f'], ['mine'], { overwrite: false })
    await expect(moving).rejects.toEqual(refusal('ForbiddenError'))
    await expect(store.stat(['mine'])).rejects.toEqual(refusal('NotFoundError'))
    await store.copy(['shared', 'f'], ['mine'], { overwrite: false })
    expect(await textOf(test.store, ['mine'])).toBe('text')
  })

  /** The other store; `meanwhile` happens when the file of this name is read from it or written to it. */
  const disturbed = (name: string, meanwhile: () => Promise<unknown>) =>
    new Proxy(remote, {
      get: (target, key) => {
        const method = Reflect.get(target, key).bind(target)
        if (key !== 'read' && key !== 'write') return method
        return async (path: string[], ...rest: unknown[]) => {
          const result = await method(path, ...rest)
          if (path.at(-1) === name) await meanwhile()
          return result
        }
      },
    })

  it('removes nothing that came or changed while a folder was moved to a mount', async () => {
    await store.makeCollection(['d'])
    for (const name of ['a', 'b']) await store.write(['d', name], bytes(name))
    mount = {
      ...mount,
      store: disturbed('b', async () => {
        await test.store.write(['d', 'a'], bytes('changed'))
        await test.store.write(['d', 'new'], bytes('new'))
      }),
    }
    const moving = store.move(['d'], ['shared', 'd'], { overwrite: false })
    await expect(moving).rejects.toMatchObject({ name: 'ConflictError', code: 'CHANGED_MEANWHILE' })
    expect(await textOf(store, ['d', 'a'])).toBe('changed')
    expect(await textOf(store, ['d', 'new'])).toBe('new')
    expect(await textOf(remote, ['d', 'a'])).toBe('a')
  })

  it.each(['a', 'new'])('removes nothing of a mount where %s was written meanwhile', async (name) => {
    await remote.makeCollection(['d'])
    await remote.makeCollection(['d', 'inner'])
    for (const file of ['a', 'b']) await remote.write(['d', 'inner', file], bytes(file))
    const meanwhile = () => remote.write(['d', 'inner', name], bytes('written meanwhile'))
    mount = { ...mount, store: disturbed('b', meanwhile) }
    const moving = store.move(['shared', 'd'], ['d'], { overwrite: false })
    await expect(moving).rejects.toMatchObject({ code: 'CHANGED_MEANWHILE' })
    expect(await textOf(remote, ['d', 'inner', name])).toBe('written meanwhile')
    expect(await textOf(store, ['d', 'inner', 'b'])).toBe('b')
  })

  it.each(['file', 'folder'])('overwrites nothing that came while a %s was copied', async (kind) => {
    if (kind === 'folder') await remote.makeCollection(['src'])
    const source = kind === 'folder' ? ['src', 'f'] : ['src']
    await remote.write(source, bytes('copied'))
    const meanwhile = () => test.store.write(['mine'], bytes('came meanwhile'))
    mount = { ...mount, store: disturbed(source.at(-1) as string, meanwhile) }
    const copying = store.copy(['shared', 'src'], ['mine'], { overwrite: false })
    await expect(copying).rejects.toEqual(refusal('PreconditionFailedError'))
    expect(await textOf(store, ['mine'])).toBe('came meanwhile')
    expect((await test.store.list([])).map((entry) => entry.name)).toEqual(['mine'])
  })

  it('keeps what stood at the destination when a copy across fails', async () => {
    await store.makeCollection(['d'])
    await store.write(['d', 'mine'], bytes('old'))
    await remote.makeCollection(['src'])
    await remote.write(['src', 'a'], bytes('1'))
    await remote.write(['src', 'b'], bytes('2'))
    const flaky = new Proxy(remote, {
      get: (target, key) => {
        if (key !== 'read') return Reflect.get(target, key).bind(target)
        return (path: string[]) =>
          path.at(-1) === 'b' ? Promise.reject(new Error('gone')) : target.read(path)
      },
    })
    mount = { ...mount, store: flaky }
    await expect(store.copy(['shared', 'src'], ['d'], { overwrite: true })).rejects.toThrow('gone')
    expect((await test.store.list([])).map((entry) => entry.name)).toEqual(['d'])
    expect(await textOf(store, ['d', 'mine'])).toBe('old')
  })

  it('tells when a mount is left or renamed and refuses other changes of its root', async () => {
    await store.makeCollection(['d'])
    await store.remove(['shared'])
    await store.move(['shared'], ['ours'], { overwrite: false })
    expect(calls).toEqual([
      ['unmount', 's1'],
      ['rename', 's1', 'ours'],
    ])
    const refused = [
      () => store.move(['shared'], ['d', 'x'], { overwrite: false }),
      () => store.copy(['d'], ['shared'], { overwrite: true }),
      () => store.move(['d'], ['shared'], { overwrite: true }),
    ]
    for (const act of refused) await expect(act()).rejects.toEqual(refusal('ForbiddenError'))
    await expect(store.makeCollection(['shared'])).rejects.toEqual(refusal('MethodNotAllowedError'))
    expect(calls.length).toBe(2)
  })

  it('offers a staging folder for the home and none for a remote mount', async () => {
    const folder = await store.stagingFolder(['f'])
    expect(folder).toBe(join(test.staging, 'transfers'))
    expect(await store.stagingFolder(['shared', 'f'])).toBeUndefined()
  })

  it('names resources by the store they are in', async () => {
    expect((await store.locate(['shared', 'f'])).scope).toBe((await remote.locate([])).scope)
    expect((await store.locate(['f'])).scope).toBe((await test.store.locate([])).scope)
  })
})

describe('staged files', () => {
  it('are adopted by rename, checked against size and checksums', async () => {
    const localPath = join((await test.store.stagingFolder([])) as string, 'done')
    await writeFile(localPath, 'hello')
    const staged = { localPath, sizeBytes: 5, checksums: { sha256: 'ab' } }
    const wrong = test.store.write(['f'], { staged: { ...staged, sizeBytes: 4 } })
    await expect(wrong).rejects.toEqual(refusal('BadRequestError'))
    const damaged = test.store.write(['f'], { staged }, { expected: { md5: '00' } })
    await expect(damaged).rejects.toEqual(refusal('BadRequestError'))
    const { entry } = await test.store.write(['f'], { staged }, { mtimeMs: 1_000_000 })
    expect(entry).toMatchObject({ sizeBytes: 5, mtimeMs: 1_000_000, checksums: { sha256: 'ab' } })
    expect(await textOf(test.store, ['f'])).toBe('hello')
  })

  it('must lie in the staging folder', async () => {
    const outside = join(test.folder, 'outside')
    await mkdir(outside)
    await writeFile(join(outside, 'f'), 'x')
    for (const localPath of [join(outside, 'f'), `${test.staging}/../../outside/f`]) {
      const writing = test.store.write(['f'], { staged: { localPath, sizeBytes: 1, checksums: {} } })
      await expect(writing).rejects.toEqual(refusal('BadRequestError'))
    }
  })
})
