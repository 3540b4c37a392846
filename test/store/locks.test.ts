import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import {
  createLockRegistry,
  LockGuardStore,
  type LockRegistry,
  MountedStore,
  type NewLock,
  type StorePath,
} from '../../src/store/index.ts'
import { MemoryStore } from '../fakes/memory-store.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { bytes } from './file-store-contract.ts'

const refusal = (name: string) => expect.objectContaining({ name })

function wanted(path: StorePath, change: Partial<NewLock> = {}): NewLock {
  const lock = {
    scope: 'exclusive',
    depth: 'infinity',
    ownerXml: '<a/>',
    userId: 'ann',
    timeoutSeconds: 60,
  } as const
  return { ...lock, resource: { scope: 'space', path }, ...change }
}

describe.each(engines)('locks on %s', (engine) => {
  let database: TestDatabase
  let locks: LockRegistry
  let nowMs = 1_000_000
  const clock = { ...systemClock, nowMs: () => nowMs }
  const at = (path: StorePath) => ({ scope: 'space', path })
  beforeEach(async () => {
    database = await createTestDatabase(engine)
    locks = createLockRegistry({ db: database.db, clock })
  })
  afterEach(() => database.close())

  it('are found by token and by resource', async () => {
    const lock = await locks.take(wanted(['a', 'b']))
    expect(lock.token).toMatch(/^urn:uuid:[0-9a-f-]{36}$/)
    expect(await locks.find(lock.token)).toEqual(lock)
    expect(lock).toMatchObject({ ownerXml: '<a/>', expiresAtMs: nowMs + 60_000, resource: at(['a', 'b']) })
    expect(await locks.covering(at(['a', 'b', 'c']))).toEqual([lock])
    expect(await locks.covering(at(['a']))).toEqual([])
    expect(await locks.covering(at(['a']), { withDescendants: true })).toEqual([lock])
    expect(await locks.covering({ scope: 'other', path: ['a', 'b'] })).toEqual([])
  })

  it.each([
    ['exclusive', 'exclusive', false],
    ['exclusive', 'shared', false],
    ['shared', 'exclusive', false],
    ['shared', 'shared', true],
  ] as const)('of kind %s go with %s: %s', async (first, second, isFine) => {
    await locks.take(wanted(['f'], { scope: first }))
    const taking = locks.take(wanted(['f'], { scope: second, userId: 'jan' }))
    if (isFine) expect((await taking).scope).toBe(second)
    else await expect(taking).rejects.toEqual(refusal('LockedError'))
  })

  it('of depth infinity conflict with those below and above', async () => {
    const below = await locks.take(wanted(['a', 'b']))
    await expect(locks.take(wanted(['a']))).rejects.toEqual(refusal('LockedError'))
    await expect(locks.take(wanted([]))).rejects.toEqual(refusal('LockedError'))
    await locks.take(wanted(['a'], { depth: '0' }))
    await expect(locks.take(wanted(['a', 'b', 'c']))).rejects.toEqual(refusal('LockedError'))
    await locks.take(wanted(['a', 'other']))
    await locks.release(below.token)
    await locks.take(wanted(['a', 'b', 'c']))
  })

  it('of depth 0 say nothing about members', async () => {
    await locks.take(wanted(['a'], { depth: '0' }))
    expect(await locks.covering(at(['a', 'f']))).toEqual([])
    await locks.take(wanted(['a', 'f']))
  })

  it('are not confused by names with wildcards, umlauts or emoji', async () => {
    for (const name of ['a%', 'a_b', 'ü', '👩‍🚀', 'a']) await locks.take(wanted([name, 'x']))
    for (const name of ['a%', 'a_b', 'ü', '👩‍🚀', 'a', 'axb', 'a%b', '%', '_']) {
      const found = await locks.covering(at([name]), { withDescendants: true })
      expect(found.map((lock) => lock.resource.path[0])).toEqual(
        ['axb', 'a%b', '%', '_'].includes(name) ? [] : [name],
      )
    }
  })

  it('end when their time is over, unless refreshed before', async () => {
    const lock = await locks.take(wanted(['f'], { timeoutSeconds: 10 }))
    nowMs += 9_000
    expect((await locks.refresh(lock.token, 20)).expiresAtMs).toBe(nowMs + 20_000)
    nowMs += 20_000
    expect(await locks.find(lock.token)).toBeUndefined()
    expect(await locks.covering(at(['f']))).toEqual([])
    await expect(locks.refresh(lock.token, 20)).rejects.toEqual(refusal('ConflictError'))
    await locks.take(wanted(['f'], { userId: 'jan' }))
  })

  it('are released one by one or many at once', async () => {
    const taken = []
    for (let n = 0; n < 3; n++) taken.push(await locks.take(wanted(['a', `${n}`])))
    const [first, second, third] = taken.map((lock) => lock.token) as [string, string, string]
    await locks.release(first)
    await locks.releaseAll([first, second])
    await locks.releaseAll([])
    const left = await locks.covering(at([]), { withDescendants: true })
    expect(left.map((lock) => lock.token)).toEqual([third])
  })

  it('are given to one of many who ask at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => locks.take(wanted(['f']))))
    expect(results.filter((result) => result.status === 'fulfilled').length).toBe(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toEqual(refusal('LockedError'))
    }
  })
})

describe('the lock guard', () => {
  let database: TestDatabase
  let locks: LockRegistry
  let inner: MemoryStore
  const guard = (...tokens: string[]) => new LockGuardStore(inner, { locks, tokens })
  const take = async (path: StorePath, change: Partial<NewLock> = {}) => {
    const resource = await inner.locate(path)
    return await locks.take({ ...wanted(path, change), resource })
  }
  beforeEach(async () => {
    database = await createTestDatabase('sqlite')
    locks = createLockRegistry({ db: database.db, clock: systemClock })
    inner = new MemoryStore()
    for (const path of [['d'], ['d', 'sub'], ['e']]) await inner.makeCollection(path)
    for (const path of [
      ['d', 'f'],
      ['d', 'sub', 'g'],
      ['e', 'h'],
    ])
      await inner.write(path, bytes('x'))
  })
  afterEach(() => database.close())

  const changesOf = (path: StorePath): ((store: LockGuardStore) => Promise<unknown>)[] => [
    (store) => store.changeProperties(path, [{ namespace: 'n', name: 'p', xml: '1' }]),
    (store) => store.write(path, bytes('new')),
    (store) => store.copy(['e', 'h'], path, { overwrite: true }),
    (store) => store.move(path, ['e', 'moved'], { overwrite: true }),
  ]

  it('refuses every change of a locked file without its token and allows it with', async () => {
    const lock = await take(['d', 'f'])
    for (const change of changesOf(['d', 'f'])) {
      await expect(change(guard())).rejects.toEqual(refusal('LockedError'))
      await expect(change(guard('urn:uuid:other'))).rejects.toEqual(refusal('LockedError'))
    }
    await expect(guard().remove(['d', 'f'])).rejects.toEqual(refusal('LockedError'))
    for (const change of changesOf(['d', 'f'])) await change(guard(lock.token))
    expect(await locks.find(lock.token)).toBeUndefined() // the last one moved it away
  })

  it('lets everybody read', async () => {
    await take(['d'])
    expect((await guard().list(['d'])).length).toBe(2)
    expect((await guard().read(['d', 'f'])).entry.sizeBytes).toBe(1)
  })

  it('refuses to remove or move a folder with something locked below', async () => {
    const lock = await take(['d', 'sub', 'g'])
    await expect(guard().remove(['d'])).rejects.toEqual(refusal('LockedError'))
    await expect(guard().move(['d'], ['x'], { overwrite: false })).rejects.toEqual(refusal('LockedError'))
    await expect(guard().copy(['e'], ['d'], { overwrite: true })).rejects.toEqual(refusal('LockedError'))
    await guard().write(['d', 'f'], bytes('fine'))
    await guard(lock.token).remove(['d'])
    expect(await locks.find(lock.token)).toBeUndefined()
  })

  it.each([
    '0',
    'infinity',
  ] as const)('protects the members of a folder locked at depth %s', async (depth) => {
    const lock = await take(['d'], { depth })
    const acts: ((store: LockGuardStore) => Promise<unknown>)[] = [
      (store) => store.write(['d', 'new'], bytes('x')),
      (store) => store.makeCollection(['d', 'newer']),
      (store) => store.move(['d', 'new'], ['e', 'x'], { overwrite: false }),
      (store) => store.copy(['e', 'h'], ['d', 'copy'], { overwrite: false }),
      (store) => store.move(['e', 'h'], ['d', 'here'], { overwrite: false }),
      (store) => store.remove(['d', 'sub']),
    ]
    for (const act of acts) {
      await expect(act(guard())).rejects.toEqual(refusal('LockedError'))
      await act(guard(lock.token))
    }
    const overwrite = guard().write(['d', 'f'], bytes('x'))
    if (depth === 'infinity') await expect(overwrite).rejects.toEqual(refusal('LockedError'))
    else expect((await overwrite).created).toBe(false)
  })

  it('asks for one token of several shared locks', async () => {
    const first = await take(['d', 'f'], { scope: 'shared' })
    await take(['d', 'f'], { scope: 'shared', userId: 'jan' })
    await expect(guard().write(['d', 'f'], bytes('x'))).rejects.toEqual(refusal('LockedError'))
    await guard(first.token).write(['d', 'f'], bytes('x'))
  })

  it('takes a token only from the one whose lock it is', async () => {
    const lock = await take(['d', 'f'])
    const asJan = new LockGuardStore(inner, { locks, tokens: [lock.token], userId: 'jan' })
    await expect(asJan.write(['d', 'f'], bytes('x'))).rejects.toEqual(refusal('LockedError'))
    const asAnn = new LockGuardStore(inner, { locks, tokens: [lock.token], userId: 'ann' })
    expect((await asAnn.write(['d', 'f'], bytes('x'))).created).toBe(false)
  })

  it('notices a lock that was taken while the body came in', async () => {
    const slow = async function* () {
      yield Buffer.from('x')
      await take(['d', 'f'])
    }
    await expect(guard().write(['d', 'f'], slow())).rejects.toEqual(refusal('LockedError'))
    expect((await inner.stat(['d', 'f'])).sizeBytes).toBe(1)
  })

  it('keeps the lock of a file that is overwritten by a move, and none of the moved one', async () => {
    const target = await take(['d', 'f'])
    const source = await take(['e', 'h'])
    await guard(target.token, source.token).move(['e', 'h'], ['d', 'f'], { overwrite: true })
    expect(await locks.find(source.token)).toBeUndefined()
    expect(await locks.find(target.token)).toEqual(target)
  })

  it('lets a share be left whatever is locked in it, and leaves those locks', async () => {
    const shared = new MemoryStore()
    const lock = await locks.take({ ...wanted([]), resource: await shared.locate([]) })
    const mount = { name: 'm', shareId: 's', store: shared, entry: () => shared.stat([]) }
    let left = ''
    const drive = new MountedStore({
      home: inner,
      mounts: () => [mount],
      onUnmount: async (shareId) => {
        left = shareId
      },
      onRename: async () => undefined,
    })
    const store = new LockGuardStore(drive, { locks, tokens: [] })
    await expect(store.write(['m', 'f'], bytes('x'))).rejects.toEqual(refusal('LockedError'))
    await store.remove(['m'])
    expect(left).toBe('s')
    expect(await locks.find(lock.token)).toEqual(lock)
  })
})
