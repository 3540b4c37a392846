import { ForbiddenError, PreconditionFailedError } from '../platform/errors.ts'
import { type StagedTree, stageCopy } from './copy-tree.ts'
import { onDisk } from './disk-tree.ts'
import { mediaTypeOf, parentRowOf, targetOf, toEntry } from './entries.ts'
import type { FileIndex, FileRow, FileRowChange } from './file-index.ts'
import { newEtag } from './files-repo.ts'
import type { IndexSync } from './index-sync.ts'
import { formatPath, isWithin, nameOf, parentOf } from './paths.ts'
import { changeMembers, type SpaceContext } from './space-context.ts'
import type { CopyOptions, RelocateOptions, StorePath, WriteResult } from './types.ts'

interface Relocation {
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

function checkDestination(to: StorePath, chain: FileRow[], options: RelocateOptions): FileRow | undefined {
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
      const fromChange = await onDisk(to, () =>
        changeMembers(space, folders[0], async () => {
          toChange = await changeMembers(space, folders[1], async () => {
            await clearTheWay(space, to, { present, by: row, remains })
            await space.disk.rename(from, to)
            for (const folder of folders) await space.staging.flushFolder(space.disk.localPath(folder.path))
          })
        }),
      )
      return await space.index.change((index) => recordMove(index, { from, to, fromChange, toChange }))
    }),
  )
}

/** A file is replaced by the rename itself; anything else has to make room first. */
async function clearTheWay(
  space: SpaceContext,
  to: StorePath,
  { present, by, remains }: { present: FileRow | undefined; by: { kind: string }; remains: string },
): Promise<void> {
  if (present === undefined || (present.kind === 'file' && by.kind === 'file')) return
  await space.disk.expel(to, remains)
}

async function recordMove(
  index: FileIndex,
  move: { from: StorePath; to: StorePath; fromChange: FileRowChange; toChange: FileRowChange },
): Promise<WriteResult> {
  const { from, to } = move
  const source = await index.chain(from)
  const target = await index.chain(to)
  const row = targetOf(from, source)
  const parent = parentRowOf(to, target)
  const present = target[to.length]
  if (present !== undefined) await index.removeTree(present.id)
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

/** Copies a file or folder beside the tree, then makes it visible in one step. */
export async function copyLocal(
  space: SpaceContext,
  sync: IndexSync,
  { from, to, options }: Relocation & { options: CopyOptions },
): Promise<WriteResult> {
  if (options.depth !== '0' || from.length === 0 || to.length === 0 || isWithin(from, to))
    checkRelocation(from, to)
  targetOf(from, await sync.fresh(from))
  checkDestination(to, await sync.fresh(to), options)
  return await space.staging.lend((localPath) =>
    space.staging.lend(async (remains) => {
      const depth = options.depth ?? 'infinity'
      const tree = await onDisk(to, () => stageCopy(space, sync, { from, to, localPath, depth }))
      return await space.queue.run(async () => {
        const target = await sync.refresh(to)
        const present = checkDestination(to, target, options)
        const folder = { path: parentOf(to), row: parentRowOf(to, target) }
        const folderChange = await onDisk(to, () =>
          changeMembers(space, folder, async () => {
            await clearTheWay(space, to, { present, by: tree.row, remains })
            await space.disk.adopt(localPath, to)
            await space.staging.flushFolder(space.disk.localPath(folder.path))
          }),
        )
        return await space.index.change((index) => recordCopy(index, { to, tree, folderChange }))
      })
    }),
  )
}

async function recordCopy(
  index: FileIndex,
  { to, tree, folderChange }: { to: StorePath; tree: StagedTree; folderChange: FileRowChange },
): Promise<WriteResult> {
  const chain = await index.chain(to)
  const parent = parentRowOf(to, chain)
  const present = chain[to.length]
  let row = { ...tree.row, parentId: parent.id }
  const pairs = tree.rows.map(({ sourceId, row: copy }) => [sourceId, copy.id] as const)
  if (present?.kind === 'file' && row.kind === 'file') {
    // Overwritten, not replaced: the destination keeps its identity, as with a PUT.
    row = { ...row, id: present.id, createdAtMs: present.createdAtMs, etag: newEtag() }
    await index.update(row.id, row)
    await index.copyProperties(pairs.map(([sourceId]) => [sourceId, present.id] as const))
  } else {
    if (present !== undefined) await index.removeTree(present.id)
    await index.insert(tree.rows.map((copy) => (copy.row === tree.row ? row : copy.row)))
    await index.copyProperties(pairs)
  }
  await index.update(parent.id, folderChange)
  await index.bump(
    chain.slice(0, to.length).map((one) => one.id),
    row.sizeBytes - (present?.sizeBytes ?? 0),
  )
  return { entry: toEntry(row), created: present === undefined }
}
