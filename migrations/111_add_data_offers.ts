import type { Migration } from './migration.ts'

/** Shares whose data is offered for a copy, and the copies that are made of what others offer. */
export const addDataOffers: Migration = {
  name: '111_add_data_offers',
  async up(db) {
    await db.schema.alterTable('received_shares', (t) => {
      // `beside` what else the share is for, or `only` that; none for an ordinary share.
      t.text('data_offer')
      t.bigInteger('size_bytes')
    })
    await db.schema.createTable('share_pushes', (t) => {
      t.text('share_id').primary().references('shares.id').onDelete('CASCADE')
      t.text('label')
      t.integer('is_once').notNullable()
      // Unknown until the share has arrived.
      t.integer('is_offered')
      t.text('state').notNullable()
      t.bigInteger('files')
      t.bigInteger('size_bytes')
      t.integer('is_verified')
      t.text('reason')
      t.bigInteger('updated_at_ms').notNullable()
    })
    await db.schema.createTable('share_copies', (t) => {
      t.text('id').primary()
      t.text('received_id').notNullable().references('received_shares.id').onDelete('CASCADE')
      t.text('user_id').notNullable()
      t.text('destination').notNullable()
      t.text('state').notNullable()
      t.text('job_id')
      t.bigInteger('files')
      t.bigInteger('size_bytes')
      t.integer('is_verified')
      t.text('code')
      t.text('reason')
      t.bigInteger('created_at_ms').notNullable()
      t.bigInteger('updated_at_ms').notNullable()
      t.index(['received_id', 'created_at_ms'])
      t.index(['state'])
      t.index(['job_id'])
    })
  },
  async down(db) {
    await db.schema.dropTable('share_copies')
    await db.schema.dropTable('share_pushes')
    await db.schema.alterTable('received_shares', (t) => {
      t.dropColumns('data_offer', 'size_bytes')
    })
  },
}
