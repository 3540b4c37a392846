import { listChanges } from '../catalogue/changes.ts'
import type { FileRow, SearchQuery, SearchResult } from '../catalogue/file-index.ts'
import { formatSyncToken } from '../catalogue/sync-token.ts'
import { byName, notFound, targetOf, toEntry, wrongKind } from '../entries.ts'
import { checkPath } from '../paths.ts'
import type * as t from '../types.ts'
import { type CheckOptions, checkIndex, type IndexDifference } from './check-index.ts'
import { IndexSync } from './index-sync.ts'
import { copyLocal } from './local-copy.ts'
import { changePropertiesLocal } from './local-properties.ts'
import { readLocal } from './local-read.ts'
import { moveLocal } from './local-relocate.ts'
import { makeFolderLocal, removeLocal } from './local-remove.ts'
import { writeLocal } from './local-write.ts'
import { Lookout } from './lookout.ts'
import { Publisher } from './publisher.ts'
import { type RebuildReport, rebuildIndex } from './rebuild-index.ts'
import type { SpaceContext } from './space-context.ts'

/** What a search found, with where it is. */
export interface FoundEntries extends Pick<SearchResult, 'next'> {
  found: { entry: t.Entry; path: t.StorePath }[]
}

/**
 * A drive on a local disk: ordinary files that mirror what the user sees, and an index beside them in
 * SQL. Others may change the files too: that shows when a folder is listed or a file is touched. What
 * changed from outside keeps its id, gets a new etag and loses its checksums until it is written here.
 * Dead properties are no content: changing them changes no etag.
 */
export class LocalStore implements t.FileStore {
  private readonly space: SpaceContext
  private readonly sync: IndexSync
  private readonly publisher: Publisher
  private readonly lookout: Lookout | undefined

  /** Over a space whose rows and folders are there. `watchMs`: how often to look around at most, if at all. */
  constructor(space: SpaceContext, watchMs = 0) {
    this.space = space
    this.sync = new IndexSync(space)
    this.publisher = new Publisher(space, this.sync)
    this.lookout = watchMs > 0 ? new Lookout(space, this.sync, watchMs) : undefined
  }

  async stat(path: t.StorePath, options: t.ListOptions = {}): Promise<t.Entry> {
    checkPath(path)
    const row = await this.look(path)
    return toEntry(row, options.withProperties ? await this.space.index.properties.list(row.id) : undefined)
  }

  async list(path: t.StorePath, options: t.ListOptions = {}): Promise<t.Entry[]> {
    checkPath(path)
    const row = await this.look(path)
    if (row.kind === 'file') throw wrongKind(path, 'file')
    const rows = (await this.space.index.members(row.id)).sort(byName)
    if (!options.withProperties) return rows.map((member) => toEntry(member))
    const properties = await this.space.index.properties.listOfMembers(row.id)
    return rows.map((member) => toEntry(member, properties.get(member.id) ?? []))
  }

  async read(path: t.StorePath, range?: t.ByteRange, signal?: AbortSignal): Promise<t.FileContent> {
    checkPath(path)
    return await readLocal(this.space, this.sync, path, { range, signal })
  }

  async write(
    path: t.StorePath,
    source: t.WriteSource,
    options: t.WriteOptions = {},
  ): Promise<t.WriteResult> {
    checkPath(path)
    if (path.length === 0) throw wrongKind(path, 'folder')
    return await writeLocal(this.space, this.sync, this.publisher, { path, source, options })
  }

  async makeCollection(path: t.StorePath): Promise<t.Entry> {
    checkPath(path)
    return await makeFolderLocal(this.space, this.sync, path)
  }

  async move(from: t.StorePath, to: t.StorePath, options: t.RelocateOptions): Promise<t.WriteResult> {
    checkPath(from)
    checkPath(to)
    return await moveLocal(this.space, this.sync, { from, to, options })
  }

  async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    checkPath(from)
    checkPath(to)
    return await copyLocal(this.space, this.sync, { from, to, options })
  }

  async remove(path: t.StorePath, conditions?: t.WriteConditions): Promise<void> {
    checkPath(path)
    await removeLocal(this.space, this.sync, path, conditions)
  }

  async changeProperties(
    path: t.StorePath,
    changes: readonly t.PropertyChange[],
    { mtimeMs }: t.FileTimes = {},
  ): Promise<void> {
    checkPath(path)
    await changePropertiesLocal(this.space, this.sync, path, { changes, mtimeMs })
  }

  /** What lies in the trash and among the versions counts too. */
  async quota(): Promise<t.StoreQuota> {
    const { index, kept } = this.space
    const trees = [index, kept?.trash?.space.index, kept?.versions?.space.index]
    const roots = await Promise.all(trees.map((tree) => tree?.chain([])))
    return { usedBytes: roots.reduce((sum, chain) => sum + (chain?.[0]?.sizeBytes ?? 0), 0) }
  }

  async locate(path: t.StorePath): Promise<t.ResourceKey> {
    checkPath(path)
    return { scope: this.space.id, path }
  }

  inTurn<T>(_path: t.StorePath, work: () => Promise<T>): Promise<T> {
    return this.space.queue.run(work)
  }

  async stagingFolder(_path: t.StorePath): Promise<string> {
    return this.space.staging.transfersFolder
  }

  /** As the index knows it: what others change on the disk is told once it was noticed. */
  async changes(path: t.StorePath, query: t.ChangesQuery): Promise<t.ChangesPage> {
    checkPath(path)
    const row = await this.look(path)
    if (row.kind === 'file') throw wrongKind(path, 'file')
    return await listChanges(this.space.index, row, query)
  }

  async syncToken(path: t.StorePath): Promise<string> {
    checkPath(path)
    const { id } = await this.look(path)
    return formatSyncToken({ folderId: id, seq: (await this.space.index.journal.state()).seq })
  }

  async page(path: t.StorePath, query: t.PageQuery): Promise<t.EntryPage> {
    checkPath(path)
    const row = await this.look(path)
    if (row.kind === 'file') throw wrongKind(path, 'file')
    const { rows, ...page } = await this.space.index.browse.page(row.id, query)
    return { ...page, entries: rows.map((member) => toEntry(member)) }
  }

  /** Names anywhere below a folder, as the index knows them. */
  async search(folder: t.StorePath, query: Omit<SearchQuery, 'folderId'>): Promise<FoundEntries> {
    checkPath(folder)
    const row = await this.space.index.find(folder)
    if (row === undefined) throw notFound(folder)
    const { found, next } = await this.space.index.browse.search({ ...query, folderId: row.id })
    const entries = found.map(({ row: one, path }) => ({ entry: toEntry(one), path }))
    return next === undefined ? { found: entries } : { found: entries, next }
  }

  /** Where the entry with this id is now; undefined when it is not (or no longer) in this drive. */
  async findPathOfId(id: string): Promise<t.StorePath | undefined> {
    return await this.space.index.findPath(id)
  }

  /** Walks the whole tree and brings the index up to date with it, whatever the folders' times say. */
  async rebuildIndex(): Promise<RebuildReport> {
    return await rebuildIndex(this.space, this.sync)
  }

  /** Where index and disk disagree; changes neither. */
  checkIndex(options?: CheckOptions): AsyncIterable<IndexDifference> {
    return checkIndex(this.space, options)
  }

  /** Removes what uploads of dead processes left in staging; returns how many. */
  async sweep(): Promise<number> {
    return await this.space.staging.sweep(this.space.clock.nowMs())
  }

  /** Resolves when all changes that were asked for are done. It looks around no more. */
  async idle(): Promise<void> {
    await this.lookout?.stop()
    await this.space.queue.idle()
  }

  /** What is there now. Who looks at a folder makes the drive look around. */
  private async look(path: t.StorePath): Promise<FileRow> {
    if (path.length === 0) await this.lookout?.lookFirst()
    const row = targetOf(path, await this.sync.fresh(path, true))
    if (row.kind === 'folder') this.lookout?.look()
    return row
  }
}
