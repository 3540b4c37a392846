import type { Db } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'
import { prefixBindings } from '../platform/sql-prefix.ts'
import { flagReady, lanesByJob } from './claim-repo.ts'
import { FIRST_RANK } from './job-rank.ts'
import { repairReadyFlags } from './ready-queues-repo.ts'
import { withFilesLocked } from './row-locks-repo.ts'
import type { Lane } from './types.ts'

const WAKE_BATCH = 5000

interface ReadyRow {
  job_id: string
  lane: Lane
}

/**
 * Makes ready what has waited long enough: back-offs that are over, and leases whose owner fell silent.
 * So many at a time that nothing else has to wait; returns how many.
 */
export async function wakeDueFiles(db: Db, nowMs: number): Promise<number> {
  const held = () => db('transfer_files').where({ queue: 'held' }).andWhere('next_at_ms', '<=', nowMs)
  // Asked again of the row that is changed: on PostgreSQL its lease may have been extended since it was found.
  const woken = (await held()
    .whereIn('id', held().limit(WAKE_BATCH).select('id'))
    .update({ queue: 'ready', lease_owner: null })
    .returning(['job_id', 'lane'])) as ReadyRow[]
  await flagReady(db, lanesByJob(woken.map(({ job_id: jobId, lane }) => ({ jobId, lane }))))
  return woken.length
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
  return withFilesLocked(db, ids, async (tx) => {
    const rows: { id: string }[] = await tx('transfer_files')
      .whereIn('id', [...ids])
      .andWhere({ lease_owner: owner })
      .update({ next_at_ms: untilMs })
      .returning('id')
    return new Set(rows.map((row) => row.id))
  })
}

/** Gives back every lease of owners whose name starts with `prefix`, but not those of `except`. */
export async function releaseFileLeases(db: Db, prefix: string, except: string): Promise<number> {
  const count = await db('transfer_files')
    .whereRaw('substr(lease_owner, 1, ?) = ?', prefixBindings(prefix))
    .andWhereNot({ lease_owner: except })
    .update({ queue: 'ready', lease_owner: null })
  if (count > 0) await repairReadyFlags(db)
  return count
}

/**
 * Ends the requests of a job that nobody works on. Those that were taken before may have bytes in the
 * staging folder: they become ready, and the job the first of its queue, so that a worker removes them.
 * Returns how many are cancelled already.
 */
export async function cancelIdleFiles(db: Db, jobId: string, nowMs: number): Promise<number> {
  const idle = () =>
    db('transfer_files').where({ job_id: jobId }).whereIn('queue', ['ready', 'held']).whereNull('lease_owner')
  await idle()
    .andWhere((touched) =>
      touched.where('attempts', '>', 0).orWhereNotNull('staged_name').orWhereNotNull('stage_request'),
    )
    .update({ queue: 'ready', next_at_ms: nowMs })
  await db('transfer_jobs')
    .where({ id: jobId })
    .update({ rank_ms: FIRST_RANK, is_paused: 0, ready_small: 1, ready_large: 1 })
  return await idle()
    .andWhere({ attempts: 0, staged_name: null, stage_request: null })
    .update({ state: 'CANCELLED', queue: 'none' })
}

export interface Requeued {
  count: number
  failed: number
  canceled: number
}

/** Gives the failed and cancelled requests of a job a new life: all attempts again, source asked anew. */
export async function requeueFiles(db: Db, jobId: string): Promise<Requeued> {
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
      source_index: 0,
      attempts: 0,
      repeats: 0,
      queried: 0,
      cancel_requested: 0,
      validator: null,
      error_code: null,
      error_type: null,
      error_location: null,
      error_text: null,
    })
  const failed = await revive('ERROR')
  const canceled = await revive('CANCELLED')
  if (failed + canceled > 0)
    await db('transfer_jobs').where({ id: jobId }).update({ ready_small: 1, ready_large: 1 })
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

/** How many requests of each of these jobs workers hold now; a job of which none is held is missing. */
export async function countActiveFiles(db: Db, jobIds: readonly string[]): Promise<Map<string, number>> {
  if (jobIds.length === 0) return new Map()
  // The job in an expression: by the index of jobs SQLite would look at every request of the job; by that of
  // leases there are as many as there are slots.
  const sql = `select coalesce(job_id, '') as job_id, count(*) as n from transfer_files where lease_owner is not null
    and coalesce(job_id, '') in (${jobIds.map(() => '?').join(', ')}) group by coalesce(job_id, '')`
  const rows = await readRows<{ job_id: string; n: number | string }>(db, sql, jobIds)
  return new Map(rows.map((row) => [row.job_id, Number(row.n)]))
}

/** How many requests workers hold now. */
export async function countAllActiveFiles(db: Db): Promise<number> {
  const row = await db('transfer_files').whereNotNull('lease_owner').count({ n: '*' }).first()
  return Number(row?.n ?? 0)
}

/** True while any request or expansion is not in a final state. */
export async function hasOpenWork(db: Db): Promise<boolean> {
  const file = await db('transfer_files').whereIn('queue', ['ready', 'held']).first('id')
  if (file !== undefined) return true
  return (await db('transfer_jobs').where({ expansion: 'pending' }).first('id')) !== undefined
}
