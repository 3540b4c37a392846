import type { Db } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { KeptIndex, Origin } from './file-index.ts'

interface OriginColumns {
  file_id: string
  path: string
  deleted_at_ms: number
}

/** Trash and versions of a space in SQL, beyond their rows. */
export class KeptRepo implements KeptIndex {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** One query for everything in a trash. */
  async origins(trashRootId: string): Promise<Map<string, Origin>> {
    const members = this.db('files').select('id').where('parent_id', trashRootId)
    const found = await this.db<OriginColumns>('trashed_files').whereIn('file_id', members as never)
    return new Map(
      found.map((row) => [row.file_id, { path: JSON.parse(row.path), deletedAtMs: row.deleted_at_ms }]),
    )
  }

  async recordOrigin(id: string, { path, deletedAtMs }: Origin): Promise<void> {
    const row = { file_id: id, path: JSON.stringify(path), deleted_at_ms: deletedAtMs }
    await this.db<OriginColumns>('trashed_files').insert(row).onConflict('file_id').merge()
  }

  async removeOrigin(id: string): Promise<void> {
    await this.db('trashed_files').where('file_id', id).delete()
  }

  async listVersioned(versionsRootId: string, treeId: string): Promise<string[]> {
    const sql = `with recursive tree(id) as (
      select cast(? as text) union all
      select f.id from tree t join files f on f.parent_id = t.id
    ) select v.name from tree t join files v on v.parent_id = ? and v.name = t.id`
    const found = await readRows<{ name: string }>(this.db, sql, [treeId, versionsRootId])
    return found.map((row) => row.name)
  }
}
