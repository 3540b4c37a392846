import type { DestinationRef, SourceRef } from './endpoints.ts'
import type { JobState } from './job-state.ts'
import type { ExecutorName, Expansion, OverwritePolicy, TransferJob, VerifyPolicy } from './types.ts'

/** A row of `transfer_jobs`. */
export interface JobRow {
  id: string
  user_id: string
  label: string
  source: string
  destination: string
  overwrite: string
  executor: string
  verify: string
  priority: number
  state: string
  expansion: string
  expansion_tries: number
  next_at_ms: number
  lease_owner: string | null
  cancel_requested: number
  queue_rank: number
  created_at_ms: number
  started_at_ms: number | null
  finished_at_ms: number | null
  files_total: number
  files_done: number
  files_failed: number
  files_skipped: number
  files_canceled: number
  folders_failed: number
  bytes_total: number
  bytes_done: number
  error_code: string | null
  error_text: string | null
}

export function fromJobRow(row: JobRow): TransferJob {
  return {
    id: row.id,
    userId: row.user_id,
    label: row.label,
    source: JSON.parse(row.source) as SourceRef,
    destination: JSON.parse(row.destination) as DestinationRef,
    overwrite: row.overwrite as OverwritePolicy,
    executor: row.executor as ExecutorName,
    verify: row.verify as VerifyPolicy,
    priority: row.priority,
    state: row.state as JobState,
    expansion: row.expansion as Expansion,
    expansionTries: row.expansion_tries,
    cancelRequested: row.cancel_requested === 1,
    queueRank: row.queue_rank,
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms,
    finishedAtMs: row.finished_at_ms,
    filesTotal: row.files_total,
    filesDone: row.files_done,
    filesFailed: row.files_failed,
    filesSkipped: row.files_skipped,
    filesCanceled: row.files_canceled,
    foldersFailed: row.folders_failed,
    bytesTotal: row.bytes_total,
    bytesDone: row.bytes_done,
    errorCode: row.error_code,
    errorText: row.error_text,
  }
}

export function toJobRow(job: TransferJob): JobRow {
  return {
    id: job.id,
    user_id: job.userId,
    label: job.label,
    source: JSON.stringify(job.source),
    destination: JSON.stringify(job.destination),
    overwrite: job.overwrite,
    executor: job.executor,
    verify: job.verify,
    priority: job.priority,
    state: job.state,
    expansion: job.expansion,
    expansion_tries: job.expansionTries,
    next_at_ms: job.createdAtMs,
    lease_owner: null,
    cancel_requested: Number(job.cancelRequested),
    queue_rank: job.queueRank,
    created_at_ms: job.createdAtMs,
    started_at_ms: job.startedAtMs,
    finished_at_ms: job.finishedAtMs,
    files_total: job.filesTotal,
    files_done: job.filesDone,
    files_failed: job.filesFailed,
    files_skipped: job.filesSkipped,
    files_canceled: job.filesCanceled,
    folders_failed: job.foldersFailed,
    bytes_total: job.bytesTotal,
    bytes_done: job.bytesDone,
    error_code: job.errorCode,
    error_text: job.errorText,
  }
}
