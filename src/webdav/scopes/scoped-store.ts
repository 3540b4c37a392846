import { type AccessScope, type Activity, isGranted, leadsToGranted } from '../../platform/access-scope.ts'
import { ForbiddenError } from '../../platform/errors.ts'
import { findEntry, WrappedStore } from '../../store/layers/wrapped-store.ts'
import type * as t from '../../store/types.ts'

/** To replace what stands somewhere, beside the right to put something there. */
const REPLACE: readonly Activity[] = ['DELETE', 'MANAGE']

/**
 * A drive as a token of limited power sees it. Whatever address or header a path came from, it passes here:
 * every path of every call needs the activity that the call is.
 */
export class ScopedStore extends WrappedStore {
  private readonly scope: AccessScope

  constructor(next: t.FileStore, scope: AccessScope) {
    super(next)
    this.scope = scope
  }

  /** Also of the folders above, which methods look at on their way; to whom it is told, the method decides. */
  override async stat(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry> {
    this.requireWay(path)
    return this.shown(path, await super.stat(path, options))
  }

  override async list(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry[]> {
    this.require(path, ['LIST'])
    const entries = await super.list(path, options)
    return entries.map((entry) => this.shown([...path, entry.name], entry))
  }

  override async read(path: t.StorePath, range?: t.ByteRange, signal?: AbortSignal): Promise<t.FileContent> {
    this.require(path, ['DOWNLOAD'])
    const content = await super.read(path, range, signal)
    return { ...content, entry: this.shown(path, content.entry) }
  }

  override async write(
    path: t.StorePath,
    source: t.WriteSource,
    options: t.WriteOptions = {},
  ): Promise<t.WriteResult> {
    this.require(path, ['UPLOAD'])
    if (await this.mayReplace(path)) return super.write(path, source, options)
    const conditions = { ...options.conditions, ifNoneMatch: '*' as const }
    return super.write(path, source, { ...options, conditions })
  }

  override async makeCollection(path: t.StorePath): Promise<t.Entry> {
    this.require(path, ['UPLOAD', 'MANAGE'])
    return super.makeCollection(path)
  }

  override async move(
    from: t.StorePath,
    to: t.StorePath,
    options: t.RelocateOptions,
  ): Promise<t.WriteResult> {
    this.require(from, ['MANAGE'])
    this.require(to, ['MANAGE'])
    const overwrite = options.overwrite && (await this.mayReplace(to))
    return super.move(from, to, { ...options, overwrite })
  }

  override async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    this.require(from, ['DOWNLOAD'])
    this.require(to, ['UPLOAD'])
    const overwrite = options.overwrite && (await this.mayReplace(to))
    return super.copy(from, to, { ...options, overwrite })
  }

  override async remove(path: t.StorePath, conditions?: t.WriteConditions): Promise<void> {
    this.require(path, ['DELETE'])
    return super.remove(path, conditions)
  }

  override async changeProperties(
    path: t.StorePath,
    changes: readonly t.PropertyChange[],
    times?: t.FileTimes,
  ): Promise<void> {
    this.require(path, ['MANAGE'])
    return super.changeProperties(path, changes, times)
  }

  override async stagingFolder(path: t.StorePath): Promise<string | undefined> {
    this.require(path, ['UPLOAD'])
    return super.stagingFolder(path)
  }

  override async changes(path: t.StorePath, query: t.ChangesQuery): Promise<t.ChangesPage | undefined> {
    this.require(path, ['LIST'])
    return super.changes(path, query)
  }

  override async syncToken(path: t.StorePath): Promise<string | undefined> {
    this.require(path, ['LIST'])
    return super.syncToken(path)
  }

  /**
   * False where something may only be made: then nothing is replaced, whoever was quicker. Throws where
   * something stands already.
   */
  private async mayReplace(path: t.StorePath): Promise<boolean> {
    if (isGranted(this.scope, path, REPLACE)) return true
    if ((await findEntry(this.next, path)) !== undefined) throw forbidden()
    return false
  }

  private require(path: t.StorePath, activities: readonly Activity[]): void {
    if (!isGranted(this.scope, path, activities)) throw forbidden()
  }

  private requireWay(path: t.StorePath): void {
    const isInside = isGranted(this.scope, path, ['LIST', 'DOWNLOAD', 'UPLOAD', 'MANAGE', 'DELETE'])
    if (!isInside && !leadsToGranted(this.scope, path)) throw forbidden()
  }

  /** A folder above what is granted may be written in as far as its owner may: the members say no. */
  private shown(path: t.StorePath, entry: t.Entry): t.Entry {
    const isGrantedHere = (activities: readonly Activity[]) => isGranted(this.scope, path, activities)
    const isAbove = !isGrantedHere(['LIST', 'DOWNLOAD', 'UPLOAD', 'MANAGE', 'DELETE'])
    const { read, write } = entry.rights
    const rights = {
      read: read && isGrantedHere(['DOWNLOAD', 'LIST']),
      write: write && (isAbove || isGrantedHere(['UPLOAD', 'MANAGE', 'DELETE'])),
      share: false,
    }
    return { ...entry, rights }
  }
}

function forbidden(): ForbiddenError {
  return new ForbiddenError('Your token does not allow this here; ask for one with this path and activity.', {
    code: 'OUT_OF_SCOPE',
  })
}
