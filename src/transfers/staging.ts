import { constants } from 'node:fs'
import { copyFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasErrorCode } from '../platform/errors.ts'
import type { TransferDestination } from './endpoints.ts'
import type { TransferFile } from './types.ts'

/** The part file of a request: the same name in every attempt and every life of the node. */
export function stagedNameOf(file: TransferFile): string {
  return `${file.jobId}-${file.id}.part`
}

/** Where the part file lies, or undefined when the destination's bytes lie elsewhere. */
export async function stagedPathOf(
  destination: TransferDestination,
  file: TransferFile,
): Promise<string | undefined> {
  const folder = await destination.store.stagingFolder(destination.path)
  return folder === undefined ? undefined : join(folder, stagedNameOf(file))
}

/** Size of the part file in bytes, or undefined when there is none. */
export async function findStagedSize(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Makes that nobody else writes into the bytes that stand, and that writing on changes nobody else's: a link
 * to a cached file becomes a copy, and so does, where several workers share the work (`isShared`), what
 * another one may still have open. Returns how many bytes stand; 0, and no file, when none are to be kept.
 */
export async function makeOwn(path: string, keepBytes: number, isShared: boolean): Promise<number> {
  if (keepBytes > 0 && !isShared && (await stat(path)).nlink === 1) return keepBytes
  const copy = `${path}.own`
  try {
    if (keepBytes > 0) {
      await copyFile(path, copy, constants.COPYFILE_FICLONE)
      await rename(copy, path)
      // What was written meanwhile was copied as well, or not; `keepBytes` were there before.
      return keepBytes
    }
  } catch {
    // No room for both: better fetched again than shared.
    await rm(copy, { force: true })
  }
  await rm(path, { force: true })
  return 0
}

/** Removes the part file, and what an external program left beside it under a longer name. */
export async function removeStaged(path: string, withSiblings: boolean): Promise<void> {
  await rm(path, { force: true })
  if (!withSiblings) return
  const prefix = `${basename(path)}.`
  const names = await readdir(dirname(path)).catch(() => [])
  for (const name of names) if (name.startsWith(prefix)) await rm(join(dirname(path), name), { force: true })
}
