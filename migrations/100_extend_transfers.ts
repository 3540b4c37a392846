import type { Knex } from 'knex'
import type { Migration } from './migration.ts'

const jobColumns = {
  share: `text not null default ''`,
  link: `text not null default ''`,
  rank_ms: 'bigint not null default 0',
  is_paused: 'integer not null default 0',
  ready_small: 'integer not null default 0',
  ready_large: 'integer not null default 0',
  not_before_ms: 'bigint',
  deadline_ms: 'bigint',
  options: `text not null default '{}'`,
  idempotency_key: 'text',
  schedule_id: 'text',
}

const fileColumns = {
  // Places of this file alone (JSON), where the job is a list and not a tree.
  source: 'text',
  destination: 'text',
  // Which of the replicas is tried.
  source_index: 'integer not null default 0',
  // The request for bringing it online that the tape system knows.
  stage_request: 'text',
  cache_state: 'text',
  // Why this executor moves it, in words.
  executor_why: 'text',
}

/**
 * The queue by jobs: a job stands in its share and link with its rank, and says whether it has files
 * that are ready. So a change of priority, a pause and the ageing are one row, whatever the job's size.
 */
export const extendTransfers: Migration = {
  name: '100_extend_transfers',
  async up(db) {
    await addColumns(db, 'transfer_jobs', jobColumns)
    await addColumns(db, 'transfer_files', fileColumns)
    await db.raw('drop index transfer_files_ready')
    await db.raw('alter table transfer_files drop column urgency')
    await db.raw('alter table transfer_jobs drop column queue_rank')
    await db.raw(
      `create index transfer_files_ready on transfer_files (job_id, lane, queue_rank, id) where queue = 'ready'`,
    )
    for (const lane of ['small', 'large']) {
      await db.raw(
        `create index transfer_jobs_${lane} on transfer_jobs (share, link, rank_ms, id)
         where ready_${lane} = 1 and is_paused = 0`,
      )
      await db.raw(
        `update transfer_jobs set ready_${lane} = 1 where id in
         (select job_id from transfer_files where queue = 'ready' and lane = ${lane === 'small' ? 0 : 1})`,
      )
    }
    await db.raw(
      `create index transfer_jobs_deadline on transfer_jobs (deadline_ms)
       where deadline_ms is not null and finished_at_ms is null`,
    )
    await db.raw(
      `create unique index transfer_jobs_idempotency on transfer_jobs (user_id, idempotency_key)
       where idempotency_key is not null`,
    )
    await db.schema.createTable('transfer_links', linkColumns)
  },
  async down(db) {
    await db.schema.dropTable('transfer_links')
    for (const name of ['idempotency', 'deadline', 'large', 'small'])
      await db.raw(`drop index transfer_jobs_${name}`)
    await db.raw('drop index transfer_files_ready')
    await db.raw('alter table transfer_files add column urgency integer not null default 50')
    await db.raw('alter table transfer_jobs add column queue_rank bigint not null default 0')
    await db.raw(
      `create index transfer_files_ready on transfer_files (lane, urgency, queue_rank, id) where queue = 'ready'`,
    )
    await dropColumns(db, 'transfer_files', fileColumns)
    await dropColumns(db, 'transfer_jobs', jobColumns)
  },
}

/** One row per pair of hosts that was ever used, or that the operator gave limits to. */
function linkColumns(t: Knex.CreateTableBuilder): void {
  t.text('link').primary()
  t.integer('min_active')
  t.integer('max_active')
  t.text('bandwidth')
  t.integer('is_paused').notNullable().defaultTo(0)
  t.text('pause_reason')
  // What the optimizer thinks of the link (JSON), and why it decided so.
  t.text('optimizer').notNullable().defaultTo('{}')
  t.text('rationale').notNullable().defaultTo('')
  t.bigInteger('decided_at_ms')
}

async function addColumns(db: Knex, table: string, columns: Record<string, string>): Promise<void> {
  for (const [name, type] of Object.entries(columns))
    await db.raw(`alter table ${table} add column ${name} ${type}`)
}

async function dropColumns(db: Knex, table: string, columns: Record<string, string>): Promise<void> {
  for (const name of Object.keys(columns)) await db.raw(`alter table ${table} drop column ${name}`)
}
