import { link, mkdir, rename } from 'node:fs/promises'
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
  /** The file whose version it is from now on. */
  fileId: string
  name: string
  /** The file as it was. */
  row: FileRow
  /** What the disk says of the folder of the file's versions. */
  folder: DiskFacts
  /** The file whose versions became those of this one. */
  heirOf: string | undefined
}

/**
 * Gives the present content of a file a second name among the versions of `fileId`, which costs no copy.
 * Undefined for an empty file, and in a drive that keeps no versions. Call it in the drive's queue.
 */
export async function keepVersion(
  space: SpaceContext,
  path: StorePath,
  row: FileRow | undefined,
  fileId = row?.id ?? '',
): Promise<KeptVersion | undefined> {
  const versions = space.kept?.versions?.space
  if (versions === undefined || row?.kind !== 'file' || row.sizeBytes === 0) return undefined
  const localFolder = versions.disk.localPath([fileId])
  const isHeir = fileId !== row.id && (await inherit(versions.disk.localPath([row.id]), localFolder))
  await mkdir(localFolder, { recursive: true })
  const name = await linkFree(localFolder, space.disk.localPath(path), row.mtimeMs)
  const folder = await factsOf(localFolder)
  if (folder === undefined) return undefined
  return { fileId, name, row, folder, heirOf: isHeir ? row.id : undefined }
}

/** Programs save by renaming a new file over the old one; what they replace keeps its history. */
async function inherit(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY', 'EEXIST'].some((code) => hasErrorCode(error, code))) return false
    throw error
  }
}

/** Nextcloud's name of a version: when its content was written, in seconds; the next free one. */
async function linkFree(folder: string, localPath: string, mtimeMs: number): Promise<string> {
  for (let seconds = Math.floor(mtimeMs / 1_000); ; seconds++) {
    try {
      await link(localPath, join(folder, `${seconds}`))
      return `${seconds}`
    } catch (error) {
      if (!hasErrorCode(error, 'EEXIST')) throw error
    }
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
  const { fileId, name, row, heirOf } = version
  const found = await index.named(rootId, [fileId, ...(heirOf === undefined ? [] : [heirOf])])
  const present = found.find((one) => one.name === fileId) ?? found[0]
  const folder = present ?? newRow(versions, { parentId: rootId, name: fileId }, version.folder)
  if (present === undefined) await index.insert([folder])
  else await index.update(folder.id, { name: fileId, diskMtimeNs: '' })
  const place = { parentId: folder.id, name, etag: newEtag() }
  await index.insert([{ ...row, ...place, id: newId(), createdAtMs: space.clock.nowMs() }])
  await index.bump([rootId, folder.id], row.sizeBytes)
}
