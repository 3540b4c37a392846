import { type BigIntStats, lstatSync, statfsSync } from 'node:fs'
import { lstat, statfs } from 'node:fs/promises'
import { hasErrorCode } from '../../platform/errors.ts'
import type { DiskFacts } from '../catalogue/file-index.ts'

/** Codes of errors that say there is no such file. */
export const ABSENT = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']

/** Facts of a local path, links not followed; undefined for what is not a file or folder. */
export async function factsOf(localPath: string): Promise<DiskFacts | undefined> {
  try {
    return toFacts(await lstat(localPath, { bigint: true }))
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
}

/** The same at once, for a disk that never lets anybody wait. */
export function factsAtOnce(localPath: string): DiskFacts | undefined {
  try {
    const stats = lstatSync(localPath, { bigint: true, throwIfNoEntry: false })
    return stats && toFacts(stats)
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
}

/** Facts from a stat; undefined for what is not a file or folder. */
export function toFacts(stats: BigIntStats): DiskFacts | undefined {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : undefined
  if (kind === undefined) return undefined
  return {
    kind,
    sizeBytes: kind === 'file' ? Number(stats.size) : 0,
    // Rounded: a time set in milliseconds comes back a few nanoseconds short of it.
    mtimeMs: Number((stats.mtimeNs + 500_000n) / 1_000_000n),
    diskMtimeNs: String(stats.mtimeNs),
    inode: String(stats.ino),
    diskBirthNs: stats.birthtimeNs > 0n ? String(stats.birthtimeNs) : '',
  }
}

/** True when the error says that there is no such file. */
export function isAbsence(error: unknown): boolean {
  return ABSENT.some((code) => hasErrorCode(error, code))
}

/**
 * Types of file systems whose `lstat` never waits for another machine (statfs(2)): ext, xfs, btrfs, zfs,
 * f2fs, tmpfs, overlay.
 */
const LOCAL_TYPES = new Set([0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0x01021994, 0x794c7630])

/** The same for a folder that may lie on another machine, which is not waited for on the main thread. */
export async function isLocalFolder(folder: string): Promise<boolean> {
  return LOCAL_TYPES.has((await statfs(folder).catch(() => undefined))?.type ?? 0)
}

/** True when looking at a file in the folder never waits for another machine. */
export function isLocalDisk(folder: string): boolean {
  return LOCAL_TYPES.has(statfsSync(folder).type)
}
