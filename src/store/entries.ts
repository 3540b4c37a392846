import { lookup } from 'mime-types'
import { ConflictError, MethodNotAllowedError, NotFoundError } from '../platform/errors.ts'
import type { FileRow } from './catalogue/file-index.ts'
import { formatPath, parentOf } from './paths.ts'
import type { DeadProperty, Entry, EntryKind, Rights, StorePath } from './types.ts'

/** One for all: a listing of 10,000 entries needs no 10,000 copies. */
const ALL_RIGHTS: Rights = Object.freeze({ read: true, write: true, share: true })
export const FOLDER_MEDIA_TYPE = 'httpd/unix-directory'

/** The media type a name suggests. */
export function mediaTypeOf(name: string, kind: EntryKind): string {
  if (kind === 'folder') return FOLDER_MEDIA_TYPE
  return lookup(name) || 'application/octet-stream'
}

/** What the world sees of a row. */
export function toEntry(row: FileRow, properties?: DeadProperty[]): Entry {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    sizeBytes: row.sizeBytes,
    mtimeMs: row.mtimeMs,
    createdAtMs: row.createdAtMs,
    etag: row.etag,
    mediaType: row.mediaType,
    checksums: row.checksums,
    rights: ALL_RIGHTS,
    ...(properties !== undefined && { properties }),
  }
}

/** By code units: the same order on every machine and engine. */
export function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

/** The row of a path from its chain; throws `NotFoundError` when the chain ends before. */
export function targetOf<T>(path: StorePath, chain: readonly T[]): T {
  const row = chain[path.length]
  if (row === undefined) throw notFound(path)
  return row
}

/** The row of the folder a path lies in; throws `ConflictError` when there is none (RFC 4918 9.7.1). */
export function parentRowOf(path: StorePath, chain: readonly FileRow[]): FileRow {
  const row = chain[path.length - 1]
  if (row?.kind === 'folder') return row
  throw new ConflictError(`There is no folder ${formatPath(parentOf(path))}. Create it first.`)
}

export function notFound(path: StorePath): NotFoundError {
  return new NotFoundError(`There is nothing at ${formatPath(path)}.`)
}

export function wrongKind(path: StorePath, is: EntryKind): MethodNotAllowedError {
  return new MethodNotAllowedError(`${formatPath(path)} is a ${is}; this cannot be done with a ${is}.`)
}
