import { toSortName } from '../sort-name.ts'
import type { EntryKind } from '../types.ts'
import type { FileRow, FileRowChange } from './file-index.ts'

/** A row of the table `files` as the database gives it. */
export interface FileColumns {
  id: string
  parent_id: string | null
  name: string
  sort_name: string
  kind: EntryKind
  size_bytes: number
  mtime_ms: number
  disk_mtime_ns: string
  disk_seen_ms: number
  inode: string
  disk_birth_ns: string
  etag: string
  media_type: string
  sha256: string | null
  sha1: string | null
  md5: string | null
  adler32: string | null
  crc32c: string | null
  created_at_ms: number
  changed_seq: number
  placed_seq: number
}

/** What the rest of the store knows of a row. */
export function toRow(found: FileColumns): FileRow {
  const { sha256, sha1, md5, adler32, crc32c } = found
  return {
    id: found.id,
    parentId: found.parent_id,
    name: found.name,
    kind: found.kind,
    sizeBytes: found.size_bytes,
    mtimeMs: found.mtime_ms,
    diskMtimeNs: found.disk_mtime_ns,
    diskSeenMs: found.disk_seen_ms,
    inode: found.inode,
    diskBirthNs: found.disk_birth_ns,
    etag: found.etag,
    mediaType: found.media_type,
    checksums: {
      ...(sha256 !== null && { sha256 }),
      ...(sha1 !== null && { sha1 }),
      ...(md5 !== null && { md5 }),
      ...(adler32 !== null && { adler32 }),
      ...(crc32c !== null && { crc32c }),
    },
    createdAtMs: found.created_at_ms,
  }
}

/** The columns of those facts that change. */
export function toColumns(change: FileRowChange): Partial<FileColumns> {
  const sums = change.checksums
  return {
    ...(change.parentId !== undefined && { parent_id: change.parentId }),
    ...(change.name !== undefined && { name: change.name, sort_name: toSortName(change.name) }),
    ...(change.sizeBytes !== undefined && { size_bytes: change.sizeBytes }),
    ...(change.mtimeMs !== undefined && { mtime_ms: change.mtimeMs }),
    ...(change.diskMtimeNs !== undefined && { disk_mtime_ns: change.diskMtimeNs }),
    ...(change.diskSeenMs !== undefined && { disk_seen_ms: change.diskSeenMs }),
    ...(change.inode !== undefined && { inode: change.inode }),
    ...(change.diskBirthNs !== undefined && { disk_birth_ns: change.diskBirthNs }),
    ...(change.etag !== undefined && { etag: change.etag }),
    ...(change.mediaType !== undefined && { media_type: change.mediaType }),
    ...(sums !== undefined && {
      sha256: sums.sha256 ?? null,
      sha1: sums.sha1 ?? null,
      md5: sums.md5 ?? null,
      adler32: sums.adler32 ?? null,
      crc32c: sums.crc32c ?? null,
    }),
  }
}
