import type { Migration } from './migration.ts'

export const createFiles: Migration = {
  name: '010_create_files',
  async up(db) {
    await db.schema.createTable('spaces', (t) => {
      t.text('id').primary()
      t.text('owner_user_id').unique()
      t.text('folder').notNullable().unique()
      t.text('root_id').notNullable().unique()
      t.bigInteger('quota_bytes')
      t.bigInteger('created_at_ms').notNullable()
    })
    await db.schema.createTable('files', (t) => {
      t.text('id').primary()
      t.text('space_id').notNullable().references('spaces.id').onDelete('CASCADE')
      t.text('parent_id')
      t.text('name').notNullable()
      t.text('kind').notNullable()
      t.bigInteger('size_bytes').notNullable()
      t.bigInteger('mtime_ms').notNullable()
      // Nanoseconds as text: a JavaScript number would round them, and a missed digit is a missed change.
      t.text('disk_mtime_ns').notNullable()
      t.bigInteger('disk_seen_ms').notNullable()
      t.text('inode').notNullable()
      t.text('etag').notNullable()
      t.text('media_type').notNullable()
      t.text('sha256')
      t.text('sha1')
      t.text('md5')
      t.text('adler32')
      t.bigInteger('created_at_ms').notNullable()
      // A parent belongs to one space, so the space in front would only tempt the planner to use it alone.
      t.unique(['parent_id', 'name'])
      t.index(['inode'])
    })
    await db.schema.createTable('dead_properties', (t) => {
      t.text('file_id').notNullable().references('files.id').onDelete('CASCADE')
      t.text('namespace').notNullable()
      t.text('name').notNullable()
      t.text('xml').notNullable()
      t.primary(['file_id', 'namespace', 'name'])
    })
  },
  async down(db) {
    await db.schema.dropTable('dead_properties')
    await db.schema.dropTable('files')
    await db.schema.dropTable('spaces')
  },
}
