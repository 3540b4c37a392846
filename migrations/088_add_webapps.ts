import type { Migration } from './migration.ts'

/** Applications of other servers that open what was shared, and the tickets with which a browser goes there. */
export const addWebapps: Migration = {
  name: '088_add_webapps',
  async up(db) {
    await db.schema.alterTable('received_shares', (t) => {
      // JSON: address, sealed secret, permissions, name.
      t.text('webapp')
    })
    await db.schema.createTable('webapp_tickets', (t) => {
      t.text('ticket_hash').primary()
      t.text('user_id').notNullable()
      t.text('received_id').notNullable()
      t.text('path').notNullable()
      t.bigInteger('expires_at_ms').notNullable()
      t.index(['expires_at_ms'])
    })
  },
  async down(db) {
    await db.schema.dropTable('webapp_tickets')
    await db.schema.alterTable('received_shares', (t) => {
      t.dropColumns('webapp')
    })
  },
}
