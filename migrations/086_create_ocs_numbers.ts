import type { Migration } from './migration.ts'

/** Numbers that stand for our ids where clients of Nextcloud and ownCloud want integers. */
export const createOcsNumbers: Migration = {
  name: '086_create_ocs_numbers',
  async up(db) {
    await db.schema.createTable('ocs_numbers', (t) => {
      t.increments('number')
      // `given` and `received` shares, and `file`s.
      t.text('kind').notNullable()
      t.text('subject_id').notNullable()
      t.unique(['kind', 'subject_id'])
    })
  },
  async down(db) {
    await db.schema.dropTable('ocs_numbers')
  },
}
