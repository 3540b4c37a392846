import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { ConflictError, InsufficientStorageError, LockedError } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import { formatPath } from '../paths.ts'
import type { ResourceKey } from '../types.ts'
import type { Lock, LockRegistry, LockScan } from './locks.ts'
import { LocksRepo } from './locks-repo.ts'

/** Of one user in one drive; an editor holds a few, a mount one for each open file. */
const MAX_LOCKS = 1_000

/** The locks of the node, in its database: every process sees the same, and they survive a restart. */
export function createLockRegistry({ db, clock }: { db: Db; clock: Clock }): LockRegistry {
  const repo = new LocksRepo(db)
  const expiry = (timeoutSeconds: number) => clock.nowMs() + timeoutSeconds * 1_000
  return {
    covering: (resource, scan = {}) => listCovering(repo, resource, clock.nowMs(), scan),
    take: (wanted) => {
      return repo.inScope(wanted.resource.scope, async (inScope) => {
        const nowMs = clock.nowMs()
        await inScope.removeExpired(wanted.resource.scope, nowMs)
        const others = await listCovering(inScope, wanted.resource, nowMs, {
          withDescendants: wanted.depth === 'infinity',
        })
        const conflict = others.find((other) => wanted.scope === 'exclusive' || other.scope === 'exclusive')
        if (conflict !== undefined) throw conflictOf(conflict)
        const held = await inScope.countOf(wanted.resource.scope, wanted.userId, nowMs)
        if (held >= MAX_LOCKS) throw tooMany()
        const lock = { ...wanted, token: `urn:uuid:${newId()}`, expiresAtMs: expiry(wanted.timeoutSeconds) }
        await inScope.insert(lock)
        return lock
      })
    },
    find: (token) => repo.find(token, clock.nowMs()),
    refresh: async (token, timeoutSeconds) => {
      await repo.extend(token, { timeoutSeconds, expiresAtMs: expiry(timeoutSeconds), nowMs: clock.nowMs() })
      const lock = await repo.find(token, clock.nowMs())
      if (lock === undefined) throw new ConflictError('There is no such lock (any more). Take a new one.')
      return lock
    },
    release: (token) => repo.remove([token]),
    releaseAll: (tokens) => repo.remove(tokens),
  }
}

/** A lock of depth 0 above says nothing about what is below it (RFC 4918 7.4). */
async function listCovering(
  repo: LocksRepo,
  resource: ResourceKey,
  nowMs: number,
  { withDescendants = false, withFolder = false }: LockScan,
): Promise<Lock[]> {
  const found = await repo.listAround(resource, nowMs, withDescendants)
  const nearest = resource.path.length - (withFolder ? 1 : 0)
  return found.filter((lock) => lock.depth === 'infinity' || lock.resource.path.length >= nearest)
}

function tooMany(): InsufficientStorageError {
  const message = `You hold ${MAX_LOCKS} locks here. Unlock some, or wait until they run out.`
  return new InsufficientStorageError(message, { code: 'TOO_MANY_LOCKS' })
}

/** The error of RFC 4918 6.1: another lock is in the way. */
export function conflictOf(lock: Lock): LockedError {
  const place = formatPath(lock.resource.path)
  return new LockedError(`${place} is locked. Wait until it is unlocked, or send the lock's token.`)
}
