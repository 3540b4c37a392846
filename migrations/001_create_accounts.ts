import type { Migration } from './migration.ts'

export const createAccounts: Migration = {
  name: '001_create_accounts',
  async up(db) {
    await db.schema.createTable('users', (t) => {
      t.text('id').primary()
      t.text('name').notNullable().unique()
      t.text('display_name').notNullable()
      t.text('email').notNullable()
      t.text('password_hash').notNullable()
      t.integer('is_admin').notNullable().defaultTo(0)
      t.bigInteger('quota_bytes')
      t.bigInteger('created_at_ms').notNullable()
    })
    await db.schema.createTable('app_passwords', (t) => {
      t.text('id').primary()
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.text('label').notNullable()
      t.text('secret_hash').notNullable()
      t.bigInteger('created_at_ms').notNullable()
      t.bigInteger('last_used_at_ms')
      t.index(['user_id'])
    })
  },
  async down(db) {
    await db.schema.dropTable('app_passwords')
    await db.schema.dropTable('users')
  },
}
