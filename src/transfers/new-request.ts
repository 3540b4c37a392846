import { newOrderedId } from '../platform/ids.ts'
import type { Entry } from '../store/types.ts'
import { lanes, SMALL_FILE_BYTES, type TransferFile, type TransferJob } from './types.ts'

/**
 * The request for one file of a listing. `refusal` says why this file can never be copied; then the
 * request is born failed, so that the user sees it beside the others.
 */
export function newRequest(job: TransferJob, path: string, entry: Entry, refusal?: string): TransferFile {
  const isSmall = entry.sizeBytes < SMALL_FILE_BYTES && (job.executor === 'stream' || job.executor === 'auto')
  const file: TransferFile = {
    id: newOrderedId(),
    jobId: job.id,
    // PostgreSQL cannot store a NUL; such a name is refused anyway.
    path: path.replaceAll('\0', '\u{fffd}'),
    source: null,
    destination: null,
    sourceIndex: 0,
    stageRequest: null,
    cacheState: null,
    state: 'NEW',
    queue: 'ready',
    nextAtMs: 0,
    leaseOwner: null,
    lane: isSmall ? lanes.small : lanes.large,
    attempts: 0,
    repeats: 0,
    sizeBytes: entry.sizeBytes,
    mtimeMs: entry.mtimeMs,
    etag: entry.etag,
    sourceChecksums: entry.checksums,
    queried: true,
    bytesDone: 0,
    stagedName: null,
    validator: null,
    executor: null,
    executorWhy: null,
    worker: null,
    checksums: {},
    verified: null,
    errorCode: null,
    errorType: null,
    errorLocation: null,
    errorText: null,
    cancelRequested: false,
    declared: null,
  }
  return refusal === undefined ? file : refused(file, refusal)
}

function refused(file: TransferFile, reason: string): TransferFile {
  return {
    ...file,
    state: 'ERROR',
    queue: 'none',
    errorCode: 'INVALID_NAME',
    errorType: 'LOCAL_FILE_ERROR',
    errorLocation: 'ERROR_DESTINATION',
    errorText: `${reason} Rename it at the source.`.replaceAll('\0', '\u{fffd}'),
  }
}
