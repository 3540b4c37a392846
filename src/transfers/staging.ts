import { readdir, rm, stat } from 'node:fs/promises'
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

/** Removes the part file, and what an external program left beside it under a longer name. */
export async function removeStaged(path: string, withSiblings: boolean): Promise<void> {
  await rm(path, { force: true })
  if (!withSiblings) return
  const prefix = `${basename(path)}.`
  const names = await readdir(dirname(path)).catch(() => [])
  for (const name of names) if (name.startsWith(prefix)) await rm(join(dirname(path), name), { force: true })
}
