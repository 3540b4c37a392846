import { lutimes } from 'node:fs/promises'
import type { FileRow, FileRowChange } from '../catalogue/file-index.ts'
import { newEtag } from '../catalogue/files-repo.ts'
import { targetOf } from '../entries.ts'
import type { PropertyChange, StorePath } from '../types.ts'
import { onDisk } from './disk-tree.ts'
import type { IndexSync } from './index-sync.ts'
import { checkTime } from './local-write.ts'
import { overtaken, type SpaceContext } from './space-context.ts'

/** Dead properties and, of a file, its time: both or none. */
export async function changePropertiesLocal(
  space: SpaceContext,
  sync: IndexSync,
  path: StorePath,
  { changes, mtimeMs }: { changes: readonly PropertyChange[]; mtimeMs: number | undefined },
): Promise<void> {
  checkTime(mtimeMs)
  await space.queue.run(async () => {
    const row = targetOf(path, await sync.refresh(path))
    await space.index.properties.change(row.id, changes)
    // The time of a folder is that of its members.
    if (mtimeMs === undefined || row.kind === 'folder' || row.mtimeMs === mtimeMs) return
    const change = await onDisk(path, () => setTime(space, path, { row, mtimeMs }))
    await space.index.change(async (index) => {
      const chain = await index.chain(path)
      if (chain[path.length]?.id !== row.id) throw overtaken(path)
      // Whoever syncs takes the time over as well, so it has to be seen that something changed.
      await index.update(row.id, { ...change, etag: newEtag() })
      const above = chain.slice(0, -1).map((one) => one.id)
      await index.bump(above, 0)
    })
  })
}

async function setTime(
  space: SpaceContext,
  path: StorePath,
  { row, mtimeMs }: { row: FileRow; mtimeMs: number },
): Promise<FileRowChange> {
  await lutimes(space.disk.localPath(path), mtimeMs / 1_000, mtimeMs / 1_000)
  const facts = await space.disk.facts(path)
  if (facts === undefined || facts.inode !== row.inode) throw overtaken(path)
  return { mtimeMs: facts.mtimeMs, diskMtimeNs: facts.diskMtimeNs }
}
