import type { Db } from '../platform/db.ts'
import type { Group } from './types.ts'

/** What is left to do when the transaction is through, such as telling live pages. */
export type AfterCommit = () => void

/**
 * What happens to what a group was given when its members change, within the same transaction: access
 * follows the membership at once, in whatever process that was changed. Implemented by `shares`.
 */
export interface GroupWatcher {
  joined(tx: Db, group: Group, userId: string): Promise<AfterCommit>
  left(tx: Db, group: Group, userId: string): Promise<AfterCommit>
  /** Before the group goes; its members have been told by `left`. */
  removed(tx: Db, group: Group): Promise<AfterCommit>
}
