import { isWithin, parentOf } from '../paths.ts'
import type { LastCheck, ResourceKey } from '../types.ts'
import { judgeLocks, type LockAsker } from './lock-check.ts'
import type { Lock, LockRegistry } from './locks.ts'

/**
 * The locks around one change: looked at before it begins and once more in its turn. Those that the last look
 * saw on what goes end with it; one that came later is somebody's who was told that it holds, and stays.
 */
export class ChangeLocks {
  private readonly locks: LockRegistry
  private readonly asker: LockAsker
  private readonly withDescendants: boolean
  private onRemoved: Lock[] = []
  private onReplaced: Lock[] = []

  /** `withDescendants`: the change is one of whole trees, and of all that is locked in them. */
  constructor(locks: LockRegistry, asker: LockAsker, { withDescendants }: { withDescendants: boolean }) {
    this.locks = locks
    this.asker = asker
    this.withDescendants = withDescendants
  }

  /** One query when nothing is locked, which is nearly always so; what is there is only then of interest. */
  async checkPut(put: ResourceKey, isThere: () => Promise<boolean>): Promise<void> {
    const { withDescendants } = this
    const found = await this.locks.covering(put, { withDescendants, withFolder: true })
    if (found.length > 0) await this.check({ put, isNew: !(await isThere()) })
  }

  /** Throws `LockedError` when a lock forbids the change. Both ends of one may be asked about apart. */
  readonly check: LastCheck = async ({ removed, put, isNew = false }) => {
    if (removed !== undefined) this.onRemoved = below(removed, await this.judged(removed, true))
    if (put === undefined) return
    const found = below(put, await this.judged(put, isNew))
    // The lock of the place itself stays with it: programs save by moving a new file over the old one.
    this.onReplaced = found.filter((lock) => lock.resource.path.length > put.path.length)
  }

  /** The change is done; `replaced`: over something that was there. Locks do not move (RFC 4918 7.7). */
  async release({ replaced }: { replaced: boolean }): Promise<void> {
    const ended = [...this.onRemoved, ...(replaced ? this.onReplaced : [])]
    await this.locks.releaseAll(ended.map((lock) => lock.token))
  }

  /**
   * The locks on a tree and around it, none of which forbids its change. `isMemberChange`: its folder gains or
   * loses it, which a lock on that forbids, too, of either depth (RFC 4918 7.4).
   */
  private async judged(tree: ResourceKey, isMemberChange: boolean): Promise<Lock[]> {
    const { withDescendants } = this
    const found = await this.locks.covering(tree, { withDescendants, withFolder: isMemberChange })
    const above = found.filter((lock) => lock.resource.path.length < tree.path.length)
    judgeLocks(
      tree,
      found.filter((lock) => lock.depth === 'infinity' || !above.includes(lock)),
      this.asker,
    )
    if (isMemberChange && above.length > 0)
      judgeLocks({ ...tree, path: parentOf(tree.path) }, above, this.asker)
    return found
  }
}

function below(tree: ResourceKey, locks: readonly Lock[]): Lock[] {
  return locks.filter((lock) => isWithin(lock.resource.path, tree.path))
}
