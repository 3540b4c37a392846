import type { Db } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { StorePath } from '../types.ts'

/** Where something in the trash came from, and when. */
export interface Origin {
  path: StorePath
  deletedAtMs: number
}

interface Columns {
  file_id: string
  path: string
  deleted_at_ms: number
}

export async function insertOrigin(db: Db, fileId: string, { path, deletedAtMs }: Origin): Promise<void> {
  const row = { file_id: fileId, path: JSON.stringify(path), deleted_at_ms: deletedAtMs }
  await db<Columns>('trashed_files').insert(row).onConflict('file_id').merge()
}

export async function removeOrigin(db: Db, fileId: string): Promise<void> {
  await db('trashed_files').where('file_id', fileId).delete()
}

/** The origins of everything in a trash in one query, by file id. */
export async function listOrigins(db: Db, trashRootId: string): Promise<Map<string, Origin>> {
  const members = db('files').select('id').where('parent_id', trashRootId)
  const found = await db<Columns>('trashed_files').whereIn('file_id', members as never)
  return new Map(
    found.map((row) => [row.file_id, { path: JSON.parse(row.path), deletedAtMs: row.deleted_at_ms }]),
  )
}

/** The ids in a tree of files that have a folder of versions. */
export async function listVersioned(db: Db, versionsRootId: string, treeId: string): Promise<string[]> {
  const sql = `with recursive tree(id) as (
    select cast(? as text) union all
    select f.id from tree t join files f on f.parent_id = t.id
  ) select v.name from tree t join files v on v.parent_id = ? and v.name = t.id`
  const found = await readRows<{ name: string }>(db, sql, [treeId, versionsRootId])
  return found.map((row) => row.name)
}
