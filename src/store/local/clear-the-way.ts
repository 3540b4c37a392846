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

export interface InTheWay {
  present: FileRow | undefined
  by: FileRow
  /** Where that goes which is kept nowhere. */
  remains: string
}

/** Makes room for what `put` renames to a place. When that fails, what stood there stands there again. */
export async function putInPlace(
  space: SpaceContext,
  to: StorePath,
  inTheWay: InTheWay,
  put: () => Promise<void>,
): Promise<Kept> {
  const kept = await clearTheWay(space, to, inTheWay)
  try {
    await put()
  } catch (error) {
    const { present, by, remains } = inTheWay
    const isOut = present !== undefined && !isReplacedAtOnce(present, by)
    // The first error is the one to tell; what cannot go back is where it was put.
    if (isOut) await space.disk.adopt(kept.place?.localPath ?? remains, to).catch(() => undefined)
    throw error
  }
  return kept
}

/** A file is replaced by the rename itself and becomes a version; anything else has to make room first. */
async function clearTheWay(
  space: SpaceContext,
  to: StorePath,
  { present, by, remains }: InTheWay,
): Promise<Kept> {
  if (present === undefined) return {}
  if (isReplacedAtOnce(present, by)) {
    return { version: await keepVersion(space, to, present) }
  }
  const place = await findTrashPlace(space, present.name)
  await space.disk.expel(to, place?.localPath ?? remains)
  return { place }
}

function isReplacedAtOnce(present: FileRow, by: FileRow): boolean {
  return present.kind === 'file' && by.kind === 'file'
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
