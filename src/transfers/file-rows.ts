import type { Checksums } from '../store/types.ts'
import type { DtrState } from './dtr-states.ts'
import type { DestinationRef, SourceRef } from './endpoints.ts'
import type { SqlType } from './json-rows-repo.ts'
import type { ErrorLocation, ErrorType } from './transfer-error.ts'
import type {
  CacheState,
  DeclaredFile,
  ExecutorName,
  Lane,
  Queue,
  TransferFile,
  VerifyPolicy,
} from './types.ts'

/** A row of `transfer_files`. */
export interface FileRow {
  id: string
  job_id: string
  path: string
  source: string | null
  destination: string | null
  source_index: number
  stage_request: string | null
  cache_state: string | null
  state: string
  queue: string
  next_at_ms: number
  lease_owner: string | null
  lane: number
  attempts: number
  repeats: number
  size_bytes: number
  mtime_ms: number | null
  etag: string | null
  source_checksums: string
  queried: number
  bytes_done: number
  staged_name: string | null
  validator: string | null
  executor: string | null
  executor_why: string | null
  worker: string | null
  checksums: string
  verified: string | null
  error_code: string | null
  error_type: string | null
  error_location: string | null
  error_text: string | null
  cancel_requested: number
  declared: string | null
}

/** What a worker that holds the lease may change. */
export const savedColumns = {
  state: 'text',
  source_index: 'integer',
  stage_request: 'text',
  cache_state: 'text',
  queue: 'text',
  next_at_ms: 'bigint',
  lease_owner: 'text',
  attempts: 'integer',
  repeats: 'integer',
  size_bytes: 'bigint',
  mtime_ms: 'bigint',
  etag: 'text',
  source_checksums: 'text',
  queried: 'integer',
  bytes_done: 'bigint',
  staged_name: 'text',
  validator: 'text',
  executor: 'text',
  executor_why: 'text',
  worker: 'text',
  checksums: 'text',
  verified: 'text',
  error_code: 'text',
  error_type: 'text',
  error_location: 'text',
  error_text: 'text',
} as const satisfies Partial<Record<keyof FileRow, SqlType>>

/** All columns of a new request; its rank is its place within the job. */
export const insertedColumns = {
  id: 'text',
  job_id: 'text',
  path: 'text',
  source: 'text',
  destination: 'text',
  lane: 'integer',
  declared: 'text',
  ...savedColumns,
  queue_rank: 'bigint',
} as const satisfies Partial<Record<keyof FileRow | 'queue_rank', SqlType>>

export function toFileRow(file: TransferFile): FileRow {
  return {
    id: file.id,
    job_id: file.jobId,
    path: file.path,
    source: file.source === null ? null : JSON.stringify(file.source),
    destination: file.destination === null ? null : JSON.stringify(file.destination),
    source_index: file.sourceIndex,
    stage_request: file.stageRequest,
    cache_state: file.cacheState,
    state: file.state,
    queue: file.queue,
    next_at_ms: file.nextAtMs,
    lease_owner: file.leaseOwner,
    lane: file.lane,
    attempts: file.attempts,
    repeats: file.repeats,
    size_bytes: file.sizeBytes,
    mtime_ms: file.mtimeMs,
    etag: file.etag,
    source_checksums: JSON.stringify(file.sourceChecksums),
    queried: Number(file.queried),
    bytes_done: file.bytesDone,
    staged_name: file.stagedName,
    validator: file.validator,
    executor: file.executor,
    executor_why: file.executorWhy,
    worker: file.worker,
    checksums: JSON.stringify(file.checksums),
    verified: file.verified,
    error_code: file.errorCode,
    error_type: file.errorType,
    error_location: file.errorLocation,
    error_text: file.errorText,
    cancel_requested: Number(file.cancelRequested),
    declared: file.declared === null ? null : JSON.stringify(file.declared),
  }
}

export function fromFileRow(row: FileRow): TransferFile {
  return {
    id: row.id,
    jobId: row.job_id,
    path: row.path,
    source: row.source === null ? null : (JSON.parse(row.source) as SourceRef),
    destination: row.destination === null ? null : (JSON.parse(row.destination) as DestinationRef),
    sourceIndex: row.source_index,
    stageRequest: row.stage_request,
    cacheState: row.cache_state as CacheState | null,
    state: row.state as DtrState,
    queue: row.queue as Queue,
    nextAtMs: row.next_at_ms,
    leaseOwner: row.lease_owner,
    lane: row.lane as Lane,
    attempts: row.attempts,
    repeats: row.repeats,
    sizeBytes: row.size_bytes,
    mtimeMs: row.mtime_ms,
    etag: row.etag,
    sourceChecksums: JSON.parse(row.source_checksums) as Checksums,
    queried: row.queried === 1,
    bytesDone: row.bytes_done,
    stagedName: row.staged_name,
    validator: row.validator,
    executor: row.executor as ExecutorName | null,
    executorWhy: row.executor_why,
    worker: row.worker,
    checksums: JSON.parse(row.checksums) as Checksums,
    verified: row.verified as VerifyPolicy | null,
    errorCode: row.error_code,
    errorType: row.error_type as ErrorType | null,
    errorLocation: row.error_location as ErrorLocation | null,
    errorText: row.error_text,
    cancelRequested: row.cancel_requested === 1,
    declared: row.declared === null ? null : (JSON.parse(row.declared) as DeclaredFile),
  }
}
