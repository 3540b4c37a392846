import type { FileStore, StorePath } from '../store/types.ts'

/** What a job copies: a path in the user's own drive, or a received share and a path inside it. */
export type SourceRef = { path: string } | { shareId: string; path?: string | undefined }

/** Where the copy goes: a path in the user's own drive. It names the copy itself, not its parent. */
export interface DestinationRef {
  path: string
}

/** Proof of right towards the server that holds the source. Asked anew for every attempt, never stored. */
export interface CredentialSource {
  /** Request headers such as `Authorization`. Throws an `AppError` when there is no right any more. */
  headers(): Promise<Record<string, string>>
  /** After an answer 401: true when it is worth to ask once more, with headers asked anew. */
  renew?(): Promise<boolean>
}

/** A source whose bytes can be fetched by HTTP straight from the server that holds them. */
export interface RemoteSource {
  /** How people know the other end: its host name. */
  label: string
  /** The URL that GET with byte ranges works on, for a path of the source's store. */
  urlOf(path: StorePath): string
  credentials: CredentialSource
}

export interface TransferSource {
  store: FileStore
  path: StorePath
  remote?: RemoteSource
}

export interface TransferDestination {
  store: FileStore
  path: StorePath
}

/**
 * Turns the references of a job into stores, as the user who ordered it, with the rights that user has
 * now. Throws `NotFoundError` for what the user may not see and `ForbiddenError` for what ended.
 */
export interface EndpointResolver {
  resolveSource(userId: string, ref: SourceRef): Promise<TransferSource>
  resolveDestination(userId: string, ref: DestinationRef): Promise<TransferDestination>
}
