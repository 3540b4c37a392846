import { ForbiddenError, PreconditionFailedError } from '../../platform/errors.ts'
import type { FileIndex, FileRow, FileRowChange } from '../catalogue/file-index.ts'
import { mediaTypeOf, parentRowOf, targetOf, toEntry } from '../entries.ts'
import { recordVersion } from '../kept/keep-version.ts'
import { formatPath, isWithin, nameOf, parentOf } from '../paths.ts'
import type { RelocateOptions, StorePath, WriteResult } from '../types.ts'
import { clearTheWay, type Kept, removeOverwritten } from './clear-the-way.ts'
import { onDisk } from './disk-tree.ts'
import type { IndexSync } from './index-sync.ts'
import { changeMembers, type SpaceContext } from './space-context.ts'

/** What is asked of a copy or move. */
export interface Relocation {
  from: StorePath
  to: StorePath
  options: RelocateOptions
}

/**
 * Throws `ForbiddenError` for what RFC 4918 9.8.5 and 9.9.4 forbid: source and destination the same, one
 * inside the other, or the root of a drive.
 */
export function checkRelocation(from: StorePath, to: StorePath): void {
  if (from.length === 0 || to.length === 0) throw new ForbiddenError('The root of a drive stays where it is.')
  if (isWithin(to, from) || isWithin(from, to)) {
    const message = `${formatPath(from)} and ${formatPath(to)} are the same or lie in one another; choose another place.`
    throw new ForbiddenError(message)
  }
}

/** What is overwritten, if anything; `PreconditionFailedError` when that may not be. */
export function checkDestination(
  to: StorePath,
  chain: FileRow[],
  options: RelocateOptions,
): FileRow | undefined {
  parentRowOf(to, chain)
  const present = chain[to.length]
  if (present === undefined || options.overwrite) return present
  throw new PreconditionFailedError(
    `Something is at ${formatPath(to)} already, and it may not be overwritten.`,
  )
}

/** Renames a file or folder; ids, etags and properties of what is moved stay. */
export async function moveLocal(
  space: SpaceContext,
  sync: IndexSync,
  { from, to, options }: Relocation,
): Promise<WriteResult> {
  checkRelocation(from, to)
  return await space.staging.lend((remains) =>
    space.queue.run(async () => {
      const source = await sync.refresh(from)
      const row = targetOf(from, source)
      const target = await sync.refresh(to)
      const present = checkDestination(to, target, options)
      const folders = [
        { path: parentOf(from), row: parentRowOf(from, source) },
        { path: parentOf(to), row: parentRowOf(to, target) },
      ] as const
      let toChange: FileRowChange = {}
      let kept: Kept = {}
      const fromChange = await onDisk(to, () =>
        changeMembers(space, folders[0], async () => {
          toChange = await changeMembers(space, folders[1], async () => {
            kept = await clearTheWay(space, to, { present, by: row, remains })
            await space.disk.rename(from, to)
            for (const folder of folders) await space.staging.flushFolder(space.disk.localPath(folder.path))
          })
        }),
      )
      return await space.index.change((index) =>
        recordMove(space, index, { from, to, fromChange, toChange, kept }),
      )
    }),
  )
}

interface Move {
  from: StorePath
  to: StorePath
  fromChange: FileRowChange
  toChange: FileRowChange
  kept: Kept
}

async function recordMove(space: SpaceContext, index: FileIndex, move: Move): Promise<WriteResult> {
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
