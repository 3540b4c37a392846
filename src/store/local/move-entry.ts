import type { FileIndex, FileRow, FileRowChange, Heir } from '../catalogue/file-index.ts'
import { mediaTypeOf, parentRowOf, targetOf, toEntry } from '../entries.ts'
import { recordVersion } from '../kept/keep-version.ts'
import { nameOf, parentOf } from '../paths.ts'
import type { StorePath, WriteResult } from '../types.ts'
import { type Kept, putInPlace, removeOverwritten } from './clear-the-way.ts'
import { onDisk } from './disk-tree.ts'
import type { IndexSync } from './index-sync.ts'
import { checkDestination, type Relocation } from './relocation.ts'
import { changeMembers, type SpaceContext } from './space-context.ts'

export interface MovedEntry extends WriteResult {
  /** What is to have the versions of what it replaced; it is remembered until somebody sees to it. */
  heir?: Heir | undefined
}

/**
 * Renames a file or folder on the disk, then in the index; call it in the space's queue. `remains`: where
 * that goes which is overwritten and kept nowhere.
 */
export async function moveEntry(
  space: SpaceContext,
  sync: IndexSync,
  { from, to, options, remains }: Relocation & { remains: string },
): Promise<MovedEntry> {
  const source = await sync.refresh(from)
  const row = targetOf(from, source)
  const target = await sync.refresh(to)
  const present = checkDestination(to, target, options)
  const keyOf = (path: StorePath) => ({ scope: space.id, path })
  await options.check?.({ removed: keyOf(from), put: keyOf(to), isNew: present === undefined })
  const folders = [
    { path: parentOf(from), row: parentRowOf(from, source) },
    { path: parentOf(to), row: parentRowOf(to, target) },
  ] as const
  const heir = heirOf(space, present, row)
  if (heir !== undefined) await space.index.kept.recordHeir(heir)
  let toChange: FileRowChange = {}
  let kept: Kept = {}
  const fromChange = await onDisk(to, () =>
    changeMembers(space, folders[0], async () => {
      toChange = await changeMembers(space, folders[1], async () => {
        const inTheWay = { present, by: row, remains }
        kept = await putInPlace(space, to, inTheWay, () => space.disk.rename(from, to))
        for (const folder of folders) await space.staging.flushFolder(space.disk.localPath(folder.path))
      })
    }),
  )
  const move = { from, to, fromChange, toChange, kept }
  const result = await space.index.change((index) => recordMove(space, index, move))
  return { ...result, heir }
}

function heirOf(space: SpaceContext, present: FileRow | undefined, by: FileRow): Heir | undefined {
  const isKept = space.kept?.versions !== undefined && present?.kind === 'file' && by.kind === 'file'
  return isKept ? { fileId: present.id, heirId: by.id } : undefined
}

/** What the disk shows of a move, and what it kept. */
export interface Move {
  from: StorePath
  to: StorePath
  fromChange: FileRowChange
  toChange: FileRowChange
  kept: Kept
}

/** Takes a move that was made on the disk over into the index, with one of its transactions. */
export async function recordMove(space: SpaceContext, index: FileIndex, move: Move): Promise<WriteResult> {
  const { from, to, kept } = move
  const source = await index.chain(from)
  const target = await index.chain(to)
  const row = targetOf(from, source)
  const parent = parentRowOf(to, target)
  const present = target[to.length]
  await removeOverwritten(index, present, { to, place: kept.place })
  await recordVersion(space, index, kept.version)
  const change = { parentId: parent.id, name: nameOf(to), mediaType: renamedMediaType(row, nameOf(to)) }
  await index.update(row.id, change)
  await index.update(parentRowOf(from, source).id, move.fromChange)
  await index.update(parent.id, move.toChange)
  await index.bump(
    source.slice(0, from.length).map((one) => one.id),
    -row.sizeBytes,
  )
  await index.bump(
    target.slice(0, to.length).map((one) => one.id),
    row.sizeBytes - (present?.sizeBytes ?? 0),
  )
  return { entry: toEntry({ ...row, ...change }), created: present === undefined }
}

/** Clients upload as `x.part` and rename; a type that came from the old name follows the new one. */
function renamedMediaType(row: FileRow, name: string): string {
  return row.mediaType === mediaTypeOf(row.name, row.kind) ? mediaTypeOf(name, row.kind) : row.mediaType
}
