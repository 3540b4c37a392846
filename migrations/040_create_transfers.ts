import type { Knex } from 'knex'
import type { Migration } from './migration.ts'

export const createTransfers: Migration = {
  name: '040_create_transfers',
  async up(db) {
    await db.schema.createTable('transfer_jobs', jobColumns)
    await db.schema.createTable('transfer_folders', folderColumns)
    await db.schema.createTable('transfer_files', fileColumns)
    await db.schema.createTable('transfer_attempts', attemptColumns)
    await db.schema.createTable('transfer_workers', workerColumns)
    // Partial indexes: the queue stays small and fast however many finished requests lie in the table.
    await db.raw(`create index transfer_jobs_open on transfer_jobs (next_at_ms) where expansion = 'pending'`)
    await db.raw(`create index transfer_folders_open on transfer_folders (job_id) where state = 'pending'`)
    await db.raw(
      `create index transfer_files_ready on transfer_files (lane, urgency, queue_rank, id) where queue = 'ready'`,
    )
    await db.raw(`create index transfer_files_held on transfer_files (next_at_ms) where queue = 'held'`)
    await db.raw(
      `create index transfer_files_leased on transfer_files (lease_owner, job_id) where lease_owner is not null`,
    )
  },
  async down(db) {
    for (const name of ['workers', 'attempts', 'files', 'folders', 'jobs']) {
      await db.schema.dropTable(`transfer_${name}`)
    }
  },
}

function jobColumns(t: Knex.CreateTableBuilder): void {
  t.text('id').primary()
  t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
  t.text('label').notNullable()
  // References to what is copied (JSON), never a credential: they are resolved again for every attempt.
  t.text('source').notNullable()
  t.text('destination').notNullable()
  t.text('overwrite').notNullable()
  t.text('executor').notNullable()
  t.text('verify').notNullable()
  t.integer('priority').notNullable()
  t.text('state').notNullable()
  t.text('expansion').notNullable()
  t.integer('expansion_tries').notNullable().defaultTo(0)
  t.bigInteger('next_at_ms').notNullable()
  t.text('lease_owner')
  t.integer('cancel_requested').notNullable().defaultTo(0)
  t.bigInteger('queue_rank').notNullable()
  t.bigInteger('created_at_ms').notNullable()
  t.bigInteger('started_at_ms')
  t.bigInteger('finished_at_ms')
  for (const kind of ['total', 'done', 'failed', 'skipped', 'canceled']) {
    t.integer(`files_${kind}`).notNullable().defaultTo(0)
  }
  t.integer('folders_failed').notNullable().defaultTo(0)
  t.bigInteger('bytes_total').notNullable().defaultTo(0)
  t.bigInteger('bytes_done').notNullable().defaultTo(0)
  t.text('error_code')
  t.text('error_text')
  t.index(['user_id', 'created_at_ms', 'id'])
  t.index(['state'])
}

function folderColumns(t: Knex.CreateTableBuilder): void {
  t.text('job_id').notNullable().references('transfer_jobs.id').onDelete('CASCADE')
  t.text('path').notNullable()
  t.text('state').notNullable()
  t.primary(['job_id', 'path'])
}

function fileColumns(t: Knex.CreateTableBuilder): void {
  t.text('id').primary()
  t.text('job_id').notNullable().references('transfer_jobs.id').onDelete('CASCADE')
  t.text('path').notNullable()
  t.text('state').notNullable()
  // ready: may be taken now; held: leased or backing off until next_at_ms; none: in a final state.
  t.text('queue').notNullable()
  t.bigInteger('next_at_ms').notNullable()
  t.text('lease_owner')
  t.integer('lane').notNullable()
  t.integer('urgency').notNullable()
  t.bigInteger('queue_rank').notNullable()
  t.integer('attempts').notNullable()
  t.integer('repeats').notNullable()
  t.bigInteger('size_bytes').notNullable()
  t.bigInteger('mtime_ms')
  t.text('etag')
  t.text('source_checksums').notNullable()
  t.integer('queried').notNullable()
  t.bigInteger('bytes_done').notNullable()
  t.text('staged_name')
  t.text('validator')
  t.text('executor')
  t.text('checksums').notNullable()
  t.text('verified')
  t.text('error_code')
  t.text('error_type')
  t.text('error_location')
  t.text('error_text')
  t.unique(['job_id', 'path'])
  t.index(['job_id', 'state', 'path'])
}

function attemptColumns(t: Knex.CreateTableBuilder): void {
  t.text('file_id').notNullable().references('transfer_files.id').onDelete('CASCADE')
  t.integer('attempt').notNullable()
  t.bigInteger('ended_at_ms').notNullable()
  t.text('worker').notNullable()
  t.text('executor')
  t.bigInteger('bytes_done').notNullable()
  t.text('error_code').notNullable()
  t.text('error_type').notNullable()
  t.text('error_location').notNullable()
  t.text('error_text').notNullable()
  t.index(['file_id'])
}

function workerColumns(t: Knex.CreateTableBuilder): void {
  t.text('id').primary()
  t.text('life').notNullable()
  t.text('process').notNullable()
  t.bigInteger('seen_at_ms').notNullable()
}
