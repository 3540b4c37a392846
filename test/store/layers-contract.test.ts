import { systemClock } from '../../src/platform/clock.ts'
import {
  createLockRegistry,
  EDITOR_RIGHTS,
  type FileStore,
  LockGuardStore,
  MountedStore,
  QuotaStore,
  RightsStore,
  SubtreeStore,
} from '../../src/store/index.ts'
import { MemoryStore } from '../fakes/memory-store.ts'
import { engines } from '../support/databases.ts'
import { describeFileStore } from './file-store-contract.ts'
import { createTestSpaces } from './support.ts'

const nothing = async () => undefined

function withMount(home: FileStore, mounted: FileStore): MountedStore {
  const mount = { name: 'mounted', shareId: 's1', store: mounted, entry: () => mounted.stat([]) }
  return new MountedStore({ home, mounts: () => [mount], onUnmount: nothing, onRename: nothing })
}

for (const engine of engines) {
  describeFileStore(`the full stack of layers on ${engine}`, async () => {
    const { store: home, database, close } = await createTestSpaces(engine, { quotaBytes: 1e9 })
    const rights = new RightsStore(withMount(home, new MemoryStore()), EDITOR_RIGHTS)
    const locks = createLockRegistry({ db: database.db, clock: systemClock })
    return { store: new LockGuardStore(rights, { locks, tokens: [] }), close }
  })
}

describeFileStore('a subtree', async () => {
  const { store, spaces, close } = await createTestSpaces('sqlite')
  await store.makeCollection(['above'])
  const { id } = await store.makeCollection(['above', 'root'])
  const subtree = new SubtreeStore(store, () => spaces.pathOfId(id))
  await store.move(['above', 'root'], ['renamed'], { overwrite: false })
  return { store: subtree, close }
})

describeFileStore('the home beside a mount', async () => {
  const { store, close } = await createTestSpaces('sqlite')
  return { store: withMount(store, new MemoryStore()), close }
})

describeFileStore(
  'the mount beside a home',
  async () => ({ store: new SubtreeStore(withMount(new MemoryStore(), new MemoryStore()), ['mounted']) }),
  { isIndexed: false },
)

describeFileStore('a drive under a quota', async () => {
  const { store, close } = await createTestSpaces('sqlite')
  return { store: new QuotaStore(store, () => 1e9), close }
})
