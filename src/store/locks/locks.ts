import type { ResourceKey } from '../types.ts'

export interface Lock {
  /** The lock token, an absolute URI (RFC 4918 6.5): `urn:uuid:…`. */
  token: string
  resource: ResourceKey
  scope: 'exclusive' | 'shared'
  depth: '0' | 'infinity'
  /** What the client put in `DAV:owner`, serialised XML. */
  ownerXml: string
  /** The user who made it. */
  userId: string
  timeoutSeconds: number
  expiresAtMs: number
}

export type NewLock = Omit<Lock, 'token' | 'expiresAtMs'>

export interface LockScan {
  withDescendants?: boolean
  withFolder?: boolean
}

/** Locks of the node, in SQL, so that every process sees the same. Expired ones never show. */
export interface LockRegistry {
  /**
   * Locks on the resource itself, those of depth infinity above it and, when asked, all below it.
   * `withFolder`: those of depth 0 on its folder too, which protect what members that has (RFC 4918 7.4).
   */
  covering(resource: ResourceKey, options?: LockScan): Promise<Lock[]>
  /** Takes the lock, or throws `LockedError` when one that is there conflicts (RFC 4918 6.1). */
  take(lock: NewLock): Promise<Lock>
  find(token: string): Promise<Lock | undefined>
  refresh(token: string, timeoutSeconds: number): Promise<Lock>
  release(token: string): Promise<void>
  releaseAll(tokens: readonly string[]): Promise<void>
}
