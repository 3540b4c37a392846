import { type Db, isUniqueViolation } from '../../platform/db.ts'

export interface ReplaysRepo {
  /** False when this hash is remembered already. */
  remember(hash: string, expiresAtMs: number): Promise<boolean>
  forgetExpired(nowMs: number): Promise<void>
}

/** Signatures seen, in SQL, so that every worker of a node refuses the second use. */
export function createReplaysRepo(db: Db): ReplaysRepo {
  return {
    async remember(hash, expiresAtMs) {
      try {
        await db('ocm_replays').insert({ hash, expires_at_ms: expiresAtMs })
        return true
      } catch (error) {
        if (isUniqueViolation(error)) return false
        throw error
      }
    },
    async forgetExpired(nowMs) {
      await db('ocm_replays').where('expires_at_ms', '<', nowMs).delete()
    },
  }
}
