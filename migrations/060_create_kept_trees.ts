import type { Migration } from './migration.ts'

/** What was deleted and what was overwritten, as two more trees of each space. */
export const createKeptTrees: Migration = {
  name: '060_create_kept_trees',
  async up(db) {
    await db.schema.alterTable('spaces', (t) => {
      t.text('trash_root_id')
      t.text('versions_root_id')
    })
    for (const tree of ['trash', 'versions']) {
      await db.raw(`insert into files (id, space_id, parent_id, name, kind, size_bytes, mtime_ms, disk_mtime_ns,
          disk_seen_ms, inode, etag, media_type, created_at_ms)
        select root_id || '.${tree}', id, null, '', 'folder', 0, created_at_ms, '', 0, '', root_id || '.${tree}',
          'httpd/unix-directory', created_at_ms from spaces`)
      await db.raw(`update spaces set ${tree}_root_id = root_id || '.${tree}'`)
    }
    await db.schema.createTable('trashed_files', (t) => {
      t.text('file_id').primary().references('files.id').onDelete('CASCADE')
      // A JSON array of names.
      t.text('path').notNullable()
      t.bigInteger('deleted_at_ms').notNullable()
    })
  },
  async down(db) {
    await db.schema.dropTable('trashed_files')
    await db.raw(`with recursive kept(id) as (
      select f.id from files f join spaces s on f.id in (s.trash_root_id, s.versions_root_id)
      union all
      select f.id from kept k join files f on f.parent_id = k.id
    ) delete from files where id in (select id from kept)`)
    await db.raw('alter table spaces drop column trash_root_id')
    await db.raw('alter table spaces drop column versions_root_id')
  },
}
