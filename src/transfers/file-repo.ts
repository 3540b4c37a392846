import type { Db } from '../platform/db.ts'
import type { DtrState } from './dtr-states.ts'
import { type FileRow, fromFileRow, insertedColumns, savedColumns, toFileRow } from './file-rows.ts'
import { filledColumns, jsonRows, rawRows } from './json-rows-repo.ts'
import { lockFiles, lockJobs } from './row-locks-repo.ts'
import type { Fault } from './transfer-error.ts'
import type { Lane, TransferFile } from './types.ts'

const INSERT_BATCH = 500

/** A request with its place in the queue. */
export interface QueuedFile {
  file: TransferFile
  /** Its place within the job. */
  queueRank: number
}

export interface InsertedFiles {
  count: number
  failed: number
  sizeBytes: number
  /** The lanes that got ready files. */
  lanes: Set<Lane>
}

/** Adds requests; those whose path the job has already are left alone. Says what was really added. */
export async function insertFiles(db: Db, files: readonly QueuedFile[]): Promise<InsertedFiles> {
  const sum: InsertedFiles = { count: 0, failed: 0, sizeBytes: 0, lanes: new Set() }
  for (let start = 0; start < files.length; start += INSERT_BATCH) {
    const rows = files.slice(start, start + INSERT_BATCH).map((queued) => ({
      ...toFileRow(queued.file),
      queue_rank: queued.queueRank,
    }))
    const columns = filledColumns(insertedColumns, rows)
    const names = Object.keys(columns).join(', ')
    const { source, parameter } = jsonRows(db, columns, rows)
    const added = await rawRows<{ size_bytes: number; state: string; lane: Lane }>(
      db,
      `insert into transfer_files (${names}) select ${names} from ${source}
       where true on conflict (job_id, path) do nothing returning size_bytes, state, lane`,
      [parameter],
    )
    for (const row of added) {
      sum.count++
      sum.sizeBytes += row.size_bytes
      if (row.state === 'ERROR') sum.failed++
      else sum.lanes.add(row.lane)
    }
  }
  return sum
}

/**
 * Writes what the holder of the leases changed, all in one statement. Returns the ids that were
 * written; a missing one was taken over by another worker, and its changes are void. Locks their jobs.
 */
export async function saveFiles(db: Db, owner: string, files: readonly TransferFile[]): Promise<Set<string>> {
  const rows = files.map(toFileRow)
  const filled = filledColumns(savedColumns, rows)
  const sets = Object.keys(savedColumns).map((name) =>
    name in filled ? `${name} = v.${name}` : `${name} = null`,
  )
  const { source, parameter } = jsonRows(db, { id: 'text', ...filled }, rows)
  await lockFiles(
    db,
    files.map(({ id }) => id),
  )
  // The owner in an expression: by the index of owners SQLite would compare every leased row with every row of the batch.
  const saved = await rawRows<{ id: string }>(
    db,
    `update transfer_files set ${sets.join(', ')} from ${source}
     where transfer_files.id = v.id and coalesce(transfer_files.lease_owner, '') = ?
     returning transfer_files.id as id`,
    [parameter, owner],
  )
  // Errors, flags and counts of their jobs follow, each in its own order.
  const jobIds = files.map(({ jobId }) => jobId)
  await lockJobs(db, jobIds)
  return new Set(saved.map((row) => row.id))
}

export interface FailedAttempt {
  file: TransferFile
  fault: Fault
  worker: string
  endedAtMs: number
}

const attemptColumns = {
  file_id: 'text',
  attempt: 'integer',
  ended_at_ms: 'bigint',
  worker: 'text',
  executor: 'text',
  bytes_done: 'bigint',
  error_code: 'text',
  error_type: 'text',
  error_location: 'text',
  error_text: 'text',
} as const

/** Keeps the history of attempts that failed; the last one also stands in the request itself. */
export async function insertAttempts(db: Db, attempts: readonly FailedAttempt[]): Promise<void> {
  if (attempts.length === 0) return
  const rows = attempts.map(({ file, fault, worker, endedAtMs }) => ({
    file_id: file.id,
    attempt: file.attempts,
    ended_at_ms: endedAtMs,
    worker,
    executor: file.executor,
    bytes_done: file.bytesDone,
    error_code: fault.code,
    error_type: fault.type,
    error_location: fault.location,
    error_text: fault.message,
  }))
  const names = Object.keys(attemptColumns).join(', ')
  const { source, parameter } = jsonRows(db, attemptColumns, rows)
  await db.raw(`insert into transfer_attempts (${names}) select ${names} from ${source}`, [parameter])
}

export interface FilePage {
  state?: DtrState | undefined
  /** The path after which the page begins. */
  after?: string | undefined
  limit: number
}

/** The requests of a job by path. */
export async function listFiles(db: Db, jobId: string, page: FilePage): Promise<TransferFile[]> {
  const query = db<FileRow>('transfer_files').where({ job_id: jobId }).orderBy('path').limit(page.limit)
  if (page.state !== undefined) query.andWhere({ state: page.state })
  if (page.after !== undefined) query.andWhere('path', '>', page.after)
  return (await query).map(fromFileRow)
}
