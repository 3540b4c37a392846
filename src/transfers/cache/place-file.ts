import { constants } from 'node:fs'
import { copyFile, link, lstat, mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasErrorCode } from '../../platform/errors.ts'

/** Where one inode cannot have two names: another disk, no such thing, too many, not allowed. */
const NO_LINK = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES']

/** Gives a file a second name where that is allowed and possible; else shares its blocks or copies it. */
export async function placeFile(from: string, to: string, mayLink: boolean): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await rm(to, { force: true })
  if (mayLink) {
    try {
      return await link(from, to)
    } catch (error) {
      if (!NO_LINK.some((code) => hasErrorCode(error, code))) throw error
    }
  }
  await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
}

/** Inode, size and time of a file: whoever changes it changes that. Empty when there is none. */
export async function diskMarkOf(path: string): Promise<string> {
  const stats = await lstat(path, { bigint: true }).catch(() => undefined)
  return stats?.isFile() === true ? `${stats.ino}:${stats.size}:${stats.mtimeNs}` : ''
}
