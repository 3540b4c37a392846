import type { Migration } from './migration.ts'

/** Which file left a name: a row that turns up elsewhere was moved, one that is nowhere was deleted. */
export const tellWhatLeft: Migration = {
  name: '118_tell_what_left',
  async up(db) {
    await db.schema.alterTable('removed_names', (t) => {
      t.text('file_id')
    })
  },
  async down(db) {
    await db.raw('alter table removed_names drop column file_id')
  },
}
