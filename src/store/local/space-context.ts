import type { Clock } from '../../platform/clock.ts'
import { ConflictError } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import type { DiskFacts, FileIndex, FileRow, FileRowChange } from '../catalogue/file-index.ts'
import { newEtag } from '../catalogue/files-repo.ts'
import { mediaTypeOf } from '../entries.ts'
import { formatPath } from '../paths.ts'
import type { Checksums, FileStore, StorePath } from '../types.ts'
import type { DiskTree } from './disk-tree.ts'
import type { HotFiles } from './hot-files.ts'
import type { SerialQueue } from './serial-queue.ts'
import type { Staging } from './staging.ts'

/** What the parts of a local store share. */
export interface SpaceContext {
  id: string
  index: FileIndex
  disk: DiskTree
  staging: Staging
  /** Changes of tree and index stand in one queue, so that both always change together. */
  queue: SerialQueue
  clock: Clock
  /** Small files that are read often, kept in memory. */
  hot?: HotFiles
  /** Where what is deleted and overwritten goes; without it, it is gone. */
  kept?: KeptTrees
}

/** The trees beside a drive that take what is deleted and what is overwritten, where that is kept. */
export interface KeptTrees {
  trash?: KeptTree
  versions?: KeptTree
}

/** One of them, as its own small space; its queue is that of the drive. */
export interface KeptTree {
  space: SpaceContext
  rootId: string
  store: FileStore
}

/** The row of something that was not in the index before. */
export function newRow(
  space: SpaceContext,
  place: { parentId: string | null; name: string },
  facts: DiskFacts,
  known: { mediaType?: string | undefined; checksums?: Checksums } = {},
): FileRow {
  return {
    ...facts,
    ...place,
    id: newId(),
    // A folder that was not read yet has no time, so that its first listing reads it.
    diskMtimeNs: facts.kind === 'folder' ? '' : facts.diskMtimeNs,
    diskSeenMs: 0,
    etag: newEtag(),
    mediaType: known.mediaType ?? mediaTypeOf(place.name, facts.kind),
    checksums: known.checksums ?? {},
    createdAtMs: space.clock.nowMs(),
  }
}

/**
 * Changes the members of a folder on the disk and returns what the index then knows of the folder. Its
 * time on the disk is taken over only when it was known before, so a change from outside stays noticed.
 */
export async function changeMembers(
  space: SpaceContext,
  folder: { path: StorePath; row: FileRow },
  work: () => Promise<void>,
): Promise<FileRowChange> {
  const { path, row } = folder
  const before = await space.disk.hotFacts(path, path)
  // The same inode is the same folder that was found to lie inside the tree when it was indexed.
  if (before?.inode !== row.inode) throw overtaken(path)
  await work()
  const after = await space.disk.hotFacts(path, path)
  if (after === undefined) throw overtaken(path)
  const isKnown = before.diskMtimeNs === row.diskMtimeNs
  return {
    mtimeMs: after.mtimeMs,
    diskMtimeNs: isKnown ? after.diskMtimeNs : '',
    diskSeenMs: isKnown ? space.clock.nowMs() : 0,
  }
}

/** The error for a folder that vanished or was replaced between two looks at it. */
export function overtaken(path: StorePath): ConflictError {
  return new ConflictError(`The folder ${formatPath(path)} changed meanwhile. Look at it again and repeat.`)
}
