import { NotFoundError, PreconditionFailedError } from '../../platform/errors.ts'
import type { KeptTree } from '../local/space-context.ts'
import { checkName } from '../paths.ts'
import type { Entry, FileStore, StorePath, WriteResult } from '../types.ts'

/** Earlier contents of the files of a drive. */
export interface Versions {
  /** The versions as a tree: folders named by file id, in them one file for each version. */
  store: FileStore
  /** The versions of a file, newest first; each entry's name is what `restore` takes. */
  list(fileId: string): Promise<Entry[]>
  /** Writes a version as the present content to where the file is in `drive`. */
  restore(
    which: { fileId: string; version: string },
    drive: FileStore,
    path: StorePath,
    signal?: AbortSignal,
  ): Promise<WriteResult>
  /** Removes what was overwritten before a moment; returns how many. */
  expire(beforeMs: number): Promise<number>
}

export function createVersions({ store, space, rootId }: KeptTree): Versions {
  let isWalked = false
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
    async restore({ fileId, version }, drive, path, signal) {
      const { entry, body } = await store.read([fileId, version], undefined, signal)
      const source = Buffer.isBuffer(body) ? one(body) : body
      const { sizeBytes, checksums } = entry
      const isKnown = Object.keys(checksums).length > 0
      return await drive.write(path, source, { sizeBytes, ...(isKnown && { expected: checksums }) })
    },
    async expire(beforeMs) {
      let removed = 0
      // A crash may have left versions that the index does not know: once after each start all are looked at.
      const fileIds = isWalked
        ? await space.index.kept.listWithOldVersions(rootId, beforeMs)
        : (await store.list([])).map(({ name }) => name)
      for (const fileId of fileIds) {
        removed += await expireOne(store, fileId, beforeMs).catch((error) => {
          // Overwritten, restored or removed at this moment: there is time until the next round.
          if (error instanceof NotFoundError || error instanceof PreconditionFailedError) return 0
          throw error
        })
      }
      isWalked = true
      return removed
    },
  }
}

/** Throws `PreconditionFailedError` when a version came meanwhile: it must not go with the old ones. */
async function expireOne(store: FileStore, fileId: string, beforeMs: number): Promise<number> {
  const folder = await store.stat([fileId])
  const versions = await store.list([fileId])
  const old = versions.filter(({ createdAtMs }) => createdAtMs < beforeMs)
  if (old.length === versions.length) await store.remove([fileId], { ifMatch: [folder.etag] })
  else for (const { name } of old) await store.remove([fileId, name])
  return old.length
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
