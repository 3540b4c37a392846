import type { NameFault } from '../dav/naming.ts'
import type { Remembered } from './remembered.ts'

/**
 * `waiting` for its turn; `running`; `asking` what to do with something of the same name; `retrying` after
 * an interruption; `paused` by the person. The others are ends.
 */
export type UploadState =
  | 'waiting'
  | 'running'
  | 'asking'
  | 'retrying'
  | 'paused'
  | 'done'
  | 'skipped'
  | 'failed'
  | 'canceled'

export const ENDED: ReadonlySet<UploadState> = new Set(['done', 'skipped', 'failed', 'canceled'])

/** What somebody chose to upload: a file, or a folder that would otherwise be missing because it is empty. */
export interface Picked {
  /** Names below the folder it goes to. */
  names: readonly string[]
  file?: File
}

/** A file or folder on its way. */
export interface UploadItem {
  readonly id: number
  /** What was chosen together shares answers about names that are taken. */
  readonly batch: UploadBatch
  /** Where it goes. */
  path: string
  readonly file?: File | undefined
  readonly sizeBytes: number
  sentBytes: number
  state: UploadState
  error?: unknown
  /** The name that the node would refuse, and why. */
  nameFault?: { name: string; fault: NameFault } | undefined
  /** When the last byte was known to have gone. */
  lastByteAtMs: number
  retryAtMs?: number | undefined
  /** How often it was begun again without a byte having gone meanwhile. */
  tries: number
  overwrite: boolean
  /** The number in the name when both are kept. */
  keepNumber?: number | undefined
  /** A resumable upload that has begun, and what it will become. */
  begun?: (Remembered & { path: string }) | undefined
}

export interface UploadBatch {
  folder: string
  choice?: ConflictChoice
}

export type ConflictChoice = 'both' | 'replace' | 'skip'

export interface ConflictAnswer {
  choice: ConflictChoice
  /** For whatever else of the batch stands in the way. */
  forAll: boolean
}

export interface SendOptions {
  signal: AbortSignal
  /** How many bytes of it are known to have gone; may go back after an interruption. */
  onProgress: (sentBytes: number) => void
  /** How many the node had already when it was asked. */
  onFound: (sentBytes: number) => void
}

/** How bytes get to the node; throws `ApiProblem`, `NetworkProblem` or `UnreadableFileError`. */
export interface UploadTransport {
  send(item: UploadItem, options: SendOptions): Promise<void>
  /** Nothing happens when it is there already. */
  ensureFolder(path: string): Promise<void>
  /** The item is at its end: others may go on with what it had begun. */
  letGo(item: UploadItem): void
}

/** The file cannot be read: it was changed, moved or removed since it was chosen. */
export class UnreadableFileError extends Error {
  override name = 'UnreadableFileError'
}
