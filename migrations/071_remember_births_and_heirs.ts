import type { Migration } from './migration.ts'

/** When a file was born on its disk, and whose versions were being handed on. */
export const rememberBirthsAndHeirs: Migration = {
  name: '071_remember_births_and_heirs',
  async up(db) {
    await db.schema.alterTable('files', (t) => {
      // Nanoseconds as text, like the time of change; empty where the file system does not tell.
      t.text('disk_birth_ns').notNullable().defaultTo('')
    })
    // The walk that looks for changes made beside the node asks for folders only.
    await db.raw("create index files_folders on files (parent_id) where kind = 'folder'")
    await db.schema.createTable('version_heirs', (t) => {
      t.text('file_id').primary()
      t.text('heir_id').notNullable()
      t.text('space_id').notNullable().references('spaces.id').onDelete('CASCADE')
      t.index(['space_id'])
    })
  },
  async down(db) {
    await db.schema.dropTable('version_heirs')
    await db.raw('drop index files_folders')
    await db.raw('alter table files drop column disk_birth_ns')
  },
}
