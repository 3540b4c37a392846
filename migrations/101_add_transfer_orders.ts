import type { Migration } from './migration.ts'

const jobColumns = {
  // What the destination has and the source has not: to be removed when all else went well.
  cleanup: 'text',
  cleanup_at_ms: 'bigint not null default 0',
  files_removed: 'integer not null default 0',
}

const fileColumns = {
  cancel_requested: 'integer not null default 0',
  // What the order says of the file (JSON): its size and checksums.
  declared: 'text',
}

/** Orders that come again and again, what is told at the end of a job, and mirrors. */
export const addTransferOrders: Migration = {
  name: '101_add_transfer_orders',
  async up(db) {
    for (const [name, type] of Object.entries(jobColumns))
      await db.raw(`alter table transfer_jobs add column ${name} ${type}`)
    for (const [name, type] of Object.entries(fileColumns))
      await db.raw(`alter table transfer_files add column ${name} ${type}`)
    await db.raw(
      `create index transfer_jobs_cleanup on transfer_jobs (cleanup_at_ms) where cleanup = 'pending'`,
    )
    await db.raw(
      `create index transfer_jobs_schedule on transfer_jobs (schedule_id) where schedule_id is not null`,
    )
    await db.schema.createTable('transfer_schedules', (t) => {
      t.text('id').primary()
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.text('label').notNullable()
      t.text('order_json').notNullable()
      // JSON: a text with its time zone, or minutes between two looks at the source.
      t.text('schedule').notNullable()
      t.integer('is_enabled').notNullable()
      t.bigInteger('next_run_ms')
      t.bigInteger('lease_until_ms').notNullable().defaultTo(0)
      t.text('last_job_id')
      t.bigInteger('last_run_ms')
      t.text('last_error')
      // The etag of the source's root when it was last ordered.
      t.text('seen_etag')
      t.bigInteger('created_at_ms').notNullable()
      t.index(['user_id', 'created_at_ms', 'id'])
    })
    await db.raw(
      `create index transfer_schedules_due on transfer_schedules (next_run_ms)
       where is_enabled = 1 and next_run_ms is not null`,
    )
    await db.schema.createTable('transfer_webhooks', (t) => {
      t.text('job_id').primary().references('transfer_jobs.id').onDelete('CASCADE')
      t.text('url').notNullable()
      // The secret that signs, under the key of the node.
      t.text('secret_sealed')
      t.integer('tries').notNullable().defaultTo(0)
      t.bigInteger('next_at_ms').notNullable()
      t.text('state').notNullable()
      t.text('last_error')
    })
    await db.raw(
      `create index transfer_webhooks_open on transfer_webhooks (next_at_ms) where state = 'waiting'`,
    )
  },
  async down(db) {
    await db.schema.dropTable('transfer_webhooks')
    await db.schema.dropTable('transfer_schedules')
    await db.raw('drop index transfer_jobs_schedule')
    await db.raw('drop index transfer_jobs_cleanup')
    for (const name of Object.keys(fileColumns))
      await db.raw(`alter table transfer_files drop column ${name}`)
    for (const name of Object.keys(jobColumns)) await db.raw(`alter table transfer_jobs drop column ${name}`)
  },
}
