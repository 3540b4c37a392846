import type { Migration } from './migration.ts'

/** Sign-ins that programs started and people have yet to grant. */
export const createLoginFlows: Migration = {
  name: '050_create_login_flows',
  async up(db) {
    await db.schema.createTable('login_flows', (t) => {
      t.text('id').primary()
      t.text('poll_hash').notNullable().unique()
      t.text('login_hash').notNullable().unique()
      t.text('client').notNullable()
      t.text('user_id').references('users.id').onDelete('CASCADE')
      t.bigInteger('expires_at_ms').notNullable()
      t.index(['expires_at_ms'])
    })
  },
  async down(db) {
    await db.schema.dropTable('login_flows')
  },
}
