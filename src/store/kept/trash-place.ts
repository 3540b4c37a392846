import type { FileIndex, FileRow } from '../catalogue/file-index.ts'
import { factsOf } from '../local/disk-facts.ts'
import type { SpaceContext } from '../local/space-context.ts'
import { truncateName } from '../paths.ts'
import type { StorePath } from '../types.ts'

/** Where something deleted goes; nothing lies there yet. */
export interface TrashPlace {
  /** The trash's own root in the index. */
  rootId: string
  name: string
  localPath: string
  deletedAtMs: number
}

/** A free place in the trash, or undefined for a drive without one. Call it in the drive's queue. */
export async function findTrashPlace(space: SpaceContext, name: string): Promise<TrashPlace | undefined> {
  const tree = space.kept?.trash
  if (tree === undefined) return undefined
  const { space: trash, rootId } = tree
  const deletedAtMs = space.clock.nowMs()
  for (let seconds = Math.floor(deletedAtMs / 1_000); ; seconds++) {
    const place = trashName(name, seconds)
    const localPath = trash.disk.localPath([place])
    if ((await factsOf(localPath)) === undefined) return { rootId, name: place, localPath, deletedAtMs }
  }
}

/** Nextcloud's form: the name and when it was deleted, in seconds since 1970. */
function trashName(name: string, seconds: number): string {
  const suffix = `.d${seconds}`
  return truncateName(name, Buffer.byteLength(suffix)) + suffix
}

/** The name and time in a name of the trash; for what somebody else put there, the name as it is. */
export function parseTrashName(text: string): { name: string; deletedAtMs: number | undefined } {
  const [, name = text, seconds] = /^(.+)\.d(\d{1,12})$/su.exec(text) ?? []
  return { name, deletedAtMs: seconds === undefined ? undefined : Number(seconds) * 1_000 }
}

/**
 * Hangs the row of something deleted from `path` into the trash, with a transaction of the drive's
 * index; its id, properties and checksums stay.
 */
export async function recordTrashed(
  index: FileIndex,
  row: FileRow,
  { path, place }: { path: StorePath; place: TrashPlace },
): Promise<void> {
  await index.update(row.id, { parentId: place.rootId, name: place.name })
  await index.kept.recordOrigin(row.id, { path, deletedAtMs: place.deletedAtMs })
  await index.bump([place.rootId], row.sizeBytes)
  await index.update(place.rootId, { diskMtimeNs: '' })
}
