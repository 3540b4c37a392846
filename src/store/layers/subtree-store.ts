import { ConflictError, ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import { alsoAsking } from '../conditions.ts'
import { checkPath, formatPath } from '../paths.ts'
import type * as t from '../types.ts'

/** Where the root of a subtree is at the time of asking; undefined when it is gone. */
export type SubtreeRoot = () => t.StorePath | undefined | Promise<t.StorePath | undefined>

/**
 * A folder, or a single file, of another store as the root of a store of its own; what a share shows. The
 * place is asked for at every call (by file id), so a share survives that its owner renames or moves it.
 * Its root cannot be removed, moved or replaced; a shared file's content can.
 */
export class SubtreeStore implements t.FileStore {
  private readonly next: t.FileStore
  private readonly root: SubtreeRoot

  constructor(next: t.FileStore, root: SubtreeRoot | t.StorePath) {
    this.next = next
    this.root = typeof root === 'function' ? root : () => root
  }

  async stat(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry> {
    return this.named(path, await this.next.stat(await this.below(path), options))
  }

  async list(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry[]> {
    return await this.next.list(await this.below(path), options)
  }

  async read(path: t.StorePath, range?: t.ByteRange, signal?: AbortSignal): Promise<t.FileContent> {
    const content = await this.next.read(await this.below(path), range, signal)
    return { ...content, entry: this.named(path, content.entry) }
  }

  async write(
    path: t.StorePath,
    source: t.WriteSource,
    options: t.WriteOptions = {},
  ): Promise<t.WriteResult> {
    const target = await this.below(path)
    // Only what is there: a shared file that vanished is not made again, nor is a root.
    if (path.length === 0) await this.next.stat(target)
    const guarded = 'staged' in source ? source : this.checkedAtEnd(source, path, target)
    const { entry, created } = await this.next.write(target, guarded, options)
    return { entry: this.named(path, entry), created }
  }

  /** An upload may take hours; what was closed or moved meanwhile takes it no more. */
  private async *checkedAtEnd(
    source: AsyncIterable<Uint8Array>,
    path: t.StorePath,
    target: t.StorePath,
  ): AsyncGenerator<Uint8Array> {
    yield* source
    await this.checkPlace(path, target)
  }

  /** A large copy takes minutes. */
  private atSamePlace<T extends t.Checkable>(options: T, path: t.StorePath, target: t.StorePath): T {
    return alsoAsking(options, () => this.checkPlace(path, target))
  }

  private async checkPlace(path: t.StorePath, target: t.StorePath): Promise<void> {
    const now = await this.below(path)
    if (formatPath(now) === formatPath(target)) return
    throw new ConflictError('The folder was moved meanwhile. Send it again.')
  }

  async makeCollection(path: t.StorePath): Promise<t.Entry> {
    return await this.next.makeCollection(await this.below(path))
  }

  async move(from: t.StorePath, to: t.StorePath, options: t.RelocateOptions): Promise<t.WriteResult> {
    if (from.length === 0 || to.length === 0) throw rootStays()
    const [source, target] = [await this.below(from), await this.below(to)]
    return await this.next.move(source, target, this.atSamePlace(options, to, target))
  }

  async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    if (to.length === 0) throw rootStays()
    const [source, target] = [await this.below(from), await this.below(to)]
    return await this.next.copy(source, target, this.atSamePlace(options, to, target))
  }

  async remove(path: t.StorePath, conditions: t.WriteConditions = {}): Promise<void> {
    if (path.length === 0) throw rootStays()
    const target = await this.below(path)
    await this.next.remove(target, this.atSamePlace(conditions, path, target))
  }

  async changeProperties(
    path: t.StorePath,
    changes: readonly t.PropertyChange[],
    times?: t.FileTimes,
  ): Promise<void> {
    await this.next.changeProperties(await this.below(path), changes, times)
  }

  /** Bytes of the subtree itself; what is available is what the whole store has. */
  async quota(): Promise<t.StoreQuota> {
    const { availableBytes } = await this.next.quota()
    const usedBytes = (await this.next.stat(await this.below([]))).sizeBytes
    return availableBytes === undefined ? { usedBytes } : { usedBytes, availableBytes }
  }

  async locate(path: t.StorePath): Promise<t.ResourceKey> {
    return await this.next.locate(await this.below(path))
  }

  async inTurn<T>(path: t.StorePath, work: () => Promise<T>): Promise<T> {
    return await (this.next.inTurn?.(await this.below(path), work) ?? work())
  }

  async stagingFolder(path: t.StorePath): Promise<string | undefined> {
    return await this.next.stagingFolder(await this.below(path))
  }

  async changes(path: t.StorePath, query: t.ChangesQuery): Promise<t.ChangesPage | undefined> {
    return await this.next.changes?.(await this.below(path), query)
  }

  async syncToken(path: t.StorePath): Promise<string | undefined> {
    return await this.next.syncToken?.(await this.below(path))
  }

  async page(path: t.StorePath, query: t.PageQuery): Promise<t.EntryPage | undefined> {
    return await this.next.page?.(await this.below(path), query)
  }

  /** Checked here: names joined to the root's path must not lead out of it. */
  private async below(path: t.StorePath): Promise<t.StorePath> {
    checkPath(path)
    const root = await this.root()
    if (root === undefined) throw new NotFoundError('What was shared here is gone.')
    return [...root, ...path]
  }

  private named(path: t.StorePath, entry: t.Entry): t.Entry {
    return path.length === 0 ? { ...entry, name: '' } : entry
  }
}

function rootStays(): ForbiddenError {
  return new ForbiddenError('The root of what is shared stays where it is.')
}
