import { ForbiddenError } from '../../platform/errors.ts'
import type * as t from '../types.ts'
import { WrappedStore } from './wrapped-store.ts'

/** What a role may do with what is shared. */
export const VIEWER_RIGHTS: t.Rights = { read: true, write: false, share: false }
export const EDITOR_RIGHTS: t.Rights = { read: true, write: true, share: false }

/** Lets through only what the given rights allow; entries show the rights that remain. */
export class RightsStore extends WrappedStore {
  private readonly rights: t.Rights

  constructor(next: t.FileStore, rights: t.Rights) {
    super(next)
    this.rights = rights
  }

  override async stat(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry> {
    this.checkRead()
    return this.limited(await this.next.stat(path, options))
  }

  override async list(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry[]> {
    this.checkRead()
    return (await this.next.list(path, options)).map((entry) => this.limited(entry))
  }

  override async read(path: t.StorePath, range?: t.ByteRange, signal?: AbortSignal): Promise<t.FileContent> {
    this.checkRead()
    const content = await this.next.read(path, range, signal)
    return { ...content, entry: this.limited(content.entry) }
  }

  override async write(
    path: t.StorePath,
    source: t.WriteSource,
    options?: t.WriteOptions,
  ): Promise<t.WriteResult> {
    this.checkWrite()
    return this.limitedResult(await this.next.write(path, source, options))
  }

  override async makeCollection(path: t.StorePath): Promise<t.Entry> {
    this.checkWrite()
    return this.limited(await this.next.makeCollection(path))
  }

  override async move(
    from: t.StorePath,
    to: t.StorePath,
    options: t.RelocateOptions,
  ): Promise<t.WriteResult> {
    this.checkWrite()
    return this.limitedResult(await this.next.move(from, to, options))
  }

  override async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    this.checkRead()
    this.checkWrite()
    return this.limitedResult(await this.next.copy(from, to, options))
  }

  override async remove(path: t.StorePath, conditions?: t.WriteConditions): Promise<void> {
    this.checkWrite()
    await this.next.remove(path, conditions)
  }

  override async changeProperties(
    path: t.StorePath,
    changes: readonly t.PropertyChange[],
    times?: t.FileTimes,
  ): Promise<void> {
    this.checkWrite()
    await this.next.changeProperties(path, changes, times)
  }

  override async stagingFolder(path: t.StorePath): Promise<string | undefined> {
    this.checkWrite()
    return await this.next.stagingFolder(path)
  }

  override async changes(path: t.StorePath, query: t.ChangesQuery): Promise<t.ChangesPage | undefined> {
    this.checkRead()
    const page = await this.next.changes?.(path, query)
    const limited = (change: t.Change) =>
      'entry' in change ? { ...change, entry: this.limited(change.entry) } : change
    return page && { ...page, changes: page.changes.map(limited) }
  }

  private checkRead(): void {
    if (!this.rights.read) throw new ForbiddenError('You may not read this. Ask its owner.')
  }

  private checkWrite(): void {
    if (!this.rights.write) throw new ForbiddenError('You may look at this but not change it. Ask its owner.')
  }

  private limitedResult({ entry, created }: t.WriteResult): t.WriteResult {
    return { entry: this.limited(entry), created }
  }

  private limited(entry: t.Entry): t.Entry {
    const { read, write, share } = entry.rights
    const rights = {
      read: read && this.rights.read,
      write: write && this.rights.write,
      share: share && this.rights.share,
    }
    return { ...entry, rights }
  }
}
