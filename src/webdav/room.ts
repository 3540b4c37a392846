import { InsufficientStorageError } from '../platform/errors.ts'
import type { Entry, FileStore, StorePath } from '../store/types.ts'
import { findEntry, isMounted } from './call.ts'

/** A file that is to come: where, and how large it will be. */
export interface Announced {
  path: StorePath
  sizeBytes: number
  /** What stands there now, when that is known. */
  existing?: Entry | undefined
}

/**
 * Throws `InsufficientStorageError` when a file cannot find room, before its first byte. What it replaces makes
 * room unless the drive keeps that.
 */
export async function checkRoom(store: FileStore, { path, sizeBytes, existing }: Announced): Promise<void> {
  // The room in a share is its owner's affair; this drive's quota says nothing of it.
  if (await isMounted(store, await store.locate(path))) return
  const { availableBytes, keepsOverwritten } = await store.quota()
  if (availableBytes === undefined || sizeBytes <= availableBytes) return
  const replaced = keepsOverwritten === true ? undefined : (existing ?? (await findEntry(store, path)))
  if (sizeBytes > availableBytes + (replaced?.sizeBytes ?? 0)) throw noRoom()
}

export function noRoom(): InsufficientStorageError {
  return new InsufficientStorageError('The file is larger than the room that is left in this drive.', {
    code: 'QUOTA_EXCEEDED',
  })
}
