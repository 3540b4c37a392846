import type { Migration } from './migration.ts'

/** What changed since when, for sync-collection (RFC 6578). */
export const createChangeJournal: Migration = {
  name: '070_create_change_journal',
  async up(db) {
    await db.schema.alterTable('spaces', (t) => {
      t.bigInteger('change_seq').notNullable().defaultTo(0)
      // Removals up to here are forgotten.
      t.bigInteger('journal_from_seq').notNullable().defaultTo(0)
    })
    await db.schema.alterTable('files', (t) => {
      t.bigInteger('changed_seq').notNullable().defaultTo(0)
      // When it came to its present name and folder.
      t.bigInteger('placed_seq').notNullable().defaultTo(0)
    })
    await db.schema.createTable('removed_names', (t) => {
      t.text('parent_id').notNullable()
      t.text('name').notNullable()
      t.text('space_id').notNullable().references('spaces.id').onDelete('CASCADE')
      t.bigInteger('seq').notNullable()
      // When a folder last went from this name.
      t.bigInteger('folder_seq')
      t.primary(['parent_id', 'name'])
      t.index(['space_id', 'seq'])
    })
    await db.schema.createTable('journal_marks', (t) => {
      t.text('space_id').notNullable().references('spaces.id').onDelete('CASCADE')
      t.bigInteger('seq').notNullable()
      t.bigInteger('at_ms').notNullable()
      t.primary(['space_id', 'at_ms'])
    })
  },
  async down(db) {
    await db.schema.dropTable('journal_marks')
    await db.schema.dropTable('removed_names')
    for (const column of ['changed_seq', 'placed_seq'])
      await db.raw(`alter table files drop column ${column}`)
    for (const column of ['change_seq', 'journal_from_seq']) {
      await db.raw(`alter table spaces drop column ${column}`)
    }
  },
}
