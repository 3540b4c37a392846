import type { Db } from '../platform/db.ts'
import { storable } from './foreign-words.ts'
import { fromJobRow, type JobRow, toJobRow } from './job-rows.ts'
import { deriveJobState, isJobOver, type JobState } from './job-state.ts'
import type { TransferJob } from './types.ts'

export async function insertJob(db: Db, job: TransferJob): Promise<void> {
  await db('transfer_jobs').insert(toJobRow(job))
}

export async function findJob(db: Db, id: string): Promise<TransferJob | undefined> {
  const row = await db<JobRow>('transfer_jobs').where({ id }).first()
  return row === undefined ? undefined : fromJobRow(row)
}

/** The job that a user ordered with this idempotency key. */
export async function findJobByKey(db: Db, userId: string, key: string): Promise<TransferJob | undefined> {
  const row = await db<JobRow>('transfer_jobs').where({ user_id: userId, idempotency_key: key }).first()
  return row === undefined ? undefined : fromJobRow(row)
}

export interface JobPage {
  state?: JobState | undefined
  /** Any of these. */
  states?: readonly JobState[] | undefined
  /** The last job of the page before. */
  before?: { createdAtMs: number; id: string } | undefined
  limit: number
}

/** The jobs of a user, newest first. */
export async function listJobs(db: Db, userId: string, page: JobPage): Promise<TransferJob[]> {
  const query = db<JobRow>('transfer_jobs')
    .where({ user_id: userId })
    .orderBy([
      { column: 'created_at_ms', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(page.limit)
  if (page.state !== undefined) query.andWhere({ state: page.state })
  if (page.states !== undefined) query.whereIn('state', [...page.states])
  const { before } = page
  if (before !== undefined) {
    query.andWhereRaw('(created_at_ms, id) < (?, ?)', [before.createdAtMs, before.id])
  }
  return (await query).map(fromJobRow)
}

/** Changes of the counts of a job. */
export interface JobDelta {
  filesTotal?: number
  filesDone?: number
  filesFailed?: number
  filesSkipped?: number
  filesCanceled?: number
  foldersFailed?: number
  bytesTotal?: number
  bytesDone?: number
}

const countColumns: Record<keyof JobDelta, string> = {
  filesTotal: 'files_total',
  filesDone: 'files_done',
  filesFailed: 'files_failed',
  filesSkipped: 'files_skipped',
  filesCanceled: 'files_canceled',
  foldersFailed: 'folders_failed',
  bytesTotal: 'bytes_total',
  bytesDone: 'bytes_done',
}

/** Other facts of a job that a change may set. */
export type JobPatch = Partial<
  Pick<
    JobRow,
    | 'expansion'
    | 'expansion_tries'
    | 'next_at_ms'
    | 'lease_owner'
    | 'started_at_ms'
    | 'cancel_requested'
    | 'is_paused'
    | 'priority'
    | 'rank_ms'
    | 'deadline_ms'
    | 'label'
    | 'error_code'
    | 'error_text'
    | 'cleanup'
    | 'cleanup_at_ms'
    | 'files_removed'
    | 'ready_small'
    | 'ready_large'
  >
>

/**
 * Adds to the counts of a job, sets what is to be set and derives its state anew, inside the
 * transaction of the caller. Undefined when the job is gone.
 */
export async function changeJob(
  tx: Db,
  id: string,
  change: { delta?: JobDelta; set?: JobPatch; nowMs: number },
): Promise<TransferJob | undefined> {
  const sums = Object.entries(change.delta ?? {}).flatMap(([name, n]) => {
    const column = countColumns[name as keyof JobDelta]
    return n === undefined || n === 0 ? [] : [[column, tx.raw('?? + ?', [column, n])] as const]
  })
  // The identity assignment keeps the statement valid, and locks the row, when there is nothing to add. Not of the
  // id: SQLite would look at every file of the job, whether it still has one.
  const values = { state: tx.ref('state'), ...Object.fromEntries(sums), ...change.set }
  const [row] = (await tx('transfer_jobs').where({ id }).update(values).returning('*')) as JobRow[]
  return row === undefined ? undefined : settleState(tx, fromJobRow(row), change.nowMs)
}

async function settleState(tx: Db, job: TransferJob, nowMs: number): Promise<TransferJob> {
  const state = deriveJobState(job)
  if (state === job.state) return job
  const finishedAtMs = isJobOver(state) ? nowMs : null
  await tx('transfer_jobs').where({ id: job.id }).update({ state, finished_at_ms: finishedAtMs })
  return { ...job, state, finishedAtMs }
}

/** Keeps the first error of a job, the one that explains best. */
export async function noteJobError(tx: Db, id: string, error: { code: string; text: string }): Promise<void> {
  await tx('transfer_jobs')
    .where({ id })
    .whereNull('error_code')
    .update({ error_code: error.code, error_text: storable(error.text) })
}

export async function clearJobError(tx: Db, id: string): Promise<void> {
  await tx('transfer_jobs').where({ id }).update({ error_code: null, error_text: null, finished_at_ms: null })
}

/** Which of these jobs their users want ended (`cancel`) or at rest (`stop`). */
export async function listWishes(db: Db, ids: readonly string[]): Promise<Map<string, 'cancel' | 'stop'>> {
  if (ids.length === 0) return new Map()
  const rows = await db<JobRow>('transfer_jobs')
    .whereIn('id', [...ids])
    .andWhere((wished) => wished.where({ cancel_requested: 1 }).orWhere({ is_paused: 1 }))
    .select('id', 'cancel_requested')
  return new Map(rows.map((row) => [row.id, row.cancel_requested === 1 ? 'cancel' : 'stop']))
}

/** How many jobs are in each state. */
export async function countJobsByState(db: Db): Promise<Map<string, number>> {
  const rows = (await db('transfer_jobs').select('state').count({ n: '*' }).groupBy('state')) as unknown as {
    state: string
    n: number | string
  }[]
  return new Map(rows.map((row) => [row.state, Number(row.n)]))
}
