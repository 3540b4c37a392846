import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rmdir, unlink } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { Config } from '../../config/schema.ts'
import {
  BadRequestError,
  ConflictError,
  ForbiddenError,
  hasErrorCode,
  NotFoundError,
} from '../../platform/errors.ts'
import type { StorePath } from '../../store/types.ts'

/** Where a set keeps files that are not complete. */
export const STAGING_NAME = '.causeway-stage'
const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const MODE = 0o700
/** Folders in folders that are removed: as many as a path can name. Each holds a descriptor meanwhile. */
const MAX_DEPTH = 2048

/** Who wants a directory. */
export interface DirAsker {
  userName: string
  groups: readonly string[]
}

/**
 * Makes the directory of a set where the operator allows it, or takes the one that is there. Throws 403
 * outside of what is allowed and 400 for a link on the way. Answers its real path.
 */
export async function prepareDir(
  allowed: Config['transfers']['stagePaths'],
  asker: DirAsker,
  text: string,
): Promise<{ dir: string; isMade: boolean }> {
  const wanted = resolve(text)
  for (const { path, users, groups } of allowed) {
    const names = relative(path, wanted).split('/')
    if (names[0] === '' || names[0] === '..') continue
    const isForAll = users.length === 0 && groups.length === 0
    if (!isForAll && !users.includes(asker.userName) && !groups.some((one) => asker.groups.includes(one)))
      continue
    return makeBelow(await realpath(path), names)
  }
  throw new ForbiddenError(
    `The directory ${wanted} is not below one where you may stage. Ask the operator of the node (transfers.stagePaths).`,
    { code: 'STAGE_DIR_REFUSED' },
  )
}

async function makeBelow(root: string, names: readonly string[]) {
  let dir = root
  let isMade = false
  for (const name of names) {
    dir = join(dir, name)
    isMade = await mkdir(dir, { mode: MODE }).then(
      () => true,
      (error) => {
        if (hasErrorCode(error, 'EEXIST')) return false
        throw error
      },
    )
    if (!(await lstat(dir)).isDirectory())
      throw new BadRequestError(`${dir} is not a directory, or a link to one.`)
  }
  return { dir, isMade }
}

/**
 * The folder that holds the last name of a path, open, so that nobody can put a link in its place. `dir` is a
 * real path; when a link leads there now, whoever owns a folder above it has put that, and nothing is done.
 */
export async function inParent<T>(
  dir: string,
  path: StorePath,
  options: { isMaking?: boolean },
  work: (place: string) => Promise<T>,
): Promise<T> {
  let folder = await openDir(dir)
  try {
    for (const name of path.slice(0, -1)) {
      const next = placeIn(folder, dir, name)
      if (options.isMaking) await mkdir(next, { mode: MODE }).catch(ignoreExisting)
      const below = await openFolder(next)
      await folder.close()
      folder = below
    }
    return await work(placeIn(folder, dir, path.at(-1) ?? '.'))
  } finally {
    await folder.close()
  }
}

function placeIn(folder: FileHandle, dir: string, name: string): string {
  // Where the system has no such names the path as such has to do.
  return process.platform === 'linux' ? `/proc/self/fd/${folder.fd}/${name}` : join(dir, name)
}

/** The directory of a set, without a link in its place or on the way to it. */
async function openDir(dir: string): Promise<FileHandle> {
  const folder = await openFolder(dir)
  const isOpen = process.platform === 'linux' ? `/proc/self/fd/${folder.fd}` : dir
  if ((await realpath(isOpen).catch(() => undefined)) === dir) return folder
  await folder.close()
  throw new ForbiddenError(`A link leads to ${dir}, where a folder was.`, { code: 'STAGE_LINK' })
}

async function openFolder(place: string): Promise<FileHandle> {
  try {
    return await open(place, FOLDER_FLAGS)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) throw new ConflictError('The folder is not there.', { cause: error })
    if (hasErrorCode(error, 'ENOTDIR') || hasErrorCode(error, 'ELOOP'))
      throw new ForbiddenError('A link or a file stands where a folder should be.', { code: 'STAGE_LINK' })
    throw error
  }
}

function ignoreExisting(error: unknown): void {
  if (!hasErrorCode(error, 'EEXIST')) throw error
}

/** Facts of a file or folder; a link is nothing. */
export async function statIn(dir: string, path: StorePath): Promise<Stats> {
  const stats = await inParent(dir, path, {}, (place) => lstat(place)).catch((error) => {
    if (hasErrorCode(error, 'ENOENT') || error instanceof ConflictError) return undefined
    throw error
  })
  if (stats?.isFile() || stats?.isDirectory()) return stats
  throw new NotFoundError(`There is no file ${path.join('/')} in the directory of the set.`)
}

/** Removes a file, or a folder with all in it; links are removed and not followed, whoever changes what meanwhile. */
export async function removeTree(place: string, depth = 0): Promise<void> {
  if (depth > MAX_DEPTH) throw new ConflictError('The folders are too deep to be removed.')
  const stats = await lstat(place)
  if (!stats.isDirectory()) return unlink(place)
  const folder = await openFolder(place)
  try {
    await emptyFolder(folder, place, depth)
  } finally {
    await folder.close()
  }
  await rmdir(place)
}

async function emptyFolder(folder: FileHandle, place: string, depth: number): Promise<void> {
  for (const name of await readdir(placeIn(folder, place, '.')))
    await removeTree(placeIn(folder, place, name), depth + 1).catch(ignoreMissing)
}

function ignoreMissing(error: unknown): void {
  if (!hasErrorCode(error, 'ENOENT')) throw error
}

/** Removes what a set has brought: all when the node made the directory, else its inputs. Links are not followed. */
export async function purgeDir(dir: string, isMade: boolean, names: readonly string[]): Promise<void> {
  // Another one took its place: what is in there is not ours.
  if (!(await lstat(dir).catch(() => undefined))?.isDirectory()) return
  if (!isMade) {
    for (const name of [...names, STAGING_NAME])
      await inParent(dir, name.split('/'), {}, (place) => removeTree(place)).catch(() => undefined)
    return
  }
  const folder = await openDir(dir)
  try {
    await emptyFolder(folder, dir, 0)
  } finally {
    await folder.close()
  }
  await rmdir(dir)
}
