import type { Migration } from './migration.ts'

/** Groups that an identity provider named are kept apart from those of the administrators. */
export const tellGroupOrigins: Migration = {
  name: '106_tell_group_origins',
  async up(db) {
    await db.schema.alterTable('user_groups', (t) => {
      t.text('origin').notNullable().defaultTo('local')
    })
  },
  async down(db) {
    await db.schema.alterTable('user_groups', (t) => {
      t.dropColumn('origin')
    })
  },
}
