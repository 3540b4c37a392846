import type { Db } from '../../platform/db.ts'
import { fromRow, LIVE_OWNER, type Row } from './cache-rows.ts'

/** A request that is about to take a file does so at once; one that died is forgotten after this. */
const USE_MS = 3_600_000

/** The bytes all cached files have together; counted, so that nothing can be lost in between. */
export async function cachedBytes(db: Db): Promise<{ sizeBytes: number; files: number }> {
  const row = await db('transfer_cache')
    .where({ state: 'present' })
    .sum({ size: 'size_bytes' })
    .count({ n: '*' })
    .first()
  return { sizeBytes: Number(row?.size ?? 0), files: Number(row?.n ?? 0) }
}

/** The longest unused files that nobody fetches or is about to take. */
export async function listUnused(db: Db, page: { nowMs: number; limit: number; usedBeforeMs?: number }) {
  const { nowMs, limit, usedBeforeMs } = page
  const query = unused(db, nowMs).orderBy('used_at_ms').limit(limit)
  if (usedBeforeMs !== undefined) query.andWhere('used_at_ms', '<', usedBeforeMs)
  return ((await query) as Row[]).map(fromRow)
}

function unused(db: Db, nowMs: number) {
  return db<Row>('transfer_cache')
    .where({ state: 'present' })
    .whereRaw(`(lock_owner is null or not ${LIVE_OWNER})`, [nowMs, nowMs])
    .whereNotExists(
      db('transfer_cache_claims as c')
        .whereRaw('c.key = transfer_cache.key')
        .andWhere('c.kind', 'use')
        .andWhere('c.since_ms', '>', nowMs - USE_MS)
        .select(db.raw('1')),
    )
}

/** Forgets a file that nobody uses; true when that was still so. Its bytes are removed by who asks. */
export async function forgetUnused(db: Db, key: string, nowMs: number): Promise<boolean> {
  return (await unused(db, nowMs).andWhere({ key }).delete()) > 0
}

/** Which of these keys have a file, or may have one soon. */
export async function findKnownKeys(db: Db, keys: readonly string[], nowMs: number): Promise<Set<string>> {
  const rows = await db('transfer_cache')
    .whereIn('key', [...keys])
    .andWhere((open) => open.where({ state: 'present' }).orWhereRaw(LIVE_OWNER, [nowMs, nowMs]))
    .select('key')
  return new Set(rows.map(({ key }: { key: string }) => key))
}

/** Claims of requests that ended without giving them up: those that were cancelled while nobody had them. */
export async function dropStaleClaims(db: Db): Promise<number> {
  return db('transfer_cache_claims')
    .whereIn('file_id', db('transfer_files').where({ queue: 'none' }).select('id'))
    .delete()
}

/** Locks and rows that lead to nothing any more. */
export async function dropEmptyRows(db: Db, nowMs: number): Promise<number> {
  return db('transfer_cache')
    .where({ state: 'empty' })
    .whereRaw(`(lock_owner is null or not ${LIVE_OWNER})`, [nowMs, nowMs])
    .delete()
}
