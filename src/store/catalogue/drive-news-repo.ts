import type { Db } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { EntryKind, StorePath } from '../types.ts'
import { findPath } from './chain-repo.ts'

/** Numbers of a journal: after the first, up to the second. */
export interface Stretch {
  fromSeq: number
  toSeq: number
}

/** A member of a folder that changed, or below which something did. */
export interface NewsRow {
  id: string
  name: string
  kind: EntryKind
  mtime_ms: number
  created_at_ms: number
  changed_seq: number
  placed_seq: number
}

/** A name that something left, and what became of both. */
export interface LeftName {
  parent_id: string
  name: string
  seq: number
  folder_seq: number | null
  /** Null for what an older version wrote. */
  file_id: string | null
  /** Where the file is now; null when it is gone. */
  now_parent_id: string | null
  created_at_ms: number | null
  /** What has the name now. */
  heir_id: string | null
}

export interface TrashedRow {
  id: string
  kind: EntryKind
  created_at_ms: number
  path: StorePath
  deletedAtMs: number
}

/** A drive in the index. */
export interface DriveIds {
  id: string
  rootId: string
  trashRootId: string
}

const PAGE = 1_000

/** What the journal of a drive knows, for telling people. */
export class DriveNewsRepo {
  private readonly db: Db
  private readonly drive: DriveIds

  constructor(db: Db, drive: DriveIds) {
    this.db = db
    this.drive = drive
  }

  /** Members of a folder with changes after a number, page by page. */
  async *members(parentId: string, fromSeq: number): AsyncGenerator<NewsRow[]> {
    const sql = `select id, name, kind, mtime_ms, created_at_ms, changed_seq, placed_seq from files
      where parent_id = ? and changed_seq > ? and name > ? order by name limit ?`
    for (let after: string | undefined = ''; after !== undefined; ) {
      const rows: NewsRow[] = await readRows<NewsRow>(this.db, sql, [parentId, fromSeq, after, PAGE])
      yield rows
      after = rows.length < PAGE ? undefined : rows.at(-1)?.name
    }
  }

  /** In the order in which they were left. */
  leftNames({ fromSeq, toSeq }: Stretch): Promise<LeftName[]> {
    const sql = `select r.parent_id, r.name, r.seq, r.folder_seq, r.file_id, f.parent_id as now_parent_id,
        f.created_at_ms, h.id as heir_id
      from removed_names r
      left join files f on f.id = r.file_id
      left join files h on h.parent_id = r.parent_id and h.name = r.name
      where r.space_id = ? and r.seq > ? and r.seq <= ? order by r.seq`
    return readRows<LeftName>(this.db, sql, [this.drive.id, fromSeq, toSeq])
  }

  /** What came into the trash and is there still. */
  async trashed({ fromSeq, toSeq }: Stretch): Promise<TrashedRow[]> {
    const { trashRootId } = this.drive
    // Only when something happened there: a trash can be large.
    const sql = `select f.id, f.kind, f.created_at_ms, t.path, t.deleted_at_ms
      from files root join files f on f.parent_id = root.id join trashed_files t on t.file_id = f.id
      where root.id = ? and root.changed_seq > ? and f.placed_seq > ? and f.placed_seq <= ?`
    const found = await readRows<TrashedRow & { path: string; deleted_at_ms: number }>(this.db, sql, [
      ...[trashRootId, fromSeq, fromSeq, toSeq],
    ])
    return found.map(({ path, deleted_at_ms, ...row }) => ({
      ...row,
      path: JSON.parse(path) as StorePath,
      deletedAtMs: deleted_at_ms,
    }))
  }

  /** Where a folder is now; undefined when that is not in the drive proper. */
  pathOf(id: string): Promise<StorePath | undefined> {
    return findPath(this.db, { id, spaceId: this.drive.id, rootId: this.drive.rootId })
  }
}
