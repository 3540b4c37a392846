import type { SpaceContext } from './space-context.ts'
import type { FileStore } from './types.ts'

/** The trees beside a drive that take what is deleted and what is overwritten, where that is kept. */
export interface KeptTrees {
  trash?: KeptTree
  versions?: KeptTree
}

/** One of them, as its own small space; its queue is that of the drive. */
export interface KeptTree {
  space: SpaceContext
  rootId: string
  store: FileStore
}
