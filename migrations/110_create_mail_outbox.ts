import type { Migration } from './migration.ts'

/** Mails on their way, when digests are due, and who wants no mail of strangers. */
export const createMailOutbox: Migration = {
  name: '110_create_mail_outbox',
  async up(db) {
    await db.schema.createTable('mail_outbox', (t) => {
      t.text('id').primary()
      // Whose doing it is: the recipient, or who invites.
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.text('kind').notNullable()
      // Address, subject and texts under the key of the node; gone once it was sent.
      t.text('message_sealed')
      // waiting, sent or failed
      t.text('state').notNullable()
      t.integer('tries').notNullable()
      t.bigInteger('next_try_at_ms').notNullable()
      // Somebody sends it now, and is believed dead after this.
      t.bigInteger('claimed_until_ms').notNullable()
      t.text('last_error')
      t.bigInteger('created_at_ms').notNullable()
      t.index(['state', 'next_try_at_ms'])
      t.index(['user_id', 'kind', 'created_at_ms'])
    })
    await db.schema.createTable('mail_digests', (t) => {
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.text('frequency').notNullable()
      t.bigInteger('due_at_ms').notNullable()
      t.primary(['user_id', 'frequency'])
      t.index(['due_at_ms'])
    })
    await db.schema.createTable('mail_refusals', (t) => {
      // SHA-256 of the address: it is kept for nothing else.
      t.text('address_hash').primary()
      t.bigInteger('created_at_ms').notNullable()
    })
  },
  async down(db) {
    await db.schema.dropTable('mail_refusals')
    await db.schema.dropTable('mail_digests')
    await db.schema.dropTable('mail_outbox')
  },
}
