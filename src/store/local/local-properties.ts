import { constants } from 'node:fs'
import { copyFile, lstat, lutimes, open } from 'node:fs/promises'
import type { FileRow, FileRowChange } from '../catalogue/file-index.ts'
import { newEtag } from '../catalogue/files-repo.ts'
import { parentRowOf, targetOf } from '../entries.ts'
import { parentOf } from '../paths.ts'
import type { PropertyChange, StorePath } from '../types.ts'
import { factsOf } from './disk-facts.ts'
import { onDisk } from './disk-tree.ts'
import type { IndexSync } from './index-sync.ts'
import { checkTime } from './local-write.ts'
import { changeMembers, overtaken, type SpaceContext } from './space-context.ts'

interface Change {
  changes: readonly PropertyChange[]
  mtimeMs: number | undefined
}

/** Dead properties and, of a file, its time: both or none. */
export async function changePropertiesLocal(
  space: SpaceContext,
  sync: IndexSync,
  path: StorePath,
  change: Change,
): Promise<void> {
  checkTime(change.mtimeMs)
  if (change.mtimeMs === undefined || !(await isShared(space, path)))
    return space.queue.run(() => changeInPlace(space, sync, path, change))
  await space.staging.lend(async (localPath) => {
    const copied = await onDisk(path, () => copyWithTime(space, path, localPath, change.mtimeMs))
    await space.queue.run(() => changeInPlace(space, sync, path, { ...change, copied }))
  })
}

/** A file of its own, with the new time, that is to take the place of one with other names. */
interface OwnCopy {
  localPath: string
  /** What it was copied from. */
  inode: string
}

/** Whether the file has other names: then its time is that of the transfer cache and of other users, too. */
async function isShared(space: SpaceContext, path: StorePath): Promise<boolean> {
  const stats = await lstat(space.disk.localPath(path)).catch(() => undefined)
  return stats?.isFile() === true && stats.nlink > 1
}

/** Beside the queue: a large file takes its time where the file system cannot share its blocks. */
async function copyWithTime(
  space: SpaceContext,
  path: StorePath,
  localPath: string,
  mtimeMs: number | undefined,
): Promise<OwnCopy> {
  const opened = await space.disk.open(path)
  if (opened === undefined) throw overtaken(path)
  const { file, facts } = opened
  try {
    const from =
      process.platform === 'linux' ? `/proc/self/fd/${file.descriptor}` : space.disk.localPath(path)
    await copyFile(from, localPath, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
  } finally {
    file.close()
  }
  const handle = await open(localPath, 'r+')
  try {
    await space.staging.finish(handle, mtimeMs)
  } finally {
    await handle.close()
  }
  return { localPath, inode: facts.inode }
}

/** To be called in the queue of the space. */
async function changeInPlace(
  space: SpaceContext,
  sync: IndexSync,
  path: StorePath,
  { changes, mtimeMs, copied }: Change & { copied?: OwnCopy },
): Promise<void> {
  const rows = await sync.refresh(path)
  const row = targetOf(path, rows)
  await space.index.properties.change(row.id, changes)
  // The time of a folder is that of its members.
  if (mtimeMs === undefined || row.kind === 'folder' || row.mtimeMs === mtimeMs) return
  const folder = { path: parentOf(path), row: parentRowOf(path, rows) }
  let change: FileRowChange = {}
  let folderChange: FileRowChange | undefined
  await onDisk(path, async () => {
    if (copied === undefined) change = await setTime(space, path, { row, mtimeMs })
    else
      folderChange = await changeMembers(space, folder, async () => {
        change = await putInPlace(space, path, { row, copied })
      })
  })
  await space.index.change(async (index) => {
    const chain = await index.chain(path)
    if (chain[path.length]?.id !== row.id) throw overtaken(path)
    // Whoever syncs takes the time over as well, so it has to be seen that something changed.
    await index.update(row.id, { ...change, etag: newEtag() })
    if (folderChange !== undefined) await index.update(folder.row.id, folderChange)
    const above = chain.slice(0, -1).map((one) => one.id)
    await index.bump(above, 0)
  })
}

async function setTime(
  space: SpaceContext,
  path: StorePath,
  { row, mtimeMs }: { row: FileRow; mtimeMs: number },
): Promise<FileRowChange> {
  // It got another name since it was looked at.
  if (await isShared(space, path)) throw overtaken(path)
  await lutimes(space.disk.localPath(path), mtimeMs / 1_000, mtimeMs / 1_000)
  const facts = await space.disk.facts(path)
  if (facts === undefined || facts.inode !== row.inode) throw overtaken(path)
  return { mtimeMs: facts.mtimeMs, diskMtimeNs: facts.diskMtimeNs }
}

async function putInPlace(
  space: SpaceContext,
  path: StorePath,
  { row, copied }: { row: FileRow; copied: OwnCopy },
): Promise<FileRowChange> {
  const facts = await factsOf(copied.localPath)
  if (facts === undefined || row.inode !== copied.inode || facts.sizeBytes !== row.sizeBytes)
    throw overtaken(path)
  await space.disk.adopt(copied.localPath, path)
  await space.staging.flushFolder(space.disk.localPath(parentOf(path)))
  const { mtimeMs, diskMtimeNs, inode, diskBirthNs } = facts
  return { mtimeMs, diskMtimeNs, inode, diskBirthNs }
}
