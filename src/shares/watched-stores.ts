import { AppError } from '../platform/errors.ts'
import {
  type ByteRange,
  type Entry,
  type EntryPage,
  type FileContent,
  type FileStore,
  type ListOptions,
  type PageQuery,
  type StorePath,
  WrappedStore,
  type WriteConditions,
  type WriteOptions,
  type WriteResult,
  type WriteSource,
} from '../store/index.ts'
import { SHARE_GONE } from './remote-errors.ts'

/** Tells when the server of a share does not let us in any more, and when it does again. */
export class GoneWatch extends WrappedStore {
  private readonly onAnswer: (isGone: boolean) => Promise<void>

  constructor(next: FileStore, onAnswer: (isGone: boolean) => Promise<void>) {
    super(next)
    this.onAnswer = onAnswer
  }

  override stat(path: StorePath, options?: ListOptions): Promise<Entry> {
    return this.watched(super.stat(path, options))
  }

  override list(path: StorePath, options?: ListOptions): Promise<Entry[]> {
    return this.watched(super.list(path, options))
  }

  override read(path: StorePath, range?: ByteRange, signal?: AbortSignal): Promise<FileContent> {
    return this.watched(super.read(path, range, signal))
  }

  override write(path: StorePath, source: WriteSource, options?: WriteOptions): Promise<WriteResult> {
    return this.watched(super.write(path, source, options))
  }

  private async watched<T>(answer: Promise<T>): Promise<T> {
    try {
      const result = await answer
      await this.onAnswer(false)
      return result
    } catch (error) {
      if (error instanceof AppError && error.code === SHARE_GONE) await this.onAnswer(true)
      throw error
    }
  }
}

/** Tells when something was deleted, so that the shares of it end with it. */
export class RemovalWatch extends WrappedStore {
  private readonly onRemoved: () => Promise<void>

  constructor(next: FileStore, onRemoved: () => Promise<void>) {
    super(next)
    this.onRemoved = onRemoved
  }

  override async remove(path: StorePath, conditions?: WriteConditions): Promise<void> {
    await super.remove(path, conditions)
    await this.onRemoved()
  }

  async page(path: StorePath, query: PageQuery): Promise<EntryPage | undefined> {
    return await this.next.page?.(path, query)
  }
}
