import { localities } from './wire.ts'

/** A file to be brought from tape to disk. */
export interface TapeFile {
  /** As the tape system knows it: `tapePathOf` of its URL. */
  path: string
  /** How long it should stay on disk, ISO 8601, such as `PT48H`. */
  diskLifetime?: string
  /** For the site alone, under its name. */
  targetedMetadata?: Record<string, Record<string, string>>
}

/** How far one file is. */
export interface StagedFile {
  path: string
  state: 'waiting' | 'online' | 'failed' | 'cancelled'
  /** What the tape system says of a failure. */
  error?: string
}

export type Locality = (typeof localities)[number]

/** A locality that the specification knows; undefined for anything else. */
export function toLocality(text: string | undefined): Locality | undefined {
  return localities.find((one) => one === text)
}

/** Where the copies of one file lie. */
export interface ArchiveInfo {
  path: string
  locality?: Locality
  /** Why that is not known. */
  error?: string
}

/** True when its bytes can be read at once. */
export function isOnline({ locality }: ArchiveInfo): boolean {
  return locality === 'DISK' || locality === 'DISK_AND_TAPE'
}

/** True when a copy of it is safe on tape. */
export function isArchived({ locality }: ArchiveInfo): boolean {
  return locality === 'TAPE' || locality === 'DISK_AND_TAPE'
}
