import type { Migration } from './migration.ts'

/** Further hosts that move bytes for the node, and what each of them moves now. */
export const createTransferDeliveries: Migration = {
  name: '103_create_transfer_deliveries',
  async up(db) {
    await db.schema.createTable('delivery_hosts', (t) => {
      t.text('id').primary()
      t.text('name').notNullable().unique()
      // None for one that comes in by the database.
      t.text('secret_hash')
      t.bigInteger('created_at_ms').notNullable()
      t.integer('is_draining').notNullable().defaultTo(0)
      // Another one after every start of the program; whoever has an older one is told so.
      t.text('session')
      t.text('version')
      t.text('executors').notNullable().defaultTo('[]')
      t.text('prefixes').notNullable().defaultTo('[]')
      t.integer('slots').notNullable().defaultTo(0)
      t.text('load').notNullable().defaultTo('0')
      t.bigInteger('seen_at_ms')
      t.bigInteger('bytes_total').notNullable().defaultTo(0)
      t.bigInteger('files_done').notNullable().defaultTo(0)
      t.bigInteger('files_failed').notNullable().defaultTo(0)
    })
    // The key is the file: no two hosts can hold the same one.
    await db.schema.createTable('transfer_deliveries', (t) => {
      t.text('file_id').primary().references('transfer_files.id').onDelete('CASCADE')
      t.text('lease_id').notNullable().unique()
      t.text('job_id').notNullable()
      t.text('host_id').notNullable()
      t.text('host_name').notNullable()
      t.text('session')
      t.text('state').notNullable()
      t.text('mode').notNullable()
      t.text('staged_path').notNullable()
      t.text('facts').notNullable()
      t.bigInteger('offered_at_ms').notNullable()
      t.bigInteger('lease_until_ms').notNullable()
      t.bigInteger('bytes_done').notNullable().defaultTo(0)
      t.text('validator')
      t.text('end_wish')
      t.text('report')
      t.index(['host_id', 'state'])
    })
    await db.schema.alterTable('transfer_files', (t) => {
      t.text('worker')
    })
  },
  async down(db) {
    await db.schema.alterTable('transfer_files', (t) => {
      t.dropColumn('worker')
    })
    await db.schema.dropTable('transfer_deliveries')
    await db.schema.dropTable('delivery_hosts')
  },
}
