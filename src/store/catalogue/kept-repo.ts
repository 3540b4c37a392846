import type { Db } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { Heir, KeptIndex, Origin } from './file-index.ts'
import { lostParent } from './lost-repo.ts'

interface OriginColumns {
  file_id: string
  path: string
  deleted_at_ms: number
}

/** Trash and versions of a space in SQL, beyond their rows. */
export class KeptRepo implements KeptIndex {
  private readonly db: Db
  private readonly spaceId: string

  constructor(db: Db, spaceId: string) {
    this.db = db
    this.spaceId = spaceId
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

  async listWithOldVersions(versionsRootId: string, beforeMs: number): Promise<string[]> {
    const fileIds: string[] = []
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: { id: string; name: string }[] = await readRows(this.db, VERSION_FOLDERS, [
        versionsRootId,
        after,
      ])
      const folderIds = page.map((folder) => folder.id)
      const found = await this.db<VersionColumns>('files')
        .distinct('parent_id')
        .whereIn('parent_id', folderIds)
        .andWhere('created_at_ms', '<', beforeMs)
      const old = new Set(found.map((row) => row.parent_id))
      fileIds.push(...page.filter(({ id }) => old.has(id)).map(({ name }) => name))
      after = page.at(-1)?.name
    }
    return fileIds
  }

  async recordHeir({ fileId, heirId }: Heir): Promise<void> {
    const row = { file_id: fileId, heir_id: heirId, space_id: this.spaceId }
    await this.db<HeirColumns>('version_heirs').insert(row).onConflict('file_id').merge()
  }

  async listHeirs(): Promise<Heir[]> {
    const found = await this.db<HeirColumns>('version_heirs').where('space_id', this.spaceId)
    return found.map((row) => ({ fileId: row.file_id, heirId: row.heir_id }))
  }

  async removeHeir(fileId: string): Promise<void> {
    await this.db('version_heirs').where('file_id', fileId).delete()
  }

  async listPresent(ids: readonly string[]): Promise<string[]> {
    const found = await this.db<{ id: string; parent_id: string }>('files')
      .select('id')
      .whereIn('id', ids)
      .andWhere('parent_id', '<>', lostParent(this.spaceId))
    return found.map((row) => row.id)
  }
}

/** A page of the folders of versions, so that no statement holds up the others for long. */
const VERSION_FOLDERS = 'select id, name from files where parent_id = ? and name > ? order by name limit 1000'

interface VersionColumns {
  parent_id: string
  created_at_ms: number
}

interface HeirColumns {
  file_id: string
  heir_id: string
  space_id: string
}
