import { NotFoundError } from '../platform/errors.ts'
import type { KeptTree } from './kept-trees.ts'
import { checkName } from './paths.ts'
import type { ByteRange, Entry, FileContent, FileStore } from './types.ts'

/** Earlier contents of the files of a drive. */
export interface Versions {
  /** The versions as a tree: folders named by file id, in them one file for each version. */
  store: FileStore
  /** The versions of a file, newest first; each entry's name is what `read` takes. */
  list(fileId: string): Promise<Entry[]>
  read(fileId: string, version: string, range?: ByteRange): Promise<FileContent>
  /** Removes what was overwritten before a moment; returns how many. */
  expire(beforeMs: number): Promise<number>
}

export function createVersions({ store }: KeptTree): Versions {
  return {
    store,
    async list(fileId) {
      checkName(fileId)
      const found = await store.list([fileId]).catch((error) => {
        if (error instanceof NotFoundError) return []
        throw error
      })
      return found.sort((a, b) => b.createdAtMs - a.createdAtMs || Number(b.name) - Number(a.name))
    },
    read: (fileId, version, range) => store.read([fileId, version], range),
    async expire(beforeMs) {
      let removed = 0
      for (const { name: fileId } of await store.list([])) {
        const versions = await store.list([fileId])
        const old = versions.filter(({ createdAtMs }) => createdAtMs < beforeMs)
        removed += old.length
        if (old.length === versions.length) await store.remove([fileId])
        else for (const { name } of old) await store.remove([fileId, name])
      }
      return removed
    },
  }
}
