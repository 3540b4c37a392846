import type { Db } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'

/** An access token that opens one share until it expires; known by its hash only. */
export interface ShareToken {
  tokenHash: string
  shareId: string
  createdAtMs: number
  expiresAtMs: number
}

/** Stores a new token. */
export async function insertShareToken(db: Db, token: ShareToken): Promise<void> {
  await db('share_tokens').insert({
    token_hash: token.tokenHash,
    share_id: token.shareId,
    created_at_ms: token.createdAtMs,
    expires_at_ms: token.expiresAtMs,
  })
}

/** The id of the share that a token opens now. */
export async function findShareOfToken(
  db: Db,
  tokenHash: string,
  nowMs: number,
): Promise<string | undefined> {
  // Every request of the recipient asks this; without the time in the question the answer can be remembered.
  const sql = 'select share_id, expires_at_ms from share_tokens where token_hash = ?'
  const [row] = await readRows<{ share_id: string; expires_at_ms: number }>(db, sql, [tokenHash])
  return row !== undefined && row.expires_at_ms > nowMs ? row.share_id : undefined
}

/** Removes the tokens that open nothing any more. */
export async function deleteExpiredTokens(db: Db, nowMs: number): Promise<void> {
  await db('share_tokens').where('expires_at_ms', '<=', nowMs).delete()
}
