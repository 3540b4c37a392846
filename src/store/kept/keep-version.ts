import { link, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import type { DiskFacts, FileIndex, FileRow } from '../catalogue/file-index.ts'
import { newEtag } from '../catalogue/files-repo.ts'
import { factsOf } from '../local/disk-facts.ts'
import { newRow, type SpaceContext } from '../local/space-context.ts'
import type { StorePath } from '../types.ts'

/** The content of a file that is about to be replaced, under its second name. */
export interface KeptVersion {
  name: string
  /** The file as it was. */
  row: FileRow
  /** What the disk says of the folder of the file's versions. */
  folder: DiskFacts
}

/**
 * Gives the present content of a file a second name among its versions, which costs no copy.
 * Undefined for an empty file, and in a drive that keeps no versions. Call it in the drive's queue.
 */
export async function keepVersion(
  space: SpaceContext,
  path: StorePath,
  row: FileRow | undefined,
): Promise<KeptVersion | undefined> {
  const versions = space.kept?.versions?.space
  if (versions === undefined || row?.kind !== 'file' || row.sizeBytes === 0) return undefined
  const localFolder = versions.disk.localPath([row.id])
  await mkdir(localFolder, { recursive: true })
  const name = await linkFree(localFolder, space.disk.localPath(path), row.mtimeMs)
  const folder = await factsOf(localFolder)
  if (folder === undefined) return undefined
  return { name, row, folder }
}

/** Nextcloud's name of a version: when its content was written, in seconds; the next free one. */
async function linkFree(folder: string, localPath: string, mtimeMs: number): Promise<string> {
  let seconds = Math.floor(mtimeMs / 1_000)
  while (true) {
    try {
      await link(localPath, join(folder, `${seconds}`))
      return `${seconds}`
    } catch (error) {
      if (!hasErrorCode(error, 'EEXIST')) throw error
    }
    // Asking for one name after the other would take longer with each version of the same second.
    const taken = new Set(await readdir(folder))
    while (taken.has(`${seconds}`)) seconds++
  }
}

/** Records a kept version, with the transaction that replaces the file. */
export async function recordVersion(
  space: SpaceContext,
  index: FileIndex,
  version: KeptVersion | undefined,
): Promise<void> {
  const tree = space.kept?.versions
  if (version === undefined || tree === undefined) return
  const { rootId, space: versions } = tree
  const { name, row } = version
  const [present] = await index.named(rootId, [row.id])
  const folder = present ?? newRow(versions, { parentId: rootId, name: row.id }, version.folder)
  if (present === undefined) await index.insert([folder])
  else await index.update(folder.id, { diskMtimeNs: '' })
  const place = { parentId: folder.id, name, etag: newEtag() }
  await index.insert([{ ...row, ...place, id: newId(), createdAtMs: space.clock.nowMs() }])
  await index.bump([rootId, folder.id], row.sizeBytes)
}
