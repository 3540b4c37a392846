import type { DestinationRef, SourceRef } from './endpoints.ts'
import type { JobOptions } from './job-options.ts'
import type { JobState } from './job-state.ts'
import type {
  Cleanup,
  ExecutorChoice,
  Expansion,
  OverwritePolicy,
  TransferJob,
  VerifyPolicy,
} from './types.ts'

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
  options: string
  share: string
  link: string
  rank_ms: number
  is_paused: number
  ready_small: number
  ready_large: number
  not_before_ms: number | null
  deadline_ms: number | null
  idempotency_key: string | null
  schedule_id: string | null
  state: string
  expansion: string
  expansion_tries: number
  next_at_ms: number
  lease_owner: string | null
  cancel_requested: number
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
  cleanup: string | null
  cleanup_at_ms: number
  files_removed: number
}

export function fromJobRow(row: JobRow): TransferJob {
  return {
    id: row.id,
    userId: row.user_id,
    label: row.label,
    source: JSON.parse(row.source) as SourceRef,
    destination: JSON.parse(row.destination) as DestinationRef,
    overwrite: row.overwrite as OverwritePolicy,
    executor: row.executor as ExecutorChoice,
    verify: row.verify as VerifyPolicy,
    priority: row.priority,
    options: JSON.parse(row.options) as JobOptions,
    share: row.share,
    link: row.link,
    rankMs: row.rank_ms,
    isPaused: row.is_paused === 1,
    notBeforeMs: row.not_before_ms,
    deadlineMs: row.deadline_ms,
    idempotencyKey: row.idempotency_key,
    scheduleId: row.schedule_id,
    state: row.state as JobState,
    expansion: row.expansion as Expansion,
    expansionTries: row.expansion_tries,
    cancelRequested: row.cancel_requested === 1,
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
    cleanup: row.cleanup as Cleanup | null,
    filesRemoved: row.files_removed,
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
    options: JSON.stringify(job.options),
    share: job.share,
    link: job.link,
    rank_ms: job.rankMs,
    is_paused: Number(job.isPaused),
    ready_small: 0,
    ready_large: 0,
    not_before_ms: job.notBeforeMs,
    deadline_ms: job.deadlineMs,
    idempotency_key: job.idempotencyKey,
    schedule_id: job.scheduleId,
    state: job.state,
    expansion: job.expansion,
    expansion_tries: job.expansionTries,
    next_at_ms: job.notBeforeMs ?? job.createdAtMs,
    lease_owner: null,
    cancel_requested: Number(job.cancelRequested),
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
    cleanup: job.cleanup,
    cleanup_at_ms: 0,
    files_removed: job.filesRemoved,
  }
}
