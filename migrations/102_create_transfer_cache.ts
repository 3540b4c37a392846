import type { Migration } from './migration.ts'

/**
 * The cache of fetched files, the requests for files on tape, and what is staged for computing jobs. A lock
 * of the cache belongs to a file request and lives as long as somebody works on that: nothing is stuck.
 */
export const createTransferCache: Migration = {
  name: '102_create_transfer_cache',
  async up(db) {
    await db.schema.createTable('transfer_cache', (t) => {
      t.text('key').primary()
      // Without its query, which may hold a signature.
      t.text('url').notNullable()
      t.text('state').notNullable()
      t.bigInteger('size_bytes').notNullable().defaultTo(0)
      t.bigInteger('mtime_ms')
      t.text('etag')
      t.text('checksums').notNullable().defaultTo('{}')
      // Inode and time of the file here: another one was changed behind our back.
      t.text('disk_mark').notNullable().defaultTo('')
      t.bigInteger('created_at_ms').notNullable()
      t.bigInteger('used_at_ms').notNullable()
      t.text('lock_owner')
      t.bigInteger('lock_until_ms').notNullable().defaultTo(0)
      t.index(['state', 'used_at_ms'])
      t.index(['lock_owner'])
    })
    await db.schema.createTable('transfer_cache_grants', (t) => {
      t.text('key').notNullable().references('transfer_cache.key').onDelete('CASCADE')
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.bigInteger('expires_at_ms').notNullable()
      t.primary(['key', 'user_id'])
    })
    // Requests that wait for a lock, and those that are about to take the file.
    await db.schema.createTable('transfer_cache_claims', (t) => {
      t.text('file_id').primary().references('transfer_files.id').onDelete('CASCADE')
      t.text('key').notNullable()
      t.text('kind').notNullable()
      t.integer('looks').notNullable()
      t.bigInteger('since_ms').notNullable()
      t.index(['key', 'kind'])
    })
    await db.schema.createTable('transfer_tape_requests', (t) => {
      t.text('id').primary()
      t.text('job_id').notNullable()
      t.text('base_url').notNullable()
      t.bigInteger('created_at_ms').notNullable()
      t.integer('polls').notNullable().defaultTo(0)
      t.index(['job_id'])
    })
    await db.raw(
      `create index transfer_files_stage_request on transfer_files (stage_request)
       where stage_request is not null`,
    )
    await db.schema.createTable('transfer_stages', (t) => {
      t.text('id').primary()
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.text('label').notNullable()
      t.text('dir').notNullable()
      // The node made it, and removes it whole.
      t.integer('is_dir_made').notNullable()
      t.text('spec').notNullable()
      t.text('spec_hash').notNullable()
      t.text('state').notNullable()
      // JSON: the transfers and which inputs or outputs each of them moves.
      t.text('in_jobs').notNullable().defaultTo('[]')
      t.text('out_jobs').notNullable().defaultTo('[]')
      t.integer('has_job_failed').notNullable().defaultTo(0)
      t.integer('is_incomplete').notNullable().defaultTo(0)
      t.text('error_text')
      t.bigInteger('created_at_ms').notNullable()
      t.bigInteger('updated_at_ms').notNullable()
      t.bigInteger('expires_at_ms').notNullable()
      t.index(['user_id', 'created_at_ms', 'id'])
      t.index(['state'])
    })
    await db.raw(
      `create unique index transfer_stages_dir on transfer_stages (dir)
       where state not in ('FINISHED', 'FAILED', 'CANCELED', 'EXPIRED')`,
    )
  },
  async down(db) {
    await db.raw('drop index transfer_files_stage_request')
    for (const table of [
      'transfer_stages',
      'transfer_tape_requests',
      'transfer_cache_claims',
      'transfer_cache_grants',
      'transfer_cache',
    ])
      await db.schema.dropTable(table)
  },
}
