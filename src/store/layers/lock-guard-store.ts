import { isSamePath, judgeLocks, type LockAsker } from '../locks/lock-check.ts'
import type { LockRegistry } from '../locks/locks.ts'
import { parentOf } from '../paths.ts'
import type * as t from '../types.ts'
import { findEntry, WrappedStore } from './wrapped-store.ts'

/** A body up to here is there at once: one look, when it is, is enough. */
const SMALL_BYTES = 64 * 1024

export interface LockGuardOptions extends LockAsker {
  locks: LockRegistry
}

/**
 * Refuses changes of what is locked by locks whose token was not submitted (RFC 4918 7). Checked when a
 * change begins, and for writes, which may last, once more when the whole body is there.
 */
export class LockGuardStore extends WrappedStore {
  private readonly options: LockGuardOptions

  constructor(next: t.FileStore, options: LockGuardOptions) {
    super(next)
    this.options = options
  }

  override async write(
    path: t.StorePath,
    source: t.WriteSource,
    options?: t.WriteOptions,
  ): Promise<t.WriteResult> {
    const isSmall = !('staged' in source) && (options?.sizeBytes ?? Number.POSITIVE_INFINITY) <= SMALL_BYTES
    if (!isSmall) await this.checkWritten(path)
    const guarded = 'staged' in source ? source : this.checkedAtEnd(source, path)
    return await this.next.write(path, guarded, options)
  }

  override async makeCollection(path: t.StorePath): Promise<t.Entry> {
    await this.checkWritten(path)
    return await this.next.makeCollection(path)
  }

  override async move(
    from: t.StorePath,
    to: t.StorePath,
    options: t.RelocateOptions,
  ): Promise<t.WriteResult> {
    const [source, target] = [await this.next.locate(from), await this.next.locate(to)]
    const isMount = await this.isMountRoot(from, source)
    if (!isMount) await this.checkTree(source)
    await this.checkMembership(from)
    await this.checkReplaced(to, target)
    const result = await this.next.move(from, to, options)
    // Locks do not move with the resource (RFC 4918 7.7).
    if (!isMount) await this.options.locks.releaseTree(source)
    if (!result.created) await this.releaseBelow(target)
    return result
  }

  override async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    const target = await this.next.locate(to)
    await this.checkReplaced(to, target)
    const result = await this.next.copy(from, to, options)
    if (!result.created) await this.releaseBelow(target)
    return result
  }

  override async remove(path: t.StorePath, conditions?: t.WriteConditions): Promise<void> {
    const resource = await this.next.locate(path)
    const isMount = await this.isMountRoot(path, resource)
    if (!isMount) await this.checkTree(resource)
    await this.checkMembership(path)
    await this.next.remove(path, conditions)
    if (!isMount) await this.options.locks.releaseTree(resource)
  }

  override async changeProperties(
    path: t.StorePath,
    changes: readonly t.PropertyChange[],
    times?: t.FileTimes,
  ): Promise<void> {
    await this.check(await this.next.locate(path))
    await this.next.changeProperties(path, changes, times)
  }

  async page(path: t.StorePath, query: t.PageQuery): Promise<t.EntryPage | undefined> {
    return await this.next.page?.(path, query)
  }

  /** One query when nothing is locked, which is nearly always so; what is there is only then of interest. */
  private async checkWritten(path: t.StorePath): Promise<void> {
    const resource = await this.next.locate(path)
    const folder = path.length === 0 ? resource : await this.next.locate(parentOf(path))
    if (isFolderOf(folder, resource)) {
      const found = await this.options.locks.covering(resource, { withFolder: true })
      if (found.length === 0) return
    }
    await this.check(resource)
    if ((await findEntry(this.next, path)) === undefined) await this.checkMembership(path)
  }

  private async *checkedAtEnd(
    source: AsyncIterable<Uint8Array>,
    path: t.StorePath,
  ): AsyncGenerator<Uint8Array> {
    yield* source
    await this.checkWritten(path)
  }

  /** The destination of a copy or move: the whole tree that may go, or a new member of its folder. */
  private async checkReplaced(path: t.StorePath, target: t.ResourceKey): Promise<void> {
    await this.checkTree(target)
    if ((await findEntry(this.next, path)) === undefined) await this.checkMembership(path)
  }

  /** A lock on a folder, of either depth, protects which members it has (RFC 4918 7.4). */
  private async checkMembership(path: t.StorePath): Promise<void> {
    if (path.length > 0) await this.check(await this.next.locate(parentOf(path)))
  }

  /**
   * The root of a mount is another resource than its name in the drive. Whoever leaves or renames a share
   * changes only the drive: locks in it do not hinder that, and those of other people stay.
   */
  private async isMountRoot(path: t.StorePath, resource: t.ResourceKey): Promise<boolean> {
    if (path.length === 0) return false
    return !isFolderOf(await this.next.locate(parentOf(path)), resource)
  }

  /** What was overwritten lost the locks of its members; its own stays with the place, for safe saving. */
  private async releaseBelow(target: t.ResourceKey): Promise<void> {
    const found = await this.options.locks.covering(target, { withDescendants: true })
    const below = found.filter((lock) => lock.resource.path.length > target.path.length)
    for (const lock of below) await this.options.locks.release(lock.token)
  }

  private async check(resource: t.ResourceKey): Promise<void> {
    judgeLocks(resource, await this.options.locks.covering(resource), this.options)
  }

  private async checkTree(resource: t.ResourceKey): Promise<void> {
    const found = await this.options.locks.covering(resource, { withDescendants: true })
    judgeLocks(resource, found, this.options)
  }
}

function isFolderOf(folder: t.ResourceKey, resource: t.ResourceKey): boolean {
  const { scope, path } = resource
  return path.length > 0 && folder.scope === scope && isSamePath(folder.path, parentOf(path))
}
