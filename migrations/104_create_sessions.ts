import type { Migration } from './migration.ts'

/** Who is signed in in which browser. */
export const createSessions: Migration = {
  name: '104_create_sessions',
  async up(db) {
    await db.schema.createTable('sessions', (t) => {
      // What its user sees of it; the cookie holds another secret.
      t.text('id').primary()
      t.text('secret_hash').notNullable().unique()
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.text('via').notNullable()
      // When the password, or the provider, was asked last.
      t.bigInteger('proven_at_ms').notNullable()
      t.bigInteger('created_at_ms').notNullable()
      t.bigInteger('last_seen_at_ms').notNullable()
      t.bigInteger('expires_at_ms').notNullable().index()
      t.text('client').notNullable()
      t.text('address').notNullable()
      // What its provider wants to see when it ends, sealed.
      t.text('provider_hint')
      t.index(['user_id'])
    })
  },
  async down(db) {
    await db.schema.dropTable('sessions')
  },
}
