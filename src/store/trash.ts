import { onDisk } from './disk-tree.ts'
import { mediaTypeOf, parentRowOf, targetOf, toEntry } from './entries.ts'
import type { FileRow, FileRowChange } from './file-index.ts'
import { IndexSync } from './index-sync.ts'
import type { KeptTree } from './kept-trees.ts'
import { nameOf, parentOf, truncateName } from './paths.ts'
import { RightsStore, VIEWER_RIGHTS } from './rights-store.ts'
import { changeMembers, type SpaceContext } from './space-context.ts'
import { parseTrashName } from './trash-place.ts'
import type { Entry, FileStore, StorePath, WriteConditions } from './types.ts'

/** Something that was deleted and can come back. */
export interface TrashedEntry {
  /** As it lies in the trash; its `name` there is that of no other. */
  entry: Entry
  /** Where it was. */
  path: StorePath
  deletedAtMs: number
}

/** What was deleted from a drive, until it is restored, removed for good or too old. */
export interface Trash {
  /** The trash as a tree. Its members can be listed, read and removed, which is for good. */
  store: FileStore
  /** Newest first. */
  list(): Promise<TrashedEntry[]>
  /** Where `restore` would put it: where it was, or the root when that folder is gone; never over something. */
  restorePath(name: string): Promise<StorePath>
  /** Puts something back, with everything below it, under the id it had. */
  restore(name: string): Promise<{ entry: Entry; path: StorePath }>
  /** Removes for good what was deleted before a moment; returns how many. */
  expire(beforeMs: number): Promise<number>
}

export function createTrash(drive: SpaceContext, tree: KeptTree, versions: KeptTree): Trash {
  const { space } = tree
  const store = new TrashStore(tree, versions)
  const sync = { drive: new IndexSync(drive), trash: new IndexSync(space) }
  const list = async (): Promise<TrashedEntry[]> => {
    const entries = await store.list([])
    const origins = await space.index.origins(tree.rootId)
    const found = entries.map((entry) => {
      const { name, deletedAtMs = entry.mtimeMs } = parseTrashName(entry.name)
      return { entry, ...(origins.get(entry.id) ?? { path: [name], deletedAtMs }) }
    })
    return found.sort((a, b) => b.deletedAtMs - a.deletedAtMs)
  }
  const findFree = async (name: string, row: FileRow): Promise<StorePath> => {
    const origins = await space.index.origins(tree.rootId)
    const wanted = origins.get(row.id)?.path ?? [parseTrashName(name).name]
    const chain = await sync.drive.refresh(wanted)
    const hasFolder = chain[wanted.length - 1]?.kind === 'folder'
    return await freePath(sync.drive, hasFolder ? wanted : [nameOf(wanted)])
  }
  return {
    store,
    list,
    restorePath: (name) =>
      drive.queue.run(async () => findFree(name, targetOf([name], await sync.trash.refresh([name])))),
    restore: (name) =>
      drive.queue.run(async () => {
        const row = targetOf([name], await sync.trash.refresh([name]))
        const path = await findFree(name, row)
        return { path, entry: await putBack(drive, sync.drive, tree, { row, path }) }
      }),
    async expire(beforeMs) {
      const old = (await list()).filter(({ deletedAtMs }) => deletedAtMs < beforeMs)
      for (const { entry } of old) await store.remove([entry.name])
      return old.length
    },
  }
}

/** Only to look into and to empty: what goes takes its earlier versions with it. */
class TrashStore extends RightsStore {
  private readonly tree: KeptTree
  private readonly versions: KeptTree

  constructor(tree: KeptTree, versions: KeptTree) {
    super(tree.store, VIEWER_RIGHTS)
    this.tree = tree
    this.versions = versions
  }

  override async remove(path: StorePath, conditions?: WriteConditions): Promise<void> {
    const { id } = await this.tree.store.stat(path)
    const versioned = await this.tree.space.index.listVersioned(this.versions.rootId, id)
    await this.tree.store.remove(path, conditions)
    for (const fileId of versioned) await this.versions.store.remove([fileId])
  }
}

/** `report.txt`, or `report (restored).txt`, `report (restored 2).txt` … where something stands. */
async function freePath(sync: IndexSync, wanted: StorePath): Promise<StorePath> {
  const name = nameOf(wanted)
  const [, stem = name, extension = ''] = /^(.+?)((?:\.[^.]{1,10}){0,2})$/su.exec(name) ?? []
  for (let attempt = 0; ; attempt++) {
    const mark = attempt === 0 ? '' : attempt === 1 ? ' (restored)' : ` (restored ${attempt})`
    const ending = mark + extension
    const path = [...parentOf(wanted), truncateName(stem, Buffer.byteLength(ending)) + ending]
    if ((await sync.refresh(path)).length <= path.length) return path
  }
}

async function putBack(
  drive: SpaceContext,
  sync: IndexSync,
  tree: KeptTree,
  { row, path }: { row: FileRow; path: StorePath },
): Promise<Entry> {
  const folder = { path: parentOf(path), row: parentRowOf(path, await sync.refresh(path)) }
  const folderChange = await onDisk(path, () =>
    changeMembers(drive, folder, async () => {
      await drive.disk.adopt(tree.space.disk.localPath([row.name]), path)
      await drive.staging.flushFolder(drive.disk.localPath(folder.path))
    }),
  )
  return await recordRestored(drive, tree, { row, path, folderChange })
}

async function recordRestored(
  drive: SpaceContext,
  tree: KeptTree,
  { row, path, folderChange }: { row: FileRow; path: StorePath; folderChange: FileRowChange },
): Promise<Entry> {
  return await drive.index.change(async (index) => {
    const chain = await index.chain(path)
    const parent = parentRowOf(path, chain)
    const mediaType = row.kind === 'file' ? mediaTypeOf(nameOf(path), 'file') : row.mediaType
    const change = { parentId: parent.id, name: nameOf(path), mediaType }
    await index.update(row.id, change)
    await index.removeOrigin(row.id)
    await index.update(parent.id, folderChange)
    await index.bump(
      chain.slice(0, path.length).map((one) => one.id),
      row.sizeBytes,
    )
    await index.bump([tree.rootId], -row.sizeBytes)
    await index.update(tree.rootId, { diskMtimeNs: '' })
    return toEntry({ ...row, ...change })
  })
}
