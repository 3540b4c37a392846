import { type Db, isPostgres } from '../../platform/db.ts'
import { fromJobRow, type JobRow } from '../job-rows.ts'
import { rawRows } from '../json-rows-repo.ts'
import type { TransferJob } from '../types.ts'

const BATCH = 100

/** Jobs under way whose deadline has passed. */
export async function listOverdueJobs(db: Db, nowMs: number): Promise<string[]> {
  const rows = await underDeadline(db).andWhere('deadline_ms', '<=', nowMs).limit(BATCH).select('id')
  return rows.map((row: { id: string }) => row.id)
}

/** The nearest deadline, or undefined when there is none. */
export async function findNextDeadlineMs(db: Db): Promise<number | undefined> {
  const row = await underDeadline(db).min({ at: 'deadline_ms' }).first()
  return row?.at ?? undefined
}

function underDeadline(db: Db) {
  return db('transfer_jobs')
    .whereNotNull('deadline_ms')
    .whereNull('finished_at_ms')
    .andWhere({ cancel_requested: 0 })
}

/** All that had to be copied is there, so that what is too much can go. */
const READY_TO_CLEAN = `cleanup = 'pending' and expansion = 'done' and cancel_requested = 0 and is_paused = 0
  and files_failed + folders_failed + files_canceled = 0 and files_done + files_skipped = files_total`

/** Takes mirrors whose destination is to be tidied up; what nobody else works on. */
export async function claimCleanups(db: Db, nowMs: number, leaseUntilMs: number): Promise<TransferJob[]> {
  const rows = await rawRows<JobRow>(
    db,
    `update transfer_jobs set cleanup_at_ms = ? where cleanup = 'pending' and cleanup_at_ms <= ? and id in (
       select id from transfer_jobs where ${READY_TO_CLEAN} and cleanup_at_ms <= ? order by cleanup_at_ms limit 4
       ${isPostgres(db) ? 'for update skip locked' : ''}) returning *`,
    [leaseUntilMs, nowMs, nowMs],
  )
  return rows.map(fromJobRow)
}

/** False when the job is not to be cleaned any more: its user ended or paused it. */
export async function extendCleanup(db: Db, jobId: string, untilMs: number): Promise<boolean> {
  const count = await db('transfer_jobs')
    .where({ id: jobId })
    .whereRaw(READY_TO_CLEAN)
    .update({ cleanup_at_ms: untilMs })
  return count > 0
}

/** When the next mirror may be tidied up, or undefined when none waits. */
export async function findNextCleanupMs(db: Db): Promise<number | undefined> {
  const row = await db('transfer_jobs').whereRaw(READY_TO_CLEAN).min({ at: 'cleanup_at_ms' }).first()
  return row?.at ?? undefined
}

/** Of these paths, those that the source of the job has, as files or folders. */
export async function listKnownPaths(db: Db, jobId: string, paths: readonly string[]): Promise<Set<string>> {
  const known = new Set<string>()
  for (let start = 0; start < paths.length; start += 500) {
    const batch = paths.slice(start, start + 500)
    for (const table of ['transfer_files', 'transfer_folders']) {
      const rows: { path: string }[] = await db(table)
        .where({ job_id: jobId })
        .whereIn('path', batch)
        .select('path')
      for (const { path } of rows) known.add(path)
    }
  }
  return known
}
