import type { Migration } from './migration.ts'

/** More kinds of notifications, under the names that the activity log has, and what mail has done with each. */
export const extendNotifications: Migration = {
  name: '108_extend_notifications',
  async up(db) {
    await db.schema.alterTable('notifications', (t) => {
      // new, daily, weekly (waits for a digest) or done.
      t.text('mail').notNullable().defaultTo('done')
    })
    await db.raw("create index notifications_mail on notifications (mail) where mail <> 'done'")
    await rename(db, {
      share: 'share.received',
      invitation: 'invitation.accepted',
      transfer: 'transfer.finished',
    })
    await db.schema.createTable('notification_settings', (t) => {
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.text('kind').notNullable()
      t.text('mail').notNullable()
      t.primary(['user_id', 'kind'])
    })
    await db.schema.createTable('known_clients', (t) => {
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.text('client_hash').notNullable()
      t.bigInteger('seen_at_ms').notNullable()
      t.primary(['user_id', 'client_hash'])
    })
  },
  async down(db) {
    await db.schema.dropTable('known_clients')
    await db.schema.dropTable('notification_settings')
    await db('notifications')
      .whereNotIn('kind', ['share.received', 'invitation.accepted', 'transfer.finished'])
      .delete()
    await rename(db, {
      'share.received': 'share',
      'invitation.accepted': 'invitation',
      'transfer.finished': 'transfer',
    })
    await db.raw('drop index notifications_mail')
    await db.raw('alter table notifications drop column mail')
  },
}

async function rename(db: Parameters<Migration['up']>[0], names: Record<string, string>): Promise<void> {
  for (const [kind, name] of Object.entries(names)) {
    await db('notifications').where({ kind }).update({ kind: name })
  }
}
