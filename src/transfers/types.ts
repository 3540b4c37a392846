import type { Checksums } from '../store/types.ts'
import type { DtrState } from './dtr-states.ts'
import type { DestinationRef, SourceRef } from './endpoints.ts'
import type { JobOptions } from './job-options.ts'
import type { JobState } from './job-state.ts'
import type { ErrorLocation, ErrorType } from './transfer-error.ts'

export type OverwritePolicy = 'never' | 'always' | 'if-different'
export const executorNames = ['stream', 'rclone', 'third-party', 'fts'] as const
export type ExecutorName = (typeof executorNames)[number]
/** What a job asks for; `auto` leaves it to what both ends can do. */
export type ExecutorChoice = ExecutorName | 'auto'
export type VerifyPolicy = 'checksum' | 'size'

/** What a user orders. */
export interface TransferOrder {
  source: SourceRef
  destination: DestinationRef
  overwrite?: OverwritePolicy | undefined
  label?: string | undefined
  /** 1 to 100, higher goes first; 50 unless given. */
  priority?: number | undefined
  executor?: ExecutorChoice | undefined
  verify?: VerifyPolicy | undefined
  options?: JobOptions | undefined
  /** The job begins no earlier. */
  notBeforeMs?: number | undefined
  /** What is not there by then is cancelled. */
  deadlineMs?: number | undefined
  /** Ordered but not begun until it is resumed. */
  isPaused?: boolean | undefined
  /** A second order of the same user with the same key is the first one. */
  idempotencyKey?: string | undefined
  /** Signs what is told to the webhook of the options; kept sealed. */
  webhookSecret?: string | undefined
  /** The recurring order it comes from. */
  scheduleId?: string | undefined
  /** The id of the job, for clients that derive it themselves; a new one unless given. */
  id?: string | undefined
  /** Many files with a source and a destination each, instead of one tree. */
  items?: readonly TransferItem[] | undefined
}

/** One pair of a bulk order. */
export interface TransferItem {
  source: SourceRef
  destination: DestinationRef
  sizeBytes?: number | undefined
  checksums?: Checksums | undefined
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
  executor: ExecutorChoice
  verify: VerifyPolicy
  priority: number
  options: JobOptions
  /** The transfer share it counts for; slots are divided among shares. */
  share: string
  /** The pair of hosts its bytes travel between. */
  link: string
  /** Its place among the jobs of its share: the lower goes first. */
  rankMs: number
  isPaused: boolean
  notBeforeMs: number | null
  deadlineMs: number | null
  idempotencyKey: string | null
  /** The recurring order it came from. */
  scheduleId: string | null
  state: JobState
  expansion: Expansion
  expansionTries: number
  cancelRequested: boolean
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
  /** Whether what the destination has too much is still to be removed; null: it was not ordered. */
  cleanup: Cleanup | null
  filesRemoved: number
}

export type Cleanup = 'pending' | 'done' | 'failed'

/** What an order says of a file, to be found at its source. */
export interface DeclaredFile {
  sizeBytes?: number | undefined
  checksums?: Checksums | undefined
}

/** ready: may be taken; held: leased or backing off until `nextAtMs`; none: in a final state. */
export type Queue = 'ready' | 'held' | 'none'

/** Files below this size travel in the small lane: eight of them share one slot. */
export const SMALL_FILE_BYTES = 1024 * 1024
export const lanes = { small: 0, large: 1 } as const
export type Lane = (typeof lanes)[keyof typeof lanes]

/** ARC's cache states, as far as a request can be in them. */
export type CacheState =
  | 'CACHEABLE'
  | 'CACHE_ALREADY_PRESENT'
  | 'CACHE_DOWNLOADED'
  | 'CACHE_LOCKED'
  | 'CACHE_SKIP'

/** One file request. */
export interface TransferFile {
  id: string
  jobId: string
  /** Relative to source and destination, names joined by `/`; empty when the source itself is the file. */
  path: string
  /** Where this very file comes from and goes to, in a job that is a list; null follows the job and `path`. */
  source: SourceRef | null
  destination: DestinationRef | null
  /** Which replica of the source is tried. */
  sourceIndex: number
  /** The id of the request by which a tape system brings it online. */
  stageRequest: string | null
  /** How it stands with the node's cache; null where no cache is used. */
  cacheState: CacheState | null
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
  /** Why this executor, in words. */
  executorWhy: string | null
  /** The delivery worker that moves or moved the bytes; null: this node. */
  worker: string | null
  checksums: Checksums
  /** How the copy was compared with the source. */
  verified: VerifyPolicy | null
  errorCode: string | null
  errorType: ErrorType | null
  errorLocation: ErrorLocation | null
  errorText: string | null
  /** Its user wants it ended, whatever becomes of the others. */
  cancelRequested: boolean
  declared: DeclaredFile | null
}
