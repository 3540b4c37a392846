import { constants } from 'node:fs'
import { mkdir, readdir, realpath, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ConflictError,
  ForbiddenError,
  hasErrorCode,
  InsufficientStorageError,
} from '../../platform/errors.ts'
import type { DiskFacts } from '../catalogue/file-index.ts'
import { formatPath } from '../paths.ts'
import type { StorePath } from '../types.ts'
import { ABSENT, factsAtOnce, factsOf, isAbsence, isLocalFolder } from './disk-facts.ts'
import { OpenFile } from './open-file.ts'

/** How many entries are asked about at once when a folder is read again. */
const STAT_BATCH = 64
const MAX_LOCAL_FOLDERS = 10_000
const FULL = ['ENOSPC', 'EDQUOT']
const REFUSED = ['EACCES', 'EPERM', 'EROFS']
/** What a rename or mkdir meets when the tree was changed from outside since it was looked at. */
const OVERTAKEN = [...ABSENT, 'EISDIR', 'EEXIST', 'ENOTEMPTY']
/** Links are not followed, and a pipe somebody put there does not block us. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * The tree of ordinary files of one space. Only files and folders exist in it: symbolic links, devices
 * and pipes count as absent, so that nothing outside can be reached through it.
 */
export class DiskTree {
  private readonly root: string
  /** Folders on a disk of this machine; others may be mounted anywhere in the tree. */
  private readonly localFolders = new Set<string>()

  /** `root` must be a real path, without symbolic links. */
  constructor(root: string) {
    this.root = root
  }

  /** The place on disk of a checked path. */
  localPath(path: StorePath): string {
    return join(this.root, ...path)
  }

  /** What is there, without following a link in the last place; undefined when nothing of ours is. */
  async facts(path: StorePath): Promise<DiskFacts | undefined> {
    return await factsOf(this.localPath(path))
  }

  /**
   * The same for what the system has just looked at or will in a moment: on a disk of this machine the answer is
   * in memory, and a journey to the thread pool would take ten times as long. Which disk it is says the folder
   * `within`, that of the member unless given.
   */
  hotFacts(
    path: StorePath,
    within: StorePath = path.slice(0, -1),
  ): DiskFacts | undefined | Promise<DiskFacts | undefined> {
    const localPath = this.localPath(path)
    const folder = this.localPath(within)
    if (this.localFolders.has(folder)) return factsAtOnce(localPath)
    return this.learnAndLook(folder, localPath)
  }

  private async learnAndLook(folder: string, localPath: string): Promise<DiskFacts | undefined> {
    const [facts, isLocal] = await Promise.all([factsOf(localPath), isLocalFolder(folder)])
    if (this.localFolders.size >= MAX_LOCAL_FOLDERS) this.localFolders.clear()
    if (isLocal) this.localFolders.add(folder)
    return facts
  }

  /** The same for several members of a folder. */
  async factsOfMembers(path: StorePath, names: readonly string[]): Promise<(DiskFacts | undefined)[]> {
    return await Promise.all(names.map((name) => this.facts([...path, name])))
  }

  /** True when no folder on the way (nor the last name) is a symbolic link. */
  async isInside(path: StorePath): Promise<boolean> {
    const local = this.localPath(path)
    try {
      return (await realpath(local)) === local
    } catch (error) {
      if (isAbsence(error)) return false
      throw error
    }
  }

  /** Names of the files and folders in a folder. */
  async names(path: StorePath): Promise<string[]> {
    const found = await readdir(this.localPath(path), { withFileTypes: true })
    return found.filter((entry) => entry.isFile() || entry.isDirectory()).map((entry) => entry.name)
  }

  /** The facts of everything in a folder, by name. */
  async scan(path: StorePath): Promise<Map<string, DiskFacts>> {
    const names = await this.names(path)
    const members = new Map<string, DiskFacts>()
    for (let start = 0; start < names.length; start += STAT_BATCH) {
      const batch = names.slice(start, start + STAT_BATCH)
      const facts = await this.factsOfMembers(path, batch)
      facts.forEach((one, index) => {
        if (one !== undefined) members.set(batch[index] as string, one)
      })
    }
    return members
  }

  /** Opens a file for reading; what it is open on stays readable whatever happens to the name. */
  async open(path: StorePath): Promise<{ file: OpenFile; facts: DiskFacts } | undefined> {
    const file = await OpenFile.open(this.localPath(path), READ_FLAGS).catch((error) => {
      if (isAbsence(error) || hasErrorCode(error, 'ENXIO')) return undefined
      throw error
    })
    if (file === undefined) return undefined
    try {
      const facts = file.facts()
      if (facts?.kind === 'file') return { file, facts }
    } catch (error) {
      file.close()
      throw error
    }
    file.close()
    return undefined
  }

  async makeFolder(path: StorePath): Promise<void> {
    await mkdir(this.localPath(path))
  }

  async rename(from: StorePath, to: StorePath): Promise<void> {
    await rename(this.localPath(from), this.localPath(to))
  }

  /** Takes in a finished file or folder that lies on the same file system. */
  async adopt(localPath: string, path: StorePath): Promise<void> {
    await rename(localPath, this.localPath(path))
  }

  /** Moves something out of the tree in one step, to where the remains are removed in peace. */
  async expel(path: StorePath, localPath: string): Promise<void> {
    await rename(this.localPath(path), localPath)
  }

  async unlink(path: StorePath): Promise<void> {
    await unlink(this.localPath(path))
  }
}

/**
 * Runs a change of the disk at `path`. A full disk becomes `InsufficientStorageError`, missing
 * permission `ForbiddenError`, and a tree that changed from outside under our feet `ConflictError`.
 */
export async function onDisk<T>(path: StorePath, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const isOneOf = (codes: string[]) => codes.some((code) => hasErrorCode(error, code))
    const text = formatPath(path)
    if (isOneOf(FULL)) {
      const message = `The disk has no room left for ${text}. Remove something or ask the operator.`
      throw new InsufficientStorageError(message, { cause: error, code: 'DISK_FULL' })
    }
    if (isOneOf(REFUSED)) {
      const message = `The node may not change ${text} on its disk. The operator can set its permissions.`
      throw new ForbiddenError(message, { cause: error })
    }
    if (isOneOf(OVERTAKEN)) {
      throw new ConflictError(`${text} changed meanwhile on the disk. Try again.`, { cause: error })
    }
    throw error
  }
}

/** Removes a file or tree that nobody sees any more; absence is fine. */
export async function removeRemains(localPath: string): Promise<void> {
  await rm(localPath, { recursive: true, force: true, maxRetries: 3 })
}
