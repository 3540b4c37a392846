import { escapeText } from '../platform/xml.ts'
import type { Lock } from '../store/locks/locks.ts'
import type { ResourceKey, StorePath } from '../store/types.ts'
import { ancestorHref, encodeName, folderHref } from './target.ts'

/** Where a request stands: its address, its place in the tree, and the resource behind it. */
export interface LockPlace {
  rawPath: string
  /** Inside the session's tree. */
  path: StorePath
  resource: ResourceKey
}

const NONE: readonly Lock[] = []

/** Locks of a resource and of what lies around it, arranged so that one entry costs no walk through all. */
export class LockMap {
  private readonly byPath = new Map<string, Lock[]>()

  constructor(locks: readonly Lock[]) {
    for (const lock of locks) {
      const key = keyOf(lock.resource.path)
      const same = this.byPath.get(key)
      if (same === undefined) this.byPath.set(key, [lock])
      else same.push(lock)
    }
  }

  /** The locks on the path itself and those of depth infinity above it. */
  covering(path: StorePath): readonly Lock[] {
    if (this.byPath.size === 0) return NONE
    const found: Lock[] = []
    for (let length = 0; length <= path.length; length++) {
      const here = this.byPath.get(keyOf(path.slice(0, length))) ?? NONE
      found.push(...here.filter((lock) => length === path.length || lock.depth === 'infinity'))
    }
    return found
  }
}

function keyOf(path: StorePath): string {
  return path.join('/')
}

/**
 * The address of a lock's root, written from the address of the request. A root above the asker's tree
 * (an owner locked the folder around a share) is shown as the root of the tree.
 */
export function lockRootHref(lock: Lock, place: LockPlace): string {
  const levelsUp = place.resource.path.length - lock.resource.path.length
  if (levelsUp >= 0) return ancestorHref(place.rawPath, Math.min(levelsUp, place.path.length))
  const below = lock.resource.path.slice(place.resource.path.length)
  return folderHref(place.rawPath) + below.map(encodeName).join('/')
}

/** The inside of `DAV:lockdiscovery` (RFC 4918 15.8). */
export function renderLocks(locks: readonly Lock[], place: LockPlace, nowMs: number): string {
  return locks.map((lock) => renderLock(lock, place, nowMs)).join('')
}

function renderLock(lock: Lock, place: LockPlace, nowMs: number): string {
  const leftSeconds = Math.max(0, Math.ceil((lock.expiresAtMs - nowMs) / 1_000))
  const owner = lock.ownerXml === '' ? '' : `<d:owner>${lock.ownerXml}</d:owner>`
  return `<d:activelock><d:locktype><d:write/></d:locktype><d:lockscope><d:${lock.scope}/></d:lockscope><d:depth>${
    lock.depth
  }</d:depth>${owner}<d:timeout>Second-${leftSeconds}</d:timeout><d:locktoken><d:href>${escapeText(
    lock.token,
  )}</d:href></d:locktoken><d:lockroot><d:href>${escapeText(
    lockRootHref(lock, place),
  )}</d:href></d:lockroot></d:activelock>`
}
