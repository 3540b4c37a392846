import type { FileIndex, FileRow } from '../catalogue/file-index.ts'
import { type KeptVersion, keepVersion } from '../kept/keep-version.ts'
import { findTrashPlace, recordTrashed, type TrashPlace } from '../kept/trash-place.ts'
import type { StorePath } from '../types.ts'
import type { SpaceContext } from './space-context.ts'

/** Where that went which stood in the way. */
export interface Kept {
  version?: KeptVersion | undefined
  place?: TrashPlace | undefined
}

/** A file is replaced by the rename itself and becomes a version; anything else has to make room first. */
export async function clearTheWay(
  space: SpaceContext,
  to: StorePath,
  { present, by, remains }: { present: FileRow | undefined; by: FileRow; remains: string },
): Promise<Kept> {
  if (present === undefined) return {}
  if (present.kind === 'file' && by.kind === 'file') {
    return { version: await keepVersion(space, to, present) }
  }
  const place = await findTrashPlace(space, present.name)
  await space.disk.expel(to, place?.localPath ?? remains)
  return { place }
}

export async function removeOverwritten(
  index: FileIndex,
  present: FileRow | undefined,
  { to, place }: { to: StorePath; place: TrashPlace | undefined },
): Promise<void> {
  if (present === undefined) return
  if (place === undefined) await index.removeTree(present.id)
  else await recordTrashed(index, present, { path: to, place })
}
