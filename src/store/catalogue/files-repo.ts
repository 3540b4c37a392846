import { type Db, inTransaction } from '../../platform/db.ts'
import { newSecret } from '../../platform/ids.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { StorePath } from '../types.ts'
import { BrowseRepo } from './browse-repo.ts'
import { findPath, findRow, listChain, listChainOf } from './chain-repo.ts'
import { type FileColumns, toColumns, toRow } from './file-columns.ts'
import type {
  BrowseIndex,
  FileIndex,
  FileRow,
  FileRowChange,
  Journal,
  KeptIndex,
  PropertyIndex,
} from './file-index.ts'
import { JournalRepo, nextSeq, recordRemoved } from './journal-repo.ts'
import { KeptRepo } from './kept-repo.ts'
import { isLost, lostParent } from './lost-repo.ts'
import { PropertiesRepo } from './properties-repo.ts'

/** Rows of one INSERT: below the limits on parameters of both engines. */
const INSERT_BATCH = 400
const ID_BATCH = 1_000

/** An etag nobody had before. */
export function newEtag(): string {
  return newSecret(12)
}

/** The index of one space in SQL. */
export class FilesRepo implements FileIndex {
  readonly journal: Journal
  readonly kept: KeptIndex
  readonly properties: PropertyIndex
  readonly browse: BrowseIndex
  private readonly db: Db
  private readonly spaceId: string
  private readonly rootId: string
  private readonly seq: number | undefined
  private readonly onChanged: (() => void) | undefined

  /** `seq`: the number of the change that is being made, within one; `onChanged`: one was made. */
  constructor(
    db: Db,
    { spaceId, rootId }: { spaceId: string; rootId: string },
    { seq, onChanged }: { seq?: number; onChanged?: (() => void) | undefined } = {},
  ) {
    this.db = db
    this.spaceId = spaceId
    this.rootId = rootId
    this.seq = seq
    this.onChanged = onChanged
    this.journal = new JournalRepo(db, spaceId)
    this.kept = new KeptRepo(db, spaceId)
    this.properties = new PropertiesRepo(db)
    this.browse = new BrowseRepo(db, spaceId, rootId)
  }

  /**
   * Every change of a space first takes the row of the space, so two never wait for each other's rows
   * (no deadlock) and no update of a folder's size is lost. That gives the change its number, too.
   */
  async change<T>(work: (index: FileIndex) => Promise<T>): Promise<T> {
    const result = await inTransaction(this.db, async (tx) => {
      const seq = await nextSeq(tx, this.spaceId)
      return await work(new FilesRepo(tx, { spaceId: this.spaceId, rootId: this.rootId }, { seq }))
    })
    this.onChanged?.()
    return result
  }

  async chain(path: StorePath): Promise<FileRow[]> {
    return await listChain(this.db, this.rootId, path)
  }

  async find(path: StorePath): Promise<FileRow | undefined> {
    return await findRow(this.db, this.rootId, path)
  }

  async members(parentId: string): Promise<FileRow[]> {
    const sql = 'select * from files where parent_id = ? and space_id = ?'
    return (await readRows<FileColumns>(this.db, sql, [parentId, this.spaceId])).map(toRow)
  }

  async membersAfter(parentId: string, name: string, limit: number): Promise<FileRow[]> {
    const sql = 'select * from files where parent_id = ? and name > ? order by name limit ?'
    return (await readRows<FileColumns>(this.db, sql, [parentId, name, limit])).map(toRow)
  }

  async folders(parentId: string): Promise<FileRow[]> {
    const sql = "select * from files where parent_id = ? and kind = 'folder'"
    return (await readRows<FileColumns>(this.db, sql, [parentId])).map(toRow)
  }

  async named(parentId: string, names: readonly string[]): Promise<FileRow[]> {
    const marks = names.map(() => '?').join(', ')
    const sql = `select * from files where parent_id = ? and name in (${marks})`
    return (await readRows<FileColumns>(this.db, sql, [parentId, ...names])).map(toRow)
  }

  async findPath(id: string): Promise<StorePath | undefined> {
    return await findPath(this.db, { id, spaceId: this.spaceId, rootId: this.rootId })
  }

  chainOf(id: string): Promise<FileRow[]> {
    return listChainOf(this.db, this.spaceId, id)
  }

  async listByInode(inodes: readonly string[]): Promise<FileRow[]> {
    const rows: FileRow[] = []
    for (const batch of batches(inodes, ID_BATCH)) {
      const found = await this.db<FileColumns>('files')
        .where('space_id', this.spaceId)
        .whereIn('inode', batch)
      rows.push(...found.map(toRow))
    }
    return rows
  }

  async insert(rows: readonly FileRow[]): Promise<void> {
    for (const batch of batches(rows, INSERT_BATCH)) {
      await this.db('files').insert(
        batch.map((row) => ({
          id: row.id,
          space_id: this.spaceId,
          kind: row.kind,
          created_at_ms: row.createdAtMs,
          ...toColumns(row),
          ...(this.seq !== undefined && { changed_seq: this.seq, placed_seq: this.seq }),
        })),
      )
    }
  }

  async update(id: string, change: FileRowChange): Promise<void> {
    const columns = toColumns(change)
    const isPlaced = change.parentId !== undefined || change.name !== undefined
    if (this.seq !== undefined && (isPlaced || change.etag !== undefined)) columns.changed_seq = this.seq
    if (this.seq !== undefined && isPlaced) {
      columns.placed_seq = this.seq
      await recordRemoved(this.db, id, this.seq, change)
    }
    if (Object.keys(columns).length > 0) await this.db('files').where('id', id).update(columns)
  }

  async bump(ids: readonly string[], deltaBytes: number): Promise<void> {
    const size_bytes = this.db.raw('size_bytes + ?', [deltaBytes])
    const change = {
      etag: newEtag(),
      ...(deltaBytes !== 0 && { size_bytes }),
      ...(this.seq !== undefined && { changed_seq: this.seq }),
    }
    await this.db('files').whereIn('id', ids).update(change)
  }

  async lose(id: string, nowMs: number): Promise<void> {
    await this.update(id, { parentId: lostParent(this.spaceId), name: id, diskSeenMs: nowMs })
  }

  isLost(id: string): Promise<boolean> {
    return isLost(this.db, this.spaceId, id)
  }

  async removeTree(id: string): Promise<void> {
    if (this.seq !== undefined) await recordRemoved(this.db, id, this.seq)
    const sql = `with recursive tree(id) as (
      select cast(? as text) union all
      select f.id from tree t join files f on f.parent_id = t.id
    ) delete from files where id in (select id from tree)`
    await this.db.raw(sql, [id])
  }
}

function* batches<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}
