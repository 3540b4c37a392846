import { isWithin, parentOf } from '../paths.ts'
import type { FileStore, ResourceKey, StorePath } from '../types.ts'
import { conflictOf } from './lock-registry.ts'
import type { Lock, LockRegistry } from './locks.ts'

/** Who wants to change something, with the tokens of the request (RFC 4918 7.5). */
export interface LockAsker {
  tokens: readonly string[]
  /** A token works only for the one who took the lock (RFC 4918 6.4). Undefined: not checked. */
  userId?: string
}

/**
 * Throws `LockedError` when one of the locks that were found around a resource forbids its change. Of several
 * shared locks that cover a resource, the token of one is enough (RFC 4918 7).
 */
export function judgeLocks({ path }: ResourceKey, locks: readonly Lock[], asker: LockAsker): void {
  const submitted = locks.filter((lock) => isSubmitted(lock, asker))
  const isOpen = (lock: Lock) => {
    const place = isWithin(path, lock.resource.path) ? path : lock.resource.path
    return submitted.some((one) => covers(one, place))
  }
  const closed = locks.find((lock) => !isOpen(lock))
  if (closed !== undefined) throw conflictOf(closed)
}

/**
 * Throws `LockedError` when a lock forbids to change what is at a path; `isNew`: or to make it there, which
 * changes its folder (RFC 4918 7.4).
 */
export async function checkLocks(
  { locks, store }: { locks: LockRegistry; store: Pick<FileStore, 'locate'> },
  path: StorePath,
  { isNew, ...asker }: LockAsker & { isNew: boolean },
): Promise<void> {
  const resource = await store.locate(path)
  judgeLocks(resource, await locks.covering(resource), asker)
  if (!isNew || path.length === 0) return
  const folder = await store.locate(parentOf(path))
  judgeLocks(folder, await locks.covering(folder), asker)
}

function isSubmitted(lock: Lock, { tokens, userId }: LockAsker): boolean {
  return tokens.includes(lock.token) && (userId === undefined || lock.userId === userId)
}

function covers({ depth, resource }: Lock, path: StorePath): boolean {
  return depth === 'infinity' ? isWithin(path, resource.path) : isSamePath(path, resource.path)
}

export function isSamePath(a: StorePath, b: StorePath): boolean {
  return a.length === b.length && isWithin(a, b)
}
