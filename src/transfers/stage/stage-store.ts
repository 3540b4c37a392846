import { constants } from 'node:fs'
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  statfs,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import {
  hasErrorCode,
  MethodNotAllowedError,
  NotFoundError,
  NotImplementedError,
  PreconditionFailedError,
} from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import { checkPath, nameOf } from '../../store/paths.ts'
import type {
  ByteRange,
  Entry,
  FileContent,
  FileStore,
  ResourceKey,
  StorePath,
  StoreQuota,
  WriteOptions,
  WriteResult,
  WriteSource,
} from '../../store/types.ts'
import { inParent, removeTree, STAGING_NAME, statIn } from './stage-dir.ts'

const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const RIGHTS = { read: true, write: true, share: false }

export interface StageStoreOptions {
  id: string
  dir: string
  /** Names of files that the job runs. */
  executables: ReadonlySet<string>
}

/**
 * The directory of a computing job as an end of transfers. Files are for their owner alone, and for the group
 * where the directory is; links that the job makes are neither followed nor copied.
 */
export class StageStore implements FileStore {
  private readonly options: StageStoreOptions

  constructor(options: StageStoreOptions) {
    this.options = options
  }

  async stat(path: StorePath): Promise<Entry> {
    checkPath(path)
    const stats = await statIn(this.options.dir, path)
    return {
      id: `${this.options.id}:${stats.ino}`,
      name: nameOf(path),
      kind: stats.isFile() ? 'file' : 'folder',
      sizeBytes: stats.isFile() ? stats.size : 0,
      mtimeMs: Math.round(stats.mtimeMs),
      createdAtMs: Math.round(stats.birthtimeMs),
      etag: `${stats.ino}-${stats.size}-${stats.mtimeMs}`,
      mediaType: 'application/octet-stream',
      checksums: {},
      rights: RIGHTS,
    }
  }

  async list(path: StorePath): Promise<Entry[]> {
    checkPath(path)
    const names = await inParent(this.options.dir, [...path, '.'], {}, (place) => readdir(place))
    const entries: Entry[] = []
    for (const name of names.sort()) {
      if (path.length === 0 && name === STAGING_NAME) continue
      const entry = await this.stat([...path, name]).catch((error) => {
        if (error instanceof NotFoundError) return undefined
        throw error
      })
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  async read(path: StorePath, range?: ByteRange): Promise<FileContent> {
    const entry = await this.stat(path)
    if (entry.kind === 'folder') throw new MethodNotAllowedError('A folder has no content.')
    const handle = await inParent(this.options.dir, path, {}, (place) => open(place, READ_FLAGS))
    const start = range?.start ?? 0
    const end = Math.min(range?.end ?? entry.sizeBytes - 1, entry.sizeBytes - 1)
    if (end < start) {
      await handle.close()
      return { entry, range: { start, end: start - 1 }, body: Buffer.alloc(0) }
    }
    return { entry, range: { start, end }, body: handle.createReadStream({ start, end }) }
  }

  async write(path: StorePath, source: WriteSource, options: WriteOptions = {}): Promise<WriteResult> {
    checkPath(path)
    const existing = await this.stat(path).catch(() => undefined)
    if (options.conditions?.ifNoneMatch === '*' && existing !== undefined)
      throw new PreconditionFailedError('Something stands there already.')
    const localPath = 'staged' in source ? source.staged.localPath : join(await this.stagingFolder(), newId())
    if (!('staged' in source)) await writeFile(localPath, source, { flag: 'wx', mode: 0o600 })
    await chmod(localPath, await this.modeOf(path))
    const seconds = (options.mtimeMs ?? 0) / 1000
    if (options.mtimeMs !== undefined) await utimes(localPath, seconds, seconds)
    await inParent(this.options.dir, path, { isMaking: true }, (place) => rename(localPath, place))
    return { entry: await this.stat(path), created: existing === undefined }
  }

  private async modeOf(path: StorePath): Promise<number> {
    const isRun = this.options.executables.has(path.join('/'))
    const { mode } = await lstat(this.options.dir)
    const forGroup = (mode & 0o050) === 0 ? 0 : isRun ? 0o070 : 0o060
    return (isRun ? 0o700 : 0o600) | forGroup
  }

  async makeCollection(path: StorePath): Promise<Entry> {
    checkPath(path)
    await inParent(this.options.dir, path, { isMaking: true }, (place) =>
      mkdir(place, { mode: 0o700 }),
    ).catch((error) => {
      if (hasErrorCode(error, 'EEXIST')) throw new MethodNotAllowedError('It is there already.')
      throw error
    })
    return this.stat(path)
  }

  async remove(path: StorePath): Promise<void> {
    const entry = await this.stat(path)
    await inParent(this.options.dir, path, {}, (place) =>
      entry.kind === 'file' ? unlink(place) : path.length === 0 ? rmdir(place) : removeTree(place),
    )
  }

  async move(): Promise<never> {
    throw notThere('moved')
  }

  async copy(): Promise<never> {
    throw notThere('copied')
  }

  async changeProperties(): Promise<never> {
    throw notThere('given properties')
  }

  async quota(): Promise<StoreQuota> {
    const { bavail, bsize, blocks } = await statfs(this.options.dir)
    return { usedBytes: (blocks - bavail) * bsize, availableBytes: bavail * bsize }
  }

  async locate(path: StorePath): Promise<ResourceKey> {
    return { scope: `stage:${this.options.id}`, path }
  }

  async stagingFolder(): Promise<string> {
    const { dir } = this.options
    await inParent(dir, [STAGING_NAME], {}, (place) =>
      mkdir(place, { mode: 0o700 }).catch((error) => {
        if (!hasErrorCode(error, 'EEXIST')) throw error
      }),
    )
    // What the job put there may be a link, through which part files would go elsewhere.
    await inParent(dir, [STAGING_NAME, '.'], {}, async () => undefined)
    const folder = join(dir, STAGING_NAME)
    return folder
  }
}

function notThere(done: string): NotImplementedError {
  return new NotImplementedError(`Files of a set for a computing job cannot be ${done} by transfers.`)
}
