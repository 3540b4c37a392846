import type { Migration } from './migration.ts'

/** Directories of servers as they were read last, and how the last try went. */
export const createOcmDirectories: Migration = {
  name: '084_create_ocm_directories',
  async up(db) {
    await db.schema.createTable('ocm_directories', (t) => {
      t.text('url').primary()
      // What the list was verified with; a list verified otherwise is worth nothing under the present settings.
      t.text('basis')
      t.text('federation')
      t.bigInteger('read_at_ms')
      t.bigInteger('tried_at_ms').notNullable()
      t.text('failure_text')
      t.bigInteger('failed_at_ms')
    })
    await db.schema.createTable('ocm_directory_servers', (t) => {
      t.text('directory_url').notNullable()
      t.text('host').notNullable()
      t.text('url').notNullable()
      t.text('display_name').notNullable()
      t.primary(['directory_url', 'host'])
      t.index(['host'])
    })
  },
  async down(db) {
    await db.schema.dropTable('ocm_directory_servers')
    await db.schema.dropTable('ocm_directories')
  },
}
