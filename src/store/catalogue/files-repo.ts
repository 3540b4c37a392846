import { type Db, inTransaction } from '../../platform/db.ts'
import { newSecret } from '../../platform/ids.ts'
import { readRows } from '../../platform/read-rows.ts'
import * as trash from '../kept/trash-repo.ts'
import type { DeadProperty, EntryKind, PropertyChange, StorePath } from '../types.ts'
import type { FileIndex, FileRow, FileRowChange } from './file-index.ts'
import * as journal from './journal-repo.ts'
import * as properties from './properties-repo.ts'

/** Rows of one INSERT: below the limits on parameters of both engines. */
const INSERT_BATCH = 400
const ID_BATCH = 1_000

interface Columns {
  id: string
  parent_id: string | null
  name: string
  kind: EntryKind
  size_bytes: number
  mtime_ms: number
  disk_mtime_ns: string
  disk_seen_ms: number
  inode: string
  etag: string
  media_type: string
  sha256: string | null
  sha1: string | null
  md5: string | null
  adler32: string | null
  created_at_ms: number
  changed_seq: number
  placed_seq: number
}

/** An etag nobody had before. */
export function newEtag(): string {
  return newSecret(12)
}

/** The index of one space in SQL. */
export class FilesRepo implements FileIndex {
  private readonly db: Db
  private readonly spaceId: string
  private readonly rootId: string
  private readonly seq: number | undefined

  /** `seq`: the number of the change that is being made, within one. */
  constructor(db: Db, spaceId: string, rootId: string, seq?: number) {
    this.db = db
    this.spaceId = spaceId
    this.rootId = rootId
    this.seq = seq
  }

  /**
   * Every change of a space first takes the row of the space, so two never wait for each other's rows
   * (no deadlock) and no update of a folder's size is lost. That gives the change its number, too.
   */
  change<T>(work: (index: FileIndex) => Promise<T>): Promise<T> {
    return inTransaction(this.db, async (tx) => {
      const seq = await journal.nextSeq(tx, this.spaceId)
      return await work(new FilesRepo(tx, this.spaceId, this.rootId, seq))
    })
  }

  async chain(path: StorePath): Promise<FileRow[]> {
    const found = await readRows<Columns>(this.db, chainSql(path.length), [...path, this.rootId])
    return found.map(toRow)
  }

  async members(parentId: string): Promise<FileRow[]> {
    const found = await this.db<Columns>('files').where({
      space_id: this.spaceId,
      parent_id: parentId,
    } as object)
    return found.map(toRow)
  }

  async named(parentId: string, names: readonly string[]): Promise<FileRow[]> {
    const marks = names.map(() => '?').join(', ')
    const sql = `select * from files where parent_id = ? and name in (${marks})`
    return (await readRows<Columns>(this.db, sql, [parentId, ...names])).map(toRow)
  }

  async findPath(id: string): Promise<StorePath | undefined> {
    const sql = `with recursive up as (
      select id, parent_id, name, 0 as height from files where id = ? and space_id = ?
      union all
      select f.id, f.parent_id, f.name, u.height + 1 from up u join files f on f.id = u.parent_id
    ) select id, name from up order by height desc`
    const found = await readRows<{ id: string; name: string }>(this.db, sql, [id, this.spaceId])
    return found[0]?.id === this.rootId ? found.slice(1).map((row) => row.name) : undefined
  }

  async listByInode(inodes: readonly string[]): Promise<FileRow[]> {
    const rows: FileRow[] = []
    for (const batch of batches(inodes, ID_BATCH)) {
      const found = await this.db<Columns>('files').where('space_id', this.spaceId).whereIn('inode', batch)
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
      await journal.recordRemoved(this.db, id, this.seq, change)
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

  async removeTree(id: string): Promise<void> {
    if (this.seq !== undefined) await journal.recordRemoved(this.db, id, this.seq)
    const sql = `with recursive tree(id) as (
      select cast(? as text) union all
      select f.id from tree t join files f on f.parent_id = t.id
    ) delete from files where id in (select id from tree)`
    await this.db.raw(sql, [id])
  }

  properties(id: string): Promise<DeadProperty[]> {
    return properties.listProperties(this.db, id)
  }

  memberProperties(parentId: string): Promise<Map<string, DeadProperty[]>> {
    return properties.listMemberProperties(this.db, parentId)
  }

  changeProperties(id: string, changes: readonly PropertyChange[]): Promise<void> {
    return inTransaction(this.db, (tx) => properties.changeProperties(tx, id, changes))
  }

  copyProperties(pairs: readonly (readonly [string, string])[]): Promise<void> {
    return properties.copyProperties(this.db, pairs)
  }

  listVersioned(versionsRootId: string, treeId: string): Promise<string[]> {
    return trash.listVersioned(this.db, versionsRootId, treeId)
  }

  origins(trashRootId: string): Promise<Map<string, trash.Origin>> {
    return trash.listOrigins(this.db, trashRootId)
  }

  recordOrigin(id: string, origin: trash.Origin): Promise<void> {
    return trash.insertOrigin(this.db, id, origin)
  }

  removeOrigin(id: string): Promise<void> {
    return trash.removeOrigin(this.db, id)
  }

  journal(): Promise<journal.JournalState> {
    return journal.getJournal(this.db, this.spaceId)
  }

  async changedMembers(parentId: string, fromSeq: number): Promise<journal.ChangedRow[]> {
    const sql = 'select * from files where parent_id = ? and changed_seq >= ?'
    const found = await readRows<Columns>(this.db, sql, [parentId, fromSeq])
    return found.map((one) => ({ row: toRow(one), changedSeq: one.changed_seq, placedSeq: one.placed_seq }))
  }

  removedNames(parentId: string, sinceSeq: number): Promise<journal.RemovedName[]> {
    return journal.listRemoved(this.db, parentId, sinceSeq)
  }

  propertiesOf(ids: readonly string[]): Promise<Map<string, DeadProperty[]>> {
    return properties.listPropertiesOf(this.db, ids)
  }
}

/** One text for each depth, so that it is prepared once. */
const chainSqls: string[] = ['select * from files where id = ?']

function chainSql(depth: number): string {
  const known = chainSqls[depth]
  if (known !== undefined) return known
  const wanted = Array.from({ length: depth }, (_, index) => `(${index + 1}, cast(? as text))`).join(', ')
  const sql = `with recursive wanted(depth, name) as (values ${wanted}), found as (
    select f.*, 0 as depth from files f where f.id = ?
    union all
    select f.*, p.depth + 1 from found p join wanted w on w.depth = p.depth + 1
    join files f on f.parent_id = p.id and f.name = w.name
  ) select * from found order by depth`
  chainSqls[depth] = sql
  return sql
}

function* batches<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

function toRow(found: Columns): FileRow {
  const { sha256, sha1, md5, adler32 } = found
  return {
    id: found.id,
    parentId: found.parent_id,
    name: found.name,
    kind: found.kind,
    sizeBytes: found.size_bytes,
    mtimeMs: found.mtime_ms,
    diskMtimeNs: found.disk_mtime_ns,
    diskSeenMs: found.disk_seen_ms,
    inode: found.inode,
    etag: found.etag,
    mediaType: found.media_type,
    checksums: {
      ...(sha256 !== null && { sha256 }),
      ...(sha1 !== null && { sha1 }),
      ...(md5 !== null && { md5 }),
      ...(adler32 !== null && { adler32 }),
    },
    createdAtMs: found.created_at_ms,
  }
}

function toColumns(change: FileRowChange): Partial<Columns> {
  const sums = change.checksums
  return {
    ...(change.parentId !== undefined && { parent_id: change.parentId }),
    ...(change.name !== undefined && { name: change.name }),
    ...(change.sizeBytes !== undefined && { size_bytes: change.sizeBytes }),
    ...(change.mtimeMs !== undefined && { mtime_ms: change.mtimeMs }),
    ...(change.diskMtimeNs !== undefined && { disk_mtime_ns: change.diskMtimeNs }),
    ...(change.diskSeenMs !== undefined && { disk_seen_ms: change.diskSeenMs }),
    ...(change.inode !== undefined && { inode: change.inode }),
    ...(change.etag !== undefined && { etag: change.etag }),
    ...(change.mediaType !== undefined && { media_type: change.mediaType }),
    ...(sums !== undefined && {
      sha256: sums.sha256 ?? null,
      sha1: sums.sha1 ?? null,
      md5: sums.md5 ?? null,
      adler32: sums.adler32 ?? null,
    }),
  }
}
