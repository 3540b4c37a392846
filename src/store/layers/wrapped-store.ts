import { AppError } from '../../platform/errors.ts'
import type * as t from '../types.ts'

/** A layer that changes nothing; real layers override what they have to say something about. */
export class WrappedStore implements t.FileStore {
  protected readonly next: t.FileStore

  constructor(next: t.FileStore) {
    this.next = next
  }

  stat(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry> {
    return this.next.stat(path, options)
  }

  list(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry[]> {
    return this.next.list(path, options)
  }

  read(path: t.StorePath, range?: t.ByteRange, signal?: AbortSignal): Promise<t.FileContent> {
    return this.next.read(path, range, signal)
  }

  write(path: t.StorePath, source: t.WriteSource, options?: t.WriteOptions): Promise<t.WriteResult> {
    return this.next.write(path, source, options)
  }

  makeCollection(path: t.StorePath): Promise<t.Entry> {
    return this.next.makeCollection(path)
  }

  move(from: t.StorePath, to: t.StorePath, options: t.RelocateOptions): Promise<t.WriteResult> {
    return this.next.move(from, to, options)
  }

  copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    return this.next.copy(from, to, options)
  }

  remove(path: t.StorePath, conditions?: t.WriteConditions): Promise<void> {
    return this.next.remove(path, conditions)
  }

  changeProperties(
    path: t.StorePath,
    changes: readonly t.PropertyChange[],
    times?: t.FileTimes,
  ): Promise<void> {
    return this.next.changeProperties(path, changes, times)
  }

  quota(): Promise<t.StoreQuota> {
    return this.next.quota()
  }

  locate(path: t.StorePath): Promise<t.ResourceKey> {
    return this.next.locate(path)
  }

  async inTurn<T>(path: t.StorePath, work: () => Promise<T>): Promise<T> {
    return await (this.next.inTurn?.(path, work) ?? work())
  }

  stagingFolder(path: t.StorePath): Promise<string | undefined> {
    return this.next.stagingFolder(path)
  }

  async changes(path: t.StorePath, query: t.ChangesQuery): Promise<t.ChangesPage | undefined> {
    return await this.next.changes?.(path, query)
  }

  async syncToken(path: t.StorePath): Promise<string | undefined> {
    return await this.next.syncToken?.(path)
  }
}

/** The entry at a path, or undefined when nothing is there or its parent is missing. */
export async function findEntry(store: t.FileStore, path: t.StorePath): Promise<t.Entry | undefined> {
  try {
    return await store.stat(path)
  } catch (error) {
    if (error instanceof AppError && (error.status === 404 || error.status === 409)) return undefined
    throw error
  }
}
