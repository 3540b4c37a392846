import type { FileIndex, FileRowChange } from '../catalogue/file-index.ts'
import { newEtag } from '../catalogue/files-repo.ts'
import { parentRowOf, targetOf, toEntry } from '../entries.ts'
import { recordVersion } from '../kept/keep-version.ts'
import { isWithin, parentOf } from '../paths.ts'
import type { CopyOptions, StorePath, WriteResult } from '../types.ts'
import { type Kept, putInPlace, removeOverwritten } from './clear-the-way.ts'
import { type StagedTree, stageCopy } from './copy-tree.ts'
import { onDisk } from './disk-tree.ts'
import type { IndexSync } from './index-sync.ts'
import { checkDestination, checkRelocation, type Relocation } from './relocation.ts'
import { changeMembers, type SpaceContext } from './space-context.ts'

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
        await options.check?.({ put: { scope: space.id, path: to }, isNew: present === undefined })
        let kept: Kept = {}
        const folderChange = await onDisk(to, () =>
          changeMembers(space, folder, async () => {
            const inTheWay = { present, by: tree.row, remains }
            kept = await putInPlace(space, to, inTheWay, () => space.disk.adopt(localPath, to))
            await space.staging.flushFolder(space.disk.localPath(folder.path))
          }),
        )
        return await space.index.change((index) => recordCopy(space, index, { to, tree, folderChange, kept }))
      })
    }),
  )
}

interface Copied {
  to: StorePath
  tree: StagedTree
  folderChange: FileRowChange
  kept: Kept
}

async function recordCopy(
  space: SpaceContext,
  index: FileIndex,
  { to, tree, folderChange, kept }: Copied,
): Promise<WriteResult> {
  const chain = await index.chain(to)
  const parent = parentRowOf(to, chain)
  const present = chain[to.length]
  let row = { ...tree.row, parentId: parent.id }
  const pairs = tree.rows.map(({ sourceId, row: copy }) => [sourceId, copy.id] as const)
  if (present?.kind === 'file' && row.kind === 'file') {
    // Overwritten, not replaced: the destination keeps its identity, as with a PUT.
    row = { ...row, id: present.id, createdAtMs: present.createdAtMs, etag: newEtag() }
    const { parentId: _parentId, name: _name, ...content } = row
    await index.update(row.id, content)
    await index.properties.copy(pairs.map(([sourceId]) => [sourceId, present.id] as const))
  } else {
    await removeOverwritten(index, present, { to, place: kept.place })
    await index.insert(tree.rows.map((copy) => (copy.row === tree.row ? row : copy.row)))
    await index.properties.copy(pairs)
  }
  await recordVersion(space, index, kept.version)
  await index.update(parent.id, folderChange)
  await index.bump(
    chain.slice(0, to.length).map((one) => one.id),
    row.sizeBytes - (present?.sizeBytes ?? 0),
  )
  return { entry: toEntry(row), created: present === undefined }
}
