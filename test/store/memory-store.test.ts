import { MemoryStore } from '../fakes/memory-store.ts'
import { describeFileStore } from './file-store-contract.ts'

describeFileStore('the memory store', async () => ({ store: new MemoryStore() }), { isIndexed: false })
