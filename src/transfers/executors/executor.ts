import type { Checksums, ChecksumType } from '../../store/types.ts'
import type { TransferSource } from '../endpoints.ts'
import type { ExecutorName } from '../types.ts'

/** What the source was when it was queried; anything else is a change. */
export interface ExpectedFile {
  sizeBytes: number
  etag: string | null
  mtimeMs: number | null
  /** The validator of the bytes that stand in the part file, for `If-Range`. */
  validator: string | null
}

/** One file to be fetched into a local part file. */
export interface FetchTask {
  /** The store and path of this very file. */
  source: TransferSource
  expected: ExpectedFile
  stagedPath: string
  /** Bytes of the part file that may be kept; 0 begins a new one. */
  resumeFromBytes: number
  /** Which checksums to compute. */
  hashes: readonly ChecksumType[]
  /** Bytes that stand now; fewer than before when it began anew. */
  onProgress(bytesDone: number): void
  /** The validator that the bytes which come now belong to. */
  onValidator(validator: string | null): void
  signal: AbortSignal
}

export interface FetchResult {
  sizeBytes: number
  checksums: Checksums
}

/**
 * Moves the bytes of one file to a local part file, and knows nothing of queues and policies. Throws
 * `TransferError`, `HttpStatusError`, `OutboundError` or errors of the system; keeps the part file in
 * any case, so that the next attempt can go on. On abort it throws after its last write.
 */
export interface TransferExecutor {
  readonly name: ExecutorName
  fetch(task: FetchTask): Promise<FetchResult>
  close(): Promise<void>
}
