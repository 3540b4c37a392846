import type { Migration } from './migration.ts'

/** What people are told of in the tray of their clients, until they dismiss it. */
export const createNotifications: Migration = {
  name: '087_create_notifications',
  async up(db) {
    await db.schema.createTable('notifications', (t) => {
      t.increments('id')
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.text('kind').notNullable()
      // The share, the transfer or the invitation it is about.
      t.text('subject_id').notNullable()
      // What it says, as JSON.
      t.text('facts').notNullable()
      t.bigInteger('created_at_ms').notNullable()
      // A dismissed one stays for a while, so that it does not come back.
      t.bigInteger('dismissed_at_ms')
      t.unique(['user_id', 'kind', 'subject_id'])
    })
  },
  async down(db) {
    await db.schema.dropTable('notifications')
  },
}
