import { ForbiddenError } from '../../platform/errors.ts'
import { alsoAsking } from '../conditions.ts'
import type * as t from '../types.ts'
import { WrappedStore } from './wrapped-store.ts'

/** What a role may do with what is shared. */
export const VIEWER_RIGHTS: t.Rights = { read: true, write: false, share: false }
export const EDITOR_RIGHTS: t.Rights = { read: true, write: true, share: false }

/** What is allowed at the time of asking. */
export type RightsNow = () => t.Rights | Promise<t.Rights>

/**
 * Lets through only what the given rights allow; entries show the rights that remain. A function is asked at
 * every call and, for writes, which may last, once more when the whole body is there.
 */
export class RightsStore extends WrappedStore {
  private readonly rights: t.Rights | RightsNow

  constructor(next: t.FileStore, rights: t.Rights | RightsNow) {
    super(next)
    this.rights = rights
  }

  override async stat(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry> {
    const rights = await this.toRead()
    return limited(await this.next.stat(path, options), rights)
  }

  override async list(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry[]> {
    const rights = await this.toRead()
    return (await this.next.list(path, options)).map((entry) => limited(entry, rights))
  }

  override async read(path: t.StorePath, range?: t.ByteRange, signal?: AbortSignal): Promise<t.FileContent> {
    const rights = await this.toRead()
    const content = await this.next.read(path, range, signal)
    return { ...content, entry: limited(content.entry, rights) }
  }

  override async write(
    path: t.StorePath,
    source: t.WriteSource,
    options?: t.WriteOptions,
  ): Promise<t.WriteResult> {
    const rights = await this.toWrite()
    const isAtOnce = 'staged' in source || typeof this.rights !== 'function'
    const guarded = isAtOnce ? source : this.checkedAtEnd(source, options?.sizeBytes)
    return limitedResult(await this.next.write(path, guarded, options), rights)
  }

  override async makeCollection(path: t.StorePath): Promise<t.Entry> {
    const rights = await this.toWrite()
    return limited(await this.next.makeCollection(path), rights)
  }

  override async move(
    from: t.StorePath,
    to: t.StorePath,
    options: t.RelocateOptions,
  ): Promise<t.WriteResult> {
    const rights = await this.toWrite()
    return limitedResult(await this.next.move(from, to, this.askedAgain(options)), rights)
  }

  override async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    await this.toRead()
    const rights = await this.toWrite()
    return limitedResult(await this.next.copy(from, to, this.askedAgain(options)), rights)
  }

  override async remove(path: t.StorePath, conditions: t.WriteConditions = {}): Promise<void> {
    await this.toWrite()
    await this.next.remove(path, this.askedAgain(conditions))
  }

  override async changeProperties(
    path: t.StorePath,
    changes: readonly t.PropertyChange[],
    times?: t.FileTimes,
  ): Promise<void> {
    await this.toWrite()
    await this.next.changeProperties(path, changes, times)
  }

  override async stagingFolder(path: t.StorePath): Promise<string | undefined> {
    await this.toWrite()
    return await this.next.stagingFolder(path)
  }

  override async changes(path: t.StorePath, query: t.ChangesQuery): Promise<t.ChangesPage | undefined> {
    const rights = await this.toRead()
    const page = await this.next.changes?.(path, query)
    const shown = (change: t.Change) =>
      'entry' in change ? { ...change, entry: limited(change.entry, rights) } : change
    return page && { ...page, changes: page.changes.map(shown) }
  }

  async page(path: t.StorePath, query: t.PageQuery): Promise<t.EntryPage | undefined> {
    const rights = await this.toRead()
    const page = await this.next.page?.(path, query)
    return page && { ...page, entries: page.entries.map((entry) => limited(entry, rights)) }
  }

  private async toRead(): Promise<t.Rights> {
    const rights = await this.now()
    if (!rights.read) throw new ForbiddenError('You may not read this. Ask its owner.')
    return rights
  }

  private async toWrite(): Promise<t.Rights> {
    const rights = await this.now()
    if (!rights.write) throw new ForbiddenError('You may look at this but not change it. Ask its owner.')
    return rights
  }

  private async now(): Promise<t.Rights> {
    return typeof this.rights === 'function' ? await this.rights() : this.rights
  }

  /** A large copy takes minutes, and whatever changes a drive waits for its turn. */
  private askedAgain<T extends t.Checkable>(options: T): T {
    if (typeof this.rights !== 'function') return options
    return alsoAsking(options, async () => void (await this.toWrite()))
  }

  /** An upload may take hours; who may write no more meanwhile has not written. */
  private async *checkedAtEnd(
    source: AsyncIterable<Uint8Array>,
    sizeBytes = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<Uint8Array> {
    let leftBytes = sizeBytes
    for await (const chunk of source) {
      leftBytes -= chunk.length
      // Another server that was told the size takes the last byte for the end.
      if (leftBytes <= 0) await this.toWrite()
      yield chunk
    }
    if (leftBytes > 0) await this.toWrite()
  }
}

function limitedResult({ entry, created }: t.WriteResult, rights: t.Rights): t.WriteResult {
  return { entry: limited(entry, rights), created }
}

function limited(entry: t.Entry, by: t.Rights): t.Entry {
  const { read, write, share } = entry.rights
  return { ...entry, rights: { read: read && by.read, write: write && by.write, share: share && by.share } }
}
