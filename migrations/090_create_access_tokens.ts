import type { Migration } from './migration.ts'

/** Short-lived tokens that open some paths of a drive for some activities. */
export const createAccessTokens: Migration = {
  name: '090_create_access_tokens',
  async up(db) {
    await db.schema.createTable('access_tokens', (t) => {
      t.text('id').primary()
      t.text('secret_hash').notNullable()
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      // The app password it was made with, and with which it ends.
      t.text('app_password_id').references('app_passwords.id').onDelete('CASCADE')
      // Or a digest of the stored password hash: it ends when the password is changed.
      t.text('password_mark')
      // Paths and activities, as JSON.
      t.text('scope').notNullable()
      t.bigInteger('created_at_ms').notNullable()
      t.bigInteger('expires_at_ms').notNullable().index()
    })
  },
  async down(db) {
    await db.schema.dropTable('access_tokens')
  },
}
