import type { FileStore, StorePath } from '../store/types.ts'

/** A place in the drive of the user who ordered the job. */
export interface DriveRef {
  path: string
}
/** A received share and a place inside it. */
export interface ShareRef {
  shareId: string
  path?: string | undefined
}
/** Anything that speaks HTTP or WebDAV: `http`, `https`, `dav`, `davs`. Never with a credential in it. */
export interface UrlRef {
  url: string
}
/** An endpoint that the user or the operator defined once, and a place below its root. */
export interface EndpointRef {
  endpoint: string
  path: string
}
/** One of these. */
export type PlaceRef = DriveRef | ShareRef | UrlRef | EndpointRef

/** Replicas (ARC's LIST): the same content at several places; the next is tried when one fails. */
export interface ReplicasRef {
  replicas: PlaceRef[]
}

/** What a job copies. */
export type SourceRef = PlaceRef | ReplicasRef

/** The places of a source, in the order of the user. */
export function placesOf(ref: SourceRef): readonly PlaceRef[] {
  return 'replicas' in ref ? ref.replicas : [ref]
}

/** Where the copy goes. It names the copy itself, not its parent. */
export type DestinationRef = DriveRef | UrlRef | EndpointRef

/** Proof of right towards the server that holds the source. Asked anew for every attempt, never stored. */
export interface CredentialSource {
  /** Request headers such as `Authorization`. Throws an `AppError` when there is no right any more. */
  headers(): Promise<Record<string, string>>
  /** After an answer 401: true when it is worth to ask once more, with headers asked anew. */
  renew?(): Promise<boolean>
  /** False: they were given to somebody else than who orders, and go to the server they open and no other. */
  mayBeHandedOn?: boolean
}

/** A source whose bytes can be fetched by HTTP straight from the server that holds them. */
export interface RemoteSource {
  /** How people know the other end: its host name. */
  label: string
  /** The URL that GET with byte ranges works on, for a path of the source's store. */
  urlOf(path: StorePath): string
  credentials: CredentialSource
}

/** A destination that takes HTTP PUT and, perhaps, COPY (WLCG HTTP-TPC). */
export interface RemoteDestination {
  /** How people know the other end: its host name. */
  label: string
  /** The URL that PUT works on, for a path of the destination's store. */
  urlOf(path: StorePath): string
  credentials: CredentialSource
}

/** A storage system that only rclone speaks. */
export interface RcloneRemote {
  /** How people know it. */
  label: string
  /** The remote as the remote control of rclone takes it, secrets included: never to be logged. */
  fs(): Promise<Record<string, string>>
  /** The name of a path below the root of that remote. */
  nameOf(path: StorePath): string
}

/** What an end can do besides being a store; decides who may move the bytes. */
export interface EndAbilities {
  /** Takes a COPY with `Source` (pull) or `Destination` (push) on another server. */
  thirdPartyCopy?: boolean
  /** Base of its WLCG Tape REST API, when files may have to be brought online. */
  tapeUrl?: string
}

export interface TransferSource {
  store: FileStore
  path: StorePath
  remote?: RemoteSource
  rclone?: RcloneRemote
  abilities?: EndAbilities
}

export interface TransferDestination {
  store: FileStore
  path: StorePath
  remote?: RemoteDestination
  rclone?: RcloneRemote
  abilities?: EndAbilities
}

/**
 * Turns the references of a job into stores, as the user who ordered it, with the rights that user has
 * now. Throws `NotFoundError` for what the user may not see and `ForbiddenError` for what ended.
 */
export interface EndpointResolver {
  resolveSource(userId: string, ref: PlaceRef): Promise<TransferSource>
  resolveDestination(userId: string, ref: DestinationRef): Promise<TransferDestination>
}
