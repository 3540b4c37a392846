import { createReadStream } from 'node:fs'
import { rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import {
  MethodNotAllowedError,
  NotFoundError,
  NotImplementedError,
  PreconditionFailedError,
} from '../../platform/errors.ts'
import { checkConditions } from '../../store/conditions.ts'
import { checkPath, formatPath, nameOf } from '../../store/paths.ts'
import type {
  ByteRange,
  CopyOptions,
  Entry,
  FileContent,
  FileStore,
  RelocateOptions,
  ResourceKey,
  StorePath,
  StoreQuota,
  WriteConditions,
  WriteOptions,
  WriteResult,
  WriteSource,
} from '../../store/types.ts'
import type { RcloneRemote } from '../endpoints.ts'
import type { RcloneDaemon } from '../executors/rclone-daemon.ts'
import { type ListedItem, parseItem, parseList, toListedEntry } from './listed-item.ts'
import { RcloneCalls } from './rclone-calls.ts'
import { makeSpool, spool } from './spool.ts'

export interface RcloneStoreOptions {
  daemon: RcloneDaemon
  remote: RcloneRemote
  /** Names the storage in the whole node. */
  scope: string
  /** Storage of objects: names with slashes are all it knows. */
  hasNoFolders?: boolean
  /** A local folder for bytes on their way, where they must lie somewhere in between. */
  spoolFolder: string
}

/**
 * Storage that only rclone speaks, as a `FileStore`. Bytes that are read or written through it lie in a
 * local file in between; transfers let rclone fetch and bring them itself.
 */
export class RcloneStore implements FileStore {
  private readonly options: RcloneStoreOptions
  private readonly calls: RcloneCalls

  constructor(options: RcloneStoreOptions) {
    this.options = options
    this.calls = new RcloneCalls(options)
  }

  async stat(path: StorePath): Promise<Entry> {
    checkPath(path)
    const opt = { showHash: true }
    const { item } = await this.calls
      .at('operations/stat', path, { opt })
      .catch((error) => this.orEmptyRoot(path, error))
    if (item === null || item === undefined) throw this.absent(path)
    return this.toEntry(path, parseItem(item))
  }

  /** With checksums only where they are kept: other storage would read every file to compute them. */
  async list(path: StorePath): Promise<Entry[]> {
    checkPath(path)
    const opt = { showHash: this.options.hasNoFolders === true }
    const { list } = await this.calls.at('operations/list', path, { opt }).catch((error) => {
      this.orEmptyRoot(path, error)
      return { list: [] }
    })
    const entries = parseList(list).map((item) => this.toEntry([...path, item.Name], item))
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async read(path: StorePath, range?: ByteRange, signal?: AbortSignal): Promise<FileContent> {
    const entry = await this.stat(path)
    if (entry.kind === 'folder') throw new MethodNotAllowedError('A folder has no content to read.')
    const start = range?.start ?? 0
    const end = Math.min(range?.end ?? entry.sizeBytes - 1, entry.sizeBytes - 1)
    if (end < start) return { entry, range: { start, end }, body: Buffer.alloc(0) }
    const folder = await this.newSpool()
    const file = join(folder, 'content')
    const release = () => rm(folder, { recursive: true, force: true })
    try {
      await this.calls.fetch(path, file, { signal })
    } catch (error) {
      await release()
      throw error
    }
    const body = createReadStream(file, { start, end })
    body.once('close', () => void release().catch(() => undefined))
    return { entry, range: { start, end }, body }
  }

  async write(path: StorePath, source: WriteSource, options: WriteOptions = {}): Promise<WriteResult> {
    checkPath(path)
    const before = await this.find(path)
    checkConditions(before, options.conditions)
    if (before?.kind === 'folder') throw new MethodNotAllowedError(`${formatPath(path)} is a folder.`)
    const folder = await this.newSpool()
    try {
      const local =
        'staged' in source ? source.staged.localPath : await spool(join(folder, 'content'), source, options)
      if (options.mtimeMs !== undefined && !('staged' in source))
        await utimes(local, options.mtimeMs / 1000, options.mtimeMs / 1000)
      await this.calls.bring(local, path, { signal: options.signal })
      if ('staged' in source) await rm(local, { force: true })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    return { entry: await this.stat(path), created: before === undefined }
  }

  async makeCollection(path: StorePath): Promise<Entry> {
    checkPath(path)
    const before = await this.find(path)
    if (before !== undefined)
      throw new MethodNotAllowedError(`There is a ${before.kind} at ${formatPath(path)} already.`)
    await this.calls.at('operations/mkdir', path)
    // Storage of objects has no folders of its own; what is in one makes it.
    return (await this.find(path)) ?? this.toEntry(path, { Name: nameOf(path), Size: -1, IsDir: true })
  }

  async move(from: StorePath, to: StorePath, options: RelocateOptions): Promise<WriteResult> {
    return await this.relocate('operations/movefile', from, to, options)
  }

  async copy(from: StorePath, to: StorePath, options: CopyOptions): Promise<WriteResult> {
    return await this.relocate('operations/copyfile', from, to, options)
  }

  async remove(path: StorePath, conditions?: WriteConditions): Promise<void> {
    checkPath(path)
    if (path.length === 0) throw new MethodNotAllowedError('The root of an endpoint cannot be removed.')
    const entry = await this.stat(path)
    checkConditions(entry, conditions)
    const method = entry.kind === 'file' ? 'operations/deletefile' : 'operations/purge'
    await this.calls.at(method, path)
  }

  async changeProperties(): Promise<void> {
    throw new NotImplementedError(`${this.options.remote.label} keeps no properties.`)
  }

  async quota(): Promise<StoreQuota> {
    try {
      const { free, used } = await this.calls.about('operations/about')
      return {
        usedBytes: typeof used === 'number' ? used : 0,
        ...(typeof free === 'number' ? { availableBytes: free } : {}),
      }
    } catch {
      // Most storage does not tell, and a server that is away is told of by whatever comes next.
      return { usedBytes: 0 }
    }
  }

  async locate(path: StorePath): Promise<ResourceKey> {
    checkPath(path)
    return { scope: this.options.scope, path }
  }

  async stagingFolder(): Promise<undefined> {
    return undefined
  }

  private async relocate(
    method: string,
    from: StorePath,
    to: StorePath,
    options: RelocateOptions,
  ): Promise<WriteResult> {
    const entry = await this.stat(from)
    if (entry.kind === 'folder')
      throw new NotImplementedError('Folders of an endpoint are copied by a transfer.')
    const before = await this.find(to)
    if (before !== undefined && !options.overwrite)
      throw new PreconditionFailedError('Something is there already, and is not to be replaced.')
    await this.calls.relocate(method, from, to)
    return { entry: await this.stat(to), created: before === undefined }
  }

  /** A prefix of a bucket is there as soon as something is in it; until then it is empty, not missing. */
  private orEmptyRoot(path: StorePath, error: unknown): { item: ListedItem } {
    const isRoot = path.length === 0 && this.options.hasNoFolders === true
    if (!isRoot || !(error instanceof NotFoundError)) throw error
    return { item: { Name: '', Size: -1, IsDir: true } }
  }

  private async find(path: StorePath): Promise<Entry | undefined> {
    return await this.stat(path).catch((error: unknown) => {
      if (error instanceof NotFoundError) return undefined
      throw error
    })
  }

  private toEntry(path: StorePath, item: ListedItem): Entry {
    return toListedEntry(item, path, this.options.scope)
  }

  private newSpool(): Promise<string> {
    return makeSpool(this.options.spoolFolder)
  }

  private absent(path: StorePath): NotFoundError {
    return new NotFoundError(`There is no ${formatPath(path)} at ${this.options.remote.label}.`)
  }
}
