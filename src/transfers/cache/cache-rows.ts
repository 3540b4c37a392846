import type { Checksums } from '../../store/types.ts'

/** One cached file, or the lock of one that is being fetched. */
export interface CacheRow {
  key: string
  url: string
  state: 'empty' | 'present'
  sizeBytes: number
  mtimeMs: number | null
  etag: string | null
  checksums: Checksums
  diskMark: string
  usedAtMs: number
}

/** A row of `transfer_cache`. */
export interface Row {
  key: string
  url: string
  state: 'empty' | 'present'
  size_bytes: number
  mtime_ms: number | null
  etag: string | null
  checksums: string
  disk_mark: string
  used_at_ms: number
  lock_owner: string | null
}

/**
 * A lock is alive as long as somebody works on the request that holds it, or a tape system does for it. So
 * it needs no lease of its own, and none is stuck when its owner dies, fails, rests or is cancelled.
 */
export const LIVE_OWNER = `exists (select 1 from transfer_files f where f.id = transfer_cache.lock_owner and f.queue = 'held'
  and ((f.lease_owner is not null and f.next_at_ms > ?)
    or (f.state = 'STAGING_PREPARING_WAIT' and transfer_cache.lock_until_ms > ?)))`

export function fromRow(row: Row): CacheRow {
  return {
    key: row.key,
    url: row.url,
    state: row.state,
    sizeBytes: row.size_bytes,
    mtimeMs: row.mtime_ms,
    etag: row.etag,
    checksums: JSON.parse(row.checksums) as Checksums,
    diskMark: row.disk_mark,
    usedAtMs: row.used_at_ms,
  }
}
