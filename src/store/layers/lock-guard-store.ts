import { alsoAsking } from '../conditions.ts'
import { ChangeLocks } from '../locks/change-locks.ts'
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
 * Refuses changes of what is locked by locks whose token was not submitted (RFC 4918 7). Checked when a change
 * begins and once more in its turn, just before the disk changes; for writes, when the whole body is there.
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
    options: t.WriteOptions = {},
  ): Promise<t.WriteResult> {
    const isStaged = 'staged' in source
    // Between the end of a small body and its turn lies hardly anything, and of these there are many.
    if (!isStaged && (options.sizeBytes ?? Number.POSITIVE_INFINITY) <= SMALL_BYTES)
      return await this.next.write(path, this.checkedAtEnd(source, path), options)
    const locks = this.ofOne()
    await this.checkPut(path, locks)
    const conditions = alsoAsking(options.conditions ?? {}, locks.check)
    const guarded = isStaged ? source : this.checkedAtEnd(source, path)
    return await this.next.write(path, guarded, { ...options, conditions })
  }

  override async makeCollection(path: t.StorePath): Promise<t.Entry> {
    await this.checkPut(path, this.ofOne())
    return await this.next.makeCollection(path)
  }

  override async move(
    from: t.StorePath,
    to: t.StorePath,
    options: t.RelocateOptions,
  ): Promise<t.WriteResult> {
    const locks = this.ofTrees()
    await this.checkRemoved(from, locks)
    await this.checkPut(to, locks)
    const result = await this.next.move(from, to, alsoAsking(options, locks.check))
    await locks.release({ replaced: !result.created })
    return result
  }

  override async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    const locks = this.ofTrees()
    await this.checkPut(to, locks)
    const result = await this.next.copy(from, to, alsoAsking(options, locks.check))
    await locks.release({ replaced: !result.created })
    return result
  }

  override async remove(path: t.StorePath, conditions: t.WriteConditions = {}): Promise<void> {
    const locks = this.ofTrees()
    await this.checkRemoved(path, locks)
    await this.next.remove(path, alsoAsking(conditions, locks.check))
    await locks.release({ replaced: false })
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

  private ofTrees(): ChangeLocks {
    return new ChangeLocks(this.options.locks, this.options, { withDescendants: true })
  }

  private ofOne(): ChangeLocks {
    return new ChangeLocks(this.options.locks, this.options, { withDescendants: false })
  }

  private async checkPut(path: t.StorePath, locks: ChangeLocks): Promise<void> {
    const isThere = async () => (await findEntry(this.next, path)) !== undefined
    await locks.checkPut(await this.next.locate(path), isThere)
  }

  private async *checkedAtEnd(
    source: AsyncIterable<Uint8Array>,
    path: t.StorePath,
  ): AsyncGenerator<Uint8Array> {
    yield* source
    await this.checkPut(path, this.ofOne())
  }

  /**
   * The root of a mount is another resource than its name in the drive. Whoever leaves or renames a share
   * changes only the drive: locks in it do not hinder that, and those of other people stay.
   */
  private async checkRemoved(path: t.StorePath, locks: ChangeLocks): Promise<void> {
    const removed = await this.next.locate(path)
    const folder = path.length === 0 ? undefined : await this.next.locate(parentOf(path))
    if (folder !== undefined && !isFolderOf(folder, removed)) await this.check(folder)
    else await locks.check({ removed })
  }

  private async check(resource: t.ResourceKey): Promise<void> {
    judgeLocks(resource, await this.options.locks.covering(resource), this.options)
  }
}

function isFolderOf(folder: t.ResourceKey, resource: t.ResourceKey): boolean {
  const { scope, path } = resource
  return path.length > 0 && folder.scope === scope && isSamePath(folder.path, parentOf(path))
}
