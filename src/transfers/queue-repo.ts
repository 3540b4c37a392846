import { type Db, isPostgres } from '../platform/db.ts'
import { type FileRow, fromFileRow } from './file-rows.ts'
import { rawRows } from './json-rows-repo.ts'
import type { Lane, TransferFile } from './types.ts'

export interface ClaimOrder {
  owner: string
  lane: Lane
  limit: number
  leaseUntilMs: number
}

/**
 * Takes up to `limit` ready requests of one lane for `owner`, most urgent first, then by rank, in one
 * statement: two workers never get the same one. On PostgreSQL nobody waits for the other's rows.
 */
export async function claimFiles(db: Db, order: ClaimOrder): Promise<TransferFile[]> {
  const rows = await rawRows<FileRow>(
    db,
    // Materialized: PostgreSQL may run a plain subquery again for every row, and then take more than the limit.
    `with picked as materialized (
       select id from transfer_files where queue = 'ready' and lane = ?
       order by urgency, queue_rank, id limit ? ${isPostgres(db) ? 'for update skip locked' : ''})
     update transfer_files set queue = 'held', lease_owner = ?, next_at_ms = ?, attempts = attempts + 1
     where queue = 'ready' and id in (select id from picked)
     returning *`,
    [order.lane, order.limit, order.owner, order.leaseUntilMs],
  )
  return rows.map(fromFileRow)
}

/** Makes ready what has waited long enough: back-offs that are over, and leases whose owner fell silent. */
export async function wakeDueFiles(db: Db, nowMs: number): Promise<number> {
  return await db('transfer_files')
    .where({ queue: 'held' })
    .andWhere('next_at_ms', '<=', nowMs)
    .update({ queue: 'ready', lease_owner: null })
}

/** The clock was set back: what waits for a later time would wait so much longer, so its wait is over. */
export async function endWaits(db: Db, nowMs: number): Promise<void> {
  const waits = (table: string) =>
    db(table).whereNull('lease_owner').andWhere('next_at_ms', '>', nowMs).update({ next_at_ms: nowMs })
  await waits('transfer_files').andWhere({ queue: 'held' })
  await waits('transfer_jobs').andWhere({ expansion: 'pending' })
}

/** When the next back-off or lease ends, or undefined when nothing waits. */
export async function findNextDueMs(db: Db): Promise<number | undefined> {
  const row = await db('transfer_files').where({ queue: 'held' }).min({ at: 'next_at_ms' }).first()
  return row?.at ?? undefined
}

/**
 * The heartbeat of a worker: extends the leases of what it really works on and returns what it still
 * holds. A lease that is not named runs out, so nothing is stuck with a worker that forgot it.
 */
export async function extendFileLeases(
  db: Db,
  owner: string,
  ids: readonly string[],
  untilMs: number,
): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows: { id: string }[] = await db('transfer_files')
    .whereIn('id', [...ids])
    .andWhere({ lease_owner: owner })
    .update({ next_at_ms: untilMs })
    .returning('id')
  return new Set(rows.map((row) => row.id))
}

/** Gives back every lease of owners whose name starts with `prefix`, but not those of `except`. */
export async function releaseFileLeases(db: Db, prefix: string, except: string): Promise<number> {
  return await db('transfer_files')
    .whereRaw('substr(lease_owner, 1, ?) = ?', [prefix.length, prefix])
    .andWhereNot({ lease_owner: except })
    .update({ queue: 'ready', lease_owner: null })
}

/** The rank the queue has reached: where a new job joins, beside the others and not behind them. */
export async function findQueueRank(db: Db, urgency: number): Promise<number> {
  const first = (lane: Lane) =>
    db('transfer_files')
      .where({ queue: 'ready', lane, urgency })
      .orderBy('queue_rank')
      .first<{ queue_rank: number } | undefined>('queue_rank')
  const ranks = [await first(0), await first(1)].flatMap((row) => (row === undefined ? [] : [row.queue_rank]))
  return ranks.length === 0 ? 0 : Math.min(...ranks)
}

/**
 * Ends the requests of a job that nobody works on. Those that were taken before may have bytes in the
 * staging folder: they become ready, most urgent, so that a worker removes them. Returns how many are
 * cancelled already.
 */
export async function cancelIdleFiles(db: Db, jobId: string, nowMs: number): Promise<number> {
  const idle = () =>
    db('transfer_files').where({ job_id: jobId }).whereIn('queue', ['ready', 'held']).whereNull('lease_owner')
  await idle()
    .andWhere((touched) => touched.where('attempts', '>', 0).orWhereNotNull('staged_name'))
    .update({ queue: 'ready', next_at_ms: nowMs, urgency: 0 })
  return await idle()
    .andWhere({ attempts: 0, staged_name: null })
    .update({ state: 'CANCELLED', queue: 'none' })
}

export interface Requeued {
  count: number
  failed: number
  canceled: number
}

/** Gives the failed and cancelled requests of a job a new life: all attempts again, source asked anew. */
export async function requeueFiles(db: Db, jobId: string, urgency: number): Promise<Requeued> {
  // A name that cannot be stored here stays one.
  const failable = (state: string) =>
    db('transfer_files')
      .where({ job_id: jobId, state })
      .whereRaw(`coalesce(error_code, '') <> 'INVALID_NAME'`)
  const revive = async (state: string): Promise<number> =>
    await failable(state).update({
      state: 'NEW',
      queue: 'ready',
      next_at_ms: 0,
      urgency,
      attempts: 0,
      repeats: 0,
      queried: 0,
      validator: null,
      error_code: null,
      error_type: null,
      error_location: null,
      error_text: null,
    })
  const failed = await revive('ERROR')
  const canceled = await revive('CANCELLED')
  return { count: failed + canceled, failed, canceled }
}

/** Which of these requests are not in a final state. */
export async function findOpenFiles(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db('transfer_files')
    .whereIn('id', [...ids])
    .andWhereNot({ queue: 'none' })
    .select('id')
  return new Set(rows.map((row: { id: string }) => row.id))
}

/** How many requests of a job a worker holds now. */
export async function countActiveFiles(db: Db, jobId: string): Promise<number> {
  const row = await db('transfer_files')
    .where({ job_id: jobId })
    .whereNotNull('lease_owner')
    .count({ n: '*' })
    .first()
  return Number(row?.n ?? 0)
}

/** True while any request or expansion is not in a final state. */
export async function hasOpenWork(db: Db): Promise<boolean> {
  const file = await db('transfer_files').whereIn('queue', ['ready', 'held']).first('id')
  if (file !== undefined) return true
  return (await db('transfer_jobs').where({ expansion: 'pending' }).first('id')) !== undefined
}
