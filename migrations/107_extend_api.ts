import type { Migration } from './migration.ts'

/** Users who may not sign in, and the answers to requests that may be repeated. */
export const extendApi: Migration = {
  name: '107_extend_api',
  async up(db) {
    await db.schema.alterTable('users', (t) => {
      t.bigInteger('locked_at_ms')
    })
    await db.schema.createTable('api_answers', (t) => {
      // Of user, operation and the key that the client chose.
      t.text('id').primary()
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      // Of the input: the same key with another one is refused.
      t.text('input_hash').notNullable()
      // Null: the first request is still under way.
      t.integer('status')
      // Sealed: an answer may hold a secret.
      t.text('body_sealed')
      t.bigInteger('expires_at_ms').notNullable().index()
    })
  },
  async down(db) {
    await db.schema.dropTable('api_answers')
    await db.schema.alterTable('users', (t) => {
      t.dropColumn('locked_at_ms')
    })
  },
}
