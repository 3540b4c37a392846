import type { Checksums } from '../store/types.ts'
import type { DtrState } from './dtr-states.ts'
import type { DestinationRef, SourceRef } from './endpoints.ts'
import type { JobState } from './job-state.ts'
import type { ErrorLocation, ErrorType } from './transfer-error.ts'

export type OverwritePolicy = 'never' | 'always' | 'if-different'
export type ExecutorName = 'stream' | 'rclone'
export type VerifyPolicy = 'checksum' | 'size'

/** What a user orders. */
export interface TransferOrder {
  source: SourceRef
  destination: DestinationRef
  overwrite?: OverwritePolicy | undefined
  label?: string | undefined
  /** 1 to 100, higher goes first; 50 unless given. */
  priority?: number | undefined
  executor?: ExecutorName | undefined
  verify?: VerifyPolicy | undefined
}

/** Whether the source's tree has been turned into file requests. */
export type Expansion = 'pending' | 'done' | 'failed' | 'canceled'

export interface TransferJob {
  id: string
  userId: string
  label: string
  source: SourceRef
  destination: DestinationRef
  overwrite: OverwritePolicy
  executor: ExecutorName
  verify: VerifyPolicy
  priority: number
  state: JobState
  expansion: Expansion
  expansionTries: number
  cancelRequested: boolean
  /** Virtual start time in the queue: file n of this job has rank `queueRank + n`. */
  queueRank: number
  createdAtMs: number
  startedAtMs: number | null
  finishedAtMs: number | null
  filesTotal: number
  filesDone: number
  filesFailed: number
  filesSkipped: number
  filesCanceled: number
  foldersFailed: number
  bytesTotal: number
  /** Bytes that stand at the destination or in a part file; a skipped file counts whole. */
  bytesDone: number
  errorCode: string | null
  errorText: string | null
}

/** ready: may be taken; held: leased or backing off until `nextAtMs`; none: in a final state. */
export type Queue = 'ready' | 'held' | 'none'

/** Files below this size travel in the small lane: eight of them share one slot. */
export const SMALL_FILE_BYTES = 1024 * 1024
export const lanes = { small: 0, large: 1 } as const
export type Lane = (typeof lanes)[keyof typeof lanes]

/** One file request. */
export interface TransferFile {
  id: string
  jobId: string
  /** Relative to source and destination, names joined by `/`; empty when the source itself is the file. */
  path: string
  state: DtrState
  queue: Queue
  /** When it may be taken: after the back-off, or when the lease of its owner runs out. */
  nextAtMs: number
  leaseOwner: string | null
  lane: Lane
  /** Counts how often it was taken; a worker that died used up one. */
  attempts: number
  /** How often in a row the same error code came. */
  repeats: number
  sizeBytes: number
  mtimeMs: number | null
  etag: string | null
  sourceChecksums: Checksums
  /** Size, etag and checksums are what the source said; a change from now on is an error. */
  queried: boolean
  bytesDone: number
  /** Name of the part file in the destination's staging folder, once there is one. */
  stagedName: string | null
  /** The HTTP validator the bytes of the part file came with, for `If-Range`. */
  validator: string | null
  executor: ExecutorName | null
  checksums: Checksums
  /** How the copy was compared with the source. */
  verified: VerifyPolicy | null
  errorCode: string | null
  errorType: ErrorType | null
  errorLocation: ErrorLocation | null
  errorText: string | null
}
