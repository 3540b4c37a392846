import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import {
  createLockRegistry,
  EDITOR_RIGHTS,
  type FileStore,
  LockGuardStore,
  type LockRegistry,
  MountedStore,
  QuotaStore,
  RightsStore,
  SubtreeStore,
  VIEWER_RIGHTS,
} from '../../src/store/index.ts'
import type { StorePath } from '../../src/store/types.ts'
import { MemoryStore } from '../fakes/memory-store.ts'
import { Doorway } from './doorway.ts'
import { bytes, textOf } from './file-store-contract.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const refusal = (name: string) => expect.objectContaining({ name })
const over = { overwrite: true }

let test: TestSpaces
let locks: LockRegistry
let doorway: Doorway
beforeEach(async () => {
  test = await createTestSpaces('sqlite')
  locks = createLockRegistry({ db: test.database.db, clock: systemClock })
  doorway = new Doorway(test.store)
  for (const path of [['share'], ['share', 'src'], ['share', 'dst']]) await test.store.makeCollection(path)
  await test.store.write(['share', 'dst', 'doc'], bytes('as it was'))
})
afterEach(() => test.close())

const take = async (path: StorePath) => {
  const lock = { scope: 'exclusive', depth: '0', ownerXml: '', userId: 'jan', timeoutSeconds: 60 } as const
  return await locks.take({ ...lock, resource: await test.store.locate(path) })
}

function withMount(home: FileStore, mounted: FileStore): MountedStore {
  const mount = { name: 'm', shareId: 's', store: mounted, entry: () => mounted.stat([]) }
  const nothing = async () => undefined
  return new MountedStore({ home, mounts: () => [mount], onUnmount: nothing, onRename: nothing })
}

it('a change lets no lock in between its last look and the disk, through whatever layers', async () => {
  const shared = new RightsStore(new SubtreeStore(test.store, ['share', 'dst']), EDITOR_RIGHTS)
  const drive = withMount(new QuotaStore(test.store, () => 1e9), shared)
  const store = new LockGuardStore(drive, { locks, tokens: [] })
  const isThere = async () => existsSync(join(test.files, 'share/dst/doc'))
  const seen: Promise<boolean>[] = []
  const check = async () => {
    for (const path of [['share'], ['m', 'doc']]) seen.push(store.inTurn(path, isThere))
  }
  await test.store.remove(['share', 'dst', 'doc'], { check })
  expect(await Promise.all(seen)).toEqual([false, false])
})

describe('a lock that is taken meanwhile', () => {
  let guard: LockGuardStore
  beforeEach(async () => {
    const mounted = new MemoryStore()
    await mounted.makeCollection(['tree'])
    await mounted.write(['file'], bytes('from elsewhere'))
    guard = new LockGuardStore(withMount(doorway, mounted), { locks, tokens: [] })
    let taken: Promise<unknown> | undefined
    doorway.before = async () => {
      taken ??= take(['share', 'dst', 'doc'])
      await taken
    }
  })

  it.each([
    ['a tree', ['m', 'tree'], ['share', 'dst']],
    ['a file', ['m', 'file'], ['share', 'dst', 'doc']],
  ] as const)('forbids what is copied over it from a share: %s', async (_what, from, to) => {
    await expect(guard.copy(from, to, over)).rejects.toEqual(refusal('LockedError'))
    expect(await textOf(test.store, ['share', 'dst', 'doc'])).toBe('as it was')
    expect((await test.store.list(['share'])).map(({ name }) => name)).toEqual(['dst', 'src'])
  })

  it('forbids to remove what was moved into a share', async () => {
    await expect(guard.move(['share', 'dst'], ['m', 'moved'], over)).rejects.toEqual(refusal('LockedError'))
    expect(await textOf(test.store, ['share', 'dst', 'doc'])).toBe('as it was')
  })
})

describe.each<[string, (store: FileStore) => Promise<unknown>]>([
  ['a copy', (store) => store.copy(['src'], ['dst'], over)],
  ['a move', (store) => store.move(['src'], ['dst'], over)],
  ['a removal', (store) => store.remove(['dst'])],
])('%s in what is shared', (_what, run) => {
  it('is refused to whom the right was taken before its turn', async () => {
    let rights = EDITOR_RIGHTS
    doorway.before = async () => {
      rights = VIEWER_RIGHTS
    }
    const changing = run(new RightsStore(new SubtreeStore(doorway, ['share']), () => rights))
    await expect(changing).rejects.toEqual(refusal('ForbiddenError'))
    expect(await textOf(test.store, ['share', 'dst', 'doc'])).toBe('as it was')
  })

  it.each([
    ['withdrawn', undefined, 'NotFoundError'],
    ['moved', ['elsewhere'], 'ConflictError'],
  ] as const)('is refused when that was %s before its turn', async (_how, after, name) => {
    let root: StorePath | undefined = ['share']
    doorway.before = async () => {
      root = after
    }
    await expect(run(new SubtreeStore(doorway, () => root))).rejects.toEqual(refusal(name))
    expect(await textOf(test.store, ['share', 'dst', 'doc'])).toBe('as it was')
  })
})
