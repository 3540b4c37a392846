import type { Checksums, ChecksumType, WriteConditions } from '../../store/types.ts'
import type { TransferDestination, TransferSource } from '../endpoints.ts'
import type { Throttle } from '../scheduling/throttle.ts'
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
  /** Requests at a time for one large file; 1 unless given. */
  streams?: number | undefined
  /** Whose pace the bytes keep, one after the other. */
  throttles?: readonly Throttle[] | undefined
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

/** One file to be brought from one server to another without its bytes coming through here. */
export interface CopyTask {
  /** The stores and paths of this very file. */
  source: TransferSource
  destination: TransferDestination
  expected: ExpectedFile
  sourceChecksums: Checksums
  /** What must be true at the destination for the copy to take its place. */
  conditions: WriteConditions
  /** True when the copy must be compared by a checksum wherever both ends have one. */
  verifyChecksum: boolean
  /** What the other side calls this copy, kept over attempts so that one that still runs is found again. */
  reference: string | null
  /** Connections at a time between the two for one large file; left to who copies unless given. */
  streams?: number | undefined
  /** Whose pace the bytes keep, where they come through this node or a program of it. */
  throttles?: readonly Throttle[] | undefined
  /** Names this request and no other, for whoever is told twice. */
  id: string
  onReference(reference: string | null): Promise<void>
  onProgress(bytesDone: number): void
  /** The bytes are there; what follows is to compare them. */
  onMoved?(): void
  signal: AbortSignal
}

export interface CopyResult {
  sizeBytes: number
  /** What the destination says it has. */
  checksums: Checksums
  /** What the source says it has, where it was asked once more for that. */
  sourceChecksums?: Checksums
  /** How it was done in the end, in words. */
  why?: string
}

/** How `CopyTask.reference` begins: not the name of a part file. */
const REFERENCES = /^(tpc|fts):new\b/

/** True when a note of a request says that another server was told to make its copy, where nothing stood before. */
export function isOrderedElsewhere(reference: string | null): boolean {
  return reference !== null && REFERENCES.test(reference)
}

/** Whether an executor may be chosen by itself, and why or why not, in words. */
export interface Suitability {
  suits: boolean
  why?: string
}

/**
 * Orders a copy elsewhere and watches it: HTTP-TPC, FTS. Throws like a `TransferExecutor`; with a fault
 * of code `UNSUPPORTED_HERE` when these ends cannot do it, so that another executor is taken. Leaves
 * nothing half-written at the destination; on abort it tells the other side to stop.
 */
export interface DirectExecutor {
  readonly name: ExecutorName
  /** It gives up by itself what does not go on; queues of other servers are long. */
  readonly keepsWatch?: boolean
  /** By what is known now, without asking anybody; one that has none is taken only when it is ordered. */
  suits?(source: TransferSource, destination: TransferDestination): Suitability
  copy(task: CopyTask): Promise<CopyResult>
  close(): Promise<void>
}
