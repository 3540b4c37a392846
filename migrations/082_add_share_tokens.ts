import type { Migration } from './migration.ts'

/**
 * Access tokens that recipients got for the secret of a share; which shares demand that; and what is known
 * of how the shares of others are opened.
 */
export const addShareTokens: Migration = {
  name: '082_add_share_tokens',
  async up(db) {
    await db.schema.createTable('share_tokens', (t) => {
      t.text('token_hash').primary()
      t.text('share_id').notNullable()
      t.bigInteger('created_at_ms').notNullable()
      t.bigInteger('expires_at_ms').notNullable()
      t.index(['expires_at_ms'])
    })
    await db.schema.alterTable('shares', (t) => {
      t.integer('must_exchange').notNullable().defaultTo(0)
      // The old form of access names no share, only its secret.
      t.index(['secret_hash'])
    })
    await db.schema.alterTable('received_shares', (t) => {
      t.integer('must_exchange').notNullable().defaultTo(0)
      t.integer('permissions_unknown').notNullable().defaultTo(0)
      // What opened the share last: `token`, `bearer` or `basic`.
      t.text('access')
    })
  },
  async down(db) {
    await db.schema.alterTable('received_shares', (t) => {
      t.dropColumns('must_exchange', 'permissions_unknown', 'access')
    })
    await db.schema.alterTable('shares', (t) => {
      t.dropIndex(['secret_hash'])
      t.dropColumn('must_exchange')
    })
    await db.schema.dropTable('share_tokens')
  },
}
