import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import {
  createLockRegistry,
  type FileStore,
  LockGuardStore,
  type LockRegistry,
} from '../../src/store/index.ts'
import type { Lock } from '../../src/store/locks/locks.ts'
import type { StorePath } from '../../src/store/types.ts'
import { engines } from '../support/databases.ts'
import { Doorway } from './doorway.ts'
import { bytes, textOf } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const refusal = (name: string) => expect.objectContaining({ name })

let test: TestSpaces
let locks: LockRegistry
let doorway: Doorway
let guard: LockGuardStore

const take = async (path: StorePath, depth: Lock['depth'] = 'infinity') => {
  const resource = await test.store.locate(path)
  const lock = { scope: 'exclusive', depth, ownerXml: '', userId: 'jan', timeoutSeconds: 60 } as const
  return await locks.take({ ...lock, resource })
}

async function openStore(engine: (typeof engines)[number]): Promise<void> {
  test = await createTestSpaces(engine)
  locks = createLockRegistry({ db: test.database.db, clock: systemClock })
  doorway = new Doorway(test.store)
  guard = new LockGuardStore(doorway, { locks, tokens: [], userId: 'ann' })
  for (const path of [['src'], ['dst'], ['other']]) await test.store.makeCollection(path)
  for (const path of [
    ['src', 'new'],
    ['dst', 'doc'],
  ])
    await test.store.write(path, bytes('as it was'))
}

interface Change {
  what: string
  run(store: FileStore): Promise<unknown>
}

const over = { overwrite: true }
const replacing: Change[] = [
  { what: 'a copy over it', run: (store) => store.copy(['src'], ['dst'], over) },
  { what: 'a move over it', run: (store) => store.move(['src'], ['dst'], over) },
]
const removing: Change[] = [
  { what: 'a move away', run: (store) => store.move(['dst'], ['gone'], over) },
  { what: 'its removal', run: (store) => store.remove(['dst']) },
]
const writing: Change = { what: 'a write', run: (store) => store.write(['dst', 'doc'], bytes('new')) }

describe.each(engines)('a lock that is taken while a change waits for its turn on %s', (engine) => {
  beforeEach(() => openStore(engine))
  afterEach(() => test.close())

  it.each([...replacing, ...removing, writing])('forbids $what', async ({ run }) => {
    let lock: Lock | undefined
    doorway.before = async () => {
      lock = await take(['dst', 'doc'])
    }
    await expect(run(guard)).rejects.toEqual(refusal('LockedError'))
    expect(await textOf(test.store, ['dst', 'doc'])).toBe('as it was')
    expect(await textOf(test.store, ['src', 'new'])).toBe('as it was')
    expect(await locks.find(lock?.token ?? '')).toEqual(lock)
  })

  it.each([
    { what: 'copy', run: () => guard.copy(['src'], ['other', 'more'], over) },
    { what: 'move', run: () => guard.move(['src'], ['other', 'more'], over) },
    { what: 'write', run: () => guard.write(['other', 'more'], bytes('new')) },
  ])('of depth 0 keeps new members of its folder out: $what', async ({ run }) => {
    doorway.before = async () => {
      await take(['other'], '0')
    }
    await expect(run()).rejects.toEqual(refusal('LockedError'))
    expect(await test.store.list(['other'])).toEqual([])
  })

  it.each([...replacing, ...removing])('is opened by its token: $what', async ({ run }) => {
    const lock = await take(['dst', 'doc'])
    await run(new LockGuardStore(test.store, { locks, tokens: [lock.token] }))
    expect(await locks.find(lock.token)).toBeUndefined()
  })

  it.each([...replacing, ...removing])('on what came after stays: $what', async ({ run }) => {
    let lock: Lock | undefined
    doorway.afterwards = async () => {
      lock = await take(['dst', 'again'])
    }
    await run(guard)
    expect(await locks.find(lock?.token ?? '')).toEqual(lock)
  })

  it('on the freed name stays', async () => {
    let lock: Lock | undefined
    doorway.afterwards = async () => {
      await test.store.write(['dst'], bytes('a file now'))
      lock = await take(['dst'])
    }
    await guard.remove(['dst'])
    expect(await locks.find(lock?.token ?? '')).toEqual(lock)
  })
})
