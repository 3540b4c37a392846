import { type Db, inTransaction, isPostgres } from '../../platform/db.ts'
import type { CacheKey } from './cache-key.ts'
import { type CacheRow, fromRow, LIVE_OWNER, type Row } from './cache-rows.ts'

/** How long the right of a user to a cached file holds before the source is asked again. */
export const GRANT_MS = 86_400_000
/** How long a request that waits for a tape keeps the lock of its file. */
const MAX_LOCK_MS = 86_400_000

/** `locked`: the asker fetches it, for all; `wait`: somebody else does; `present`: it is here. */
export type Admission =
  | { kind: 'locked' }
  | { kind: 'wait'; looks: number; sinceMs: number }
  | { kind: 'present'; row: CacheRow }

export interface Admitted {
  fileId: string
  nowMs: number
  /** What is here is not good enough: fetch it again. */
  isRenewed?: boolean
}

/** Says what a request may do with a source: take it, fetch it for all, or wait. */
export function admit(db: Db, key: CacheKey, asked: Admitted): Promise<Admission> {
  return inTransaction(db, async (tx) => {
    const { fileId, nowMs } = asked
    const born = { ...key, state: 'empty', created_at_ms: nowMs, used_at_ms: nowMs }
    await tx('transfer_cache').insert(born).onConflict('key').ignore()
    const query = tx<Row>('transfer_cache').where({ key: key.key })
    const row = (await (isPostgres(db) ? query.forUpdate() : query).first()) as Row
    const isForeign = row.lock_owner !== null && row.lock_owner !== fileId
    if (isForeign && (await isLocked(tx, key.key, nowMs))) return wait(tx, key.key, asked)
    if (row.state === 'present' && asked.isRenewed !== true && row.lock_owner !== fileId) {
      await claim(tx, key.key, fileId, { kind: 'use', nowMs })
      await tx('transfer_cache').where({ key: key.key }).update({ used_at_ms: nowMs })
      return { kind: 'present', row: fromRow(row) }
    }
    const lock = { lock_owner: fileId, lock_until_ms: nowMs + MAX_LOCK_MS, state: 'empty', size_bytes: 0 }
    await tx('transfer_cache').where({ key: key.key }).update(lock)
    await tx('transfer_cache_grants').where({ key: key.key }).delete()
    await tx('transfer_cache_claims').where({ file_id: fileId }).delete()
    return { kind: 'locked' }
  })
}

async function isLocked(tx: Db, key: string, nowMs: number): Promise<boolean> {
  return (
    (await tx('transfer_cache').where({ key }).whereRaw(LIVE_OWNER, [nowMs, nowMs]).first('key')) !==
    undefined
  )
}

async function wait(tx: Db, key: string, { fileId, nowMs }: Admitted): Promise<Admission> {
  const { looks, sinceMs } = await claim(tx, key, fileId, { kind: 'wait', nowMs })
  return { kind: 'wait', looks, sinceMs }
}

async function claim(
  tx: Db,
  key: string,
  fileId: string,
  { kind, nowMs }: { kind: 'wait' | 'use'; nowMs: number },
) {
  const before = await tx('transfer_cache_claims')
    .where({ file_id: fileId, key, kind })
    .first('looks', 'since_ms')
  const looks = Number(before?.looks ?? 0) + 1
  const sinceMs = kind === 'wait' ? Number(before?.since_ms ?? nowMs) : nowMs
  const row = { file_id: fileId, key, kind, looks, since_ms: sinceMs }
  await tx('transfer_cache_claims').insert(row).onConflict('file_id').merge()
  return { looks, sinceMs }
}

/** A file that was fetched by the holder of its lock. */
export interface StoredFile
  extends Pick<CacheRow, 'sizeBytes' | 'mtimeMs' | 'etag' | 'checksums' | 'diskMark'> {
  fileId: string
  userId: string
  nowMs: number
  grantUntilMs: number
}

/** True when the request still holds the lock. */
export async function holdsLock(db: Db, key: string, fileId: string): Promise<boolean> {
  return (await db('transfer_cache').where({ key, lock_owner: fileId }).first('key')) !== undefined
}

/** The file is here for all, the lock is gone, who waited goes on. False when the lock was lost before. */
export function noteStored(db: Db, key: string, stored: StoredFile): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    const { fileId, nowMs } = stored
    const count = await tx('transfer_cache')
      .where({ key, lock_owner: fileId })
      .update({
        state: 'present',
        size_bytes: stored.sizeBytes,
        mtime_ms: stored.mtimeMs,
        etag: stored.etag,
        checksums: JSON.stringify(stored.checksums),
        disk_mark: stored.diskMark,
        used_at_ms: nowMs,
        lock_owner: null,
      })
    if (count === 0) return false
    await grantTo(tx, key, { userId: stored.userId, expiresAtMs: stored.grantUntilMs })
    await wakeWaiting(tx, key, nowMs)
    return true
  })
}

/** Gives up whatever a request has of the cache: its lock, its wait, its use. Those who waited go on. */
export function leave(db: Db, fileId: string, nowMs: number): Promise<void> {
  return inTransaction(db, async (tx) => {
    await tx('transfer_cache_claims').where({ file_id: fileId }).delete()
    const locks = (await tx('transfer_cache')
      .where({ lock_owner: fileId })
      .update({ lock_owner: null })
      .returning('key')) as { key: string }[]
    for (const { key } of locks) await wakeWaiting(tx, key, nowMs)
  })
}

/** Only those that rest: the others look by themselves when their rest begins. */
async function wakeWaiting(tx: Db, key: string, nowMs: number): Promise<void> {
  await tx('transfer_files')
    .whereIn('id', tx('transfer_cache_claims').where({ key, kind: 'wait' }).select('file_id'))
    .andWhere({ queue: 'held', state: 'CACHE_WAIT' })
    .whereNull('lease_owner')
    .update({ next_at_ms: nowMs })
}

export async function hasGrant(db: Db, key: string, userId: string, nowMs: number): Promise<boolean> {
  const row = await db('transfer_cache_grants')
    .where({ key, user_id: userId })
    .andWhere('expires_at_ms', '>', nowMs)
    .first('key')
  return row !== undefined
}

export async function grantTo(
  db: Db,
  key: string,
  { userId, expiresAtMs }: { userId: string; expiresAtMs: number },
): Promise<void> {
  const row = { key, user_id: userId, expires_at_ms: expiresAtMs }
  await db('transfer_cache_grants').insert(row).onConflict(['key', 'user_id']).merge()
}

/** The file is not what was stored: whoever comes next fetches it anew. */
export async function invalidate(db: Db, key: string, diskMark: string): Promise<boolean> {
  const same = { key, state: 'present' as const, disk_mark: diskMark }
  return (await db('transfer_cache').where(same).update({ state: 'empty', size_bytes: 0 })) > 0
}
