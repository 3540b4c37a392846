import type { StorePath } from '../../store/types.ts'

/** How far the copy of what was pushed has come at the other node, as far as that told. */
export type PushState = 'waiting' | 'copying' | 'copied' | 'failed'

/** A share that asks its recipient to take a copy. */
export interface Push {
  shareId: string
  /** A name of the owner's, not told to the recipient. */
  label: string | undefined
  /** The share ends when the copy is there and verified. */
  isOnce: boolean
  /** False: the other server knows no offers and was sent an ordinary share; undefined until it has arrived. */
  isOffered: boolean | undefined
  state: PushState
  files: number | undefined
  sizeBytes: number | undefined
  isVerified: boolean | undefined
  /** Why the copy failed, in the words of the other node. */
  reason: string | undefined
  updatedAtMs: number
}

/** `ordered` is not handed to transfers yet; `refused` never will be, and left to its user. */
export type CopyState = 'ordered' | 'copying' | 'copied' | 'failed' | 'refused'

/** A copy of what one of our users was given, as far as its share knows of it. */
export interface Copy {
  id: string
  receivedId: string
  userId: string
  destination: StorePath
  state: CopyState
  jobId: string | undefined
  files: number | undefined
  sizeBytes: number | undefined
  isVerified: boolean | undefined
  code: string | undefined
  reason: string | undefined
  createdAtMs: number
  updatedAtMs: number
}

/** Where a copy stands that transfers make. */
export interface CopyProgress {
  state: 'copying' | 'copied' | 'failed'
  files: number
  sizeBytes: number
  isVerified: boolean
  error?: { code: string; message: string }
}

/** What makes the copies: transfers. Declared here, for sharing knows nothing of them. */
export interface DataCopier {
  /** Orders a copy as the user; the same key again is the same order. Answers the id of the job; throws `AppError`. */
  order(
    userId: string,
    order: { key: string; shareId: string; destination: StorePath; label: string },
  ): Promise<string>
  /** Undefined when there is no such job any more. */
  find(userId: string, jobId: string): Promise<CopyProgress | undefined>
  /** Ends a copy; what is there stays. */
  cancel(userId: string, jobId: string): Promise<void>
}
