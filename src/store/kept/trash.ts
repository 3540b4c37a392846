import { NotFoundError } from '../../platform/errors.ts'
import type { FileRow, FileRowChange } from '../catalogue/file-index.ts'
import { mediaTypeOf, parentRowOf, targetOf, toEntry } from '../entries.ts'
import { onDisk } from '../local/disk-tree.ts'
import { IndexSync } from '../local/index-sync.ts'
import { changeMembers, type KeptTree, type SpaceContext } from '../local/space-context.ts'
import { nameOf, parentOf, truncateName } from '../paths.ts'
import type { Entry, FileStore, StorePath } from '../types.ts'
import { parseTrashName } from './trash-place.ts'
import { TrashStore } from './trash-store.ts'

/** Something that was deleted and can come back; its name in the trash is that of no other. */
export type TrashedEntry = Entry & Required<Pick<Entry, 'trashed'>>

/** What was deleted from a drive, until it is restored, removed for good or too old. */
export interface Trash {
  /** The trash as a tree. Its members can be listed, read and removed, which is for good. */
  store: FileStore
  /** Newest first. */
  list(): Promise<TrashedEntry[]>
  /**
   * Puts something back, with everything below it, under the id it had: where it was, or in the root when that
   * folder is gone; never over something. `check` may refuse the place by throwing.
   */
  restore(
    name: string,
    check?: (path: StorePath) => Promise<void>,
  ): Promise<{ entry: Entry; path: StorePath }>
  /** Removes everything for good. */
  empty(): Promise<void>
  /** Removes for good what was deleted before a moment; returns how many. */
  expire(beforeMs: number): Promise<number>
}

export function createTrash(drive: SpaceContext, tree: KeptTree, versions: KeptTree): Trash {
  const { space } = tree
  const store = new TrashStore(tree, versions)
  const sync = { drive: new IndexSync(drive), trash: new IndexSync(space) }
  const list = async (): Promise<TrashedEntry[]> => {
    const found = (await store.list([])).filter(isTrashed)
    return found.sort((a, b) => b.trashed.deletedAtMs - a.trashed.deletedAtMs)
  }
  const findFree = async (name: string, row: FileRow): Promise<StorePath> => {
    const origins = await space.index.kept.origins(tree.rootId)
    const wanted = origins.get(row.id)?.path ?? [parseTrashName(name).name]
    const chain = await sync.drive.refresh(wanted)
    const hasFolder = chain[wanted.length - 1]?.kind === 'folder'
    return await freePath(sync.drive, hasFolder ? wanted : [nameOf(wanted)])
  }
  return {
    store,
    list,
    restore: (name, check) =>
      drive.queue.run(async () => {
        const row = targetOf([name], await sync.trash.refresh([name]))
        const path = await findFree(name, row)
        await check?.(path)
        return { path, entry: await putBack(drive, sync.drive, tree, { row, path }) }
      }),
    async empty() {
      for (const { name } of await store.list([])) await store.remove([name])
    },
    async expire(beforeMs) {
      let removed = 0
      for (const { name, trashed } of await list()) {
        if (trashed.deletedAtMs < beforeMs && (await removeIfThere(store, name))) removed++
      }
      return removed
    },
  }
}

/** False when somebody else has removed or restored it at this moment. */
async function removeIfThere(store: FileStore, name: string): Promise<boolean> {
  try {
    await store.remove([name])
    return true
  } catch (error) {
    if (error instanceof NotFoundError) return false
    throw error
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
    await index.kept.removeOrigin(row.id)
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

function isTrashed(entry: Entry): entry is TrashedEntry {
  return entry.trashed !== undefined
}
