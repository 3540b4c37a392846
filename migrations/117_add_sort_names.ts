import type { Knex } from 'knex'
import { toSortName } from '../src/store/sort-name.ts'
import type { Migration } from './migration.ts'

const BATCH = 1_000

/** Names as people sort and search them, and the indexes for that. */
export const addSortNames: Migration = {
  name: '117_add_sort_names',
  async up(db) {
    const isPostgres = db.client.config.client === 'pg'
    // Compared byte by byte on both engines, whatever the language of the database.
    const collation = isPostgres ? 'collate "C"' : ''
    await db.raw(`alter table files add column sort_name text ${collation} not null default ''`)
    await fill(db)
    // Sizes and times stand in it so that other orders are found without the rows.
    await db.raw(`create index files_page on files
      (parent_id, kind, sort_name, name ${collation}, size_bytes, mtime_ms)`)
    await db.raw(`create index files_search on files (space_id, sort_name, id)`)
  },
  async down(db) {
    await db.raw('drop index files_search')
    await db.raw('drop index files_page')
    await db.raw('alter table files drop column sort_name')
  },
}

async function fill(db: Knex): Promise<void> {
  let afterId = ''
  while (true) {
    const rows: { id: string; name: string }[] = await db('files')
      .select('id', 'name')
      .where('id', '>', afterId)
      .orderBy('id')
      .limit(BATCH)
    const last = rows.at(-1)
    if (last === undefined) return
    const marks = rows.map(() => '(cast(? as text), cast(? as text))').join(', ')
    const values = rows.flatMap(({ id, name }) => [id, toSortName(name)])
    const sql = `with sorted(id, sort_name) as (values ${marks})
      update files set sort_name = sorted.sort_name from sorted where files.id = sorted.id`
    await db.raw(sql, values)
    afterId = last.id
  }
}
