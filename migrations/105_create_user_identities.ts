import type { Migration } from './migration.ts'

/** Accounts at identity providers (OpenID Connect) that open accounts here. */
export const createUserIdentities: Migration = {
  name: '105_create_user_identities',
  async up(db) {
    await db.schema.createTable('user_identities', (t) => {
      t.text('id').primary()
      t.text('issuer').notNullable()
      t.text('subject').notNullable()
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      // What the provider called them when they came last.
      t.text('label').notNullable()
      // Its groups made them an administrator here, so they can take it back.
      t.integer('made_admin').notNullable().defaultTo(0)
      t.bigInteger('created_at_ms').notNullable()
      t.bigInteger('last_used_at_ms').notNullable()
      t.unique(['issuer', 'subject'])
      t.index(['user_id'])
    })
    // Sign-ins at a provider that came back once: none comes back twice.
    await db.schema.createTable('used_sign_ins', (t) => {
      t.text('state_hash').primary()
      t.bigInteger('expires_at_ms').notNullable().index()
    })
  },
  async down(db) {
    await db.schema.dropTable('used_sign_ins')
    await db.schema.dropTable('user_identities')
  },
}
