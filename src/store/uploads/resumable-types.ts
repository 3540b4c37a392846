import type { Checksums, StorePath, WriteConditions } from '../types.ts'

/** What was said when the upload began. */
export interface ResumableFacts {
  /** Where in its owner's drive the file will stand. */
  path: StorePath
  /** Undefined until the client says it. */
  lengthBytes?: number
  mtimeMs?: number
  expected?: Checksums
  conditions?: WriteConditions
  /** As the client wrote it, to be given back. */
  metadata: string
}

/** A file that comes piece by piece, in order. */
export interface ResumableUpload {
  userId: string
  id: string
  facts: ResumableFacts
  /** How many bytes are on the disk: where to go on. */
  offsetBytes: number
  expiresAtMs: number
}

export interface AppendOptions {
  /** What all unfinished uploads of the user may hold. */
  limitBytes: number
  /** Checksums of these bytes alone; when they differ nothing of them is kept. */
  expected?: Checksums | undefined
}

/** An upload that has become a file, as it was told to the client. */
export interface FinishedUpload {
  lengthBytes: number
  headers: Record<string, string>
}
