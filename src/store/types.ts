import type { Readable } from 'node:stream'
import type { HashType } from '../platform/running-hash.ts'

/** A place in a store: the names from its root downwards, decoded; `[]` is the root itself. */
export type StorePath = readonly string[]

export type EntryKind = 'file' | 'folder'

/** Known checksums of a file's content, lower-case hex; `adler32` and `crc32c` have always 8 digits. */
export type Checksums = Partial<Record<ChecksumType, string>>
export type ChecksumType = HashType

/** What the asker may do with an entry. */
export interface Rights {
  read: boolean
  /** Change the content of a file, create and delete inside a folder. */
  write: boolean
  share: boolean
}

/** A dead property (RFC 4918 4.1): stored and returned as the client wrote it. */
export interface DeadProperty {
  namespace: string
  name: string
  /** The serialised inside of the property element, well-formed XML, with the namespaces it needs. */
  xml: string
}

export interface PropertyChange {
  namespace: string
  name: string
  /** The new value, or undefined to remove the property. */
  xml?: string
}

/** Times that are set apart from the content. */
export interface FileTimes {
  mtimeMs?: number
}

/** One file or folder as a store knows it. */
export interface Entry {
  /** Survives rename, move and edit; unique in the node. */
  id: string
  /** Last name of the path; empty for the root of a drive. */
  name: string
  kind: EntryKind
  /** Content length of a file; sum of everything below for a folder. */
  sizeBytes: number
  mtimeMs: number
  createdAtMs: number
  /** Opaque, without quotes. A folder's changes whenever anything below it changes. */
  etag: string
  mediaType: string
  checksums: Checksums
  rights: Rights
  /** Set on the root of a store that is mounted into a drive (a received share). */
  mount?: { kind: 'share'; shareId: string; isBroken?: true }
  /** Set on what was deleted and lies in the trash: where it was, and since when it lies there. */
  trashed?: { path: StorePath; deletedAtMs: number }
  /** Only when asked for with `withProperties`. */
  properties?: DeadProperty[]
}

/** Inclusive byte positions; `end` undefined means to the end of the file. */
export interface ByteRange {
  start: number
  end?: number
}

/** The bytes of a file; small ones come as one buffer, large ones as a stream the caller must consume or destroy. */
export interface FileContent {
  entry: Entry
  /** The range that is served, both ends inclusive; the whole file when none was asked. */
  range: { start: number; end: number }
  body: Buffer | Readable
}

/** A complete file that already lies in the store's staging folder and is adopted by rename. */
export interface StagedFile {
  localPath: string
  sizeBytes: number
  /** Checksums computed while it was written; trusted. */
  checksums: Checksums
}

export type WriteSource = AsyncIterable<Uint8Array> | { staged: StagedFile }

/** What a store is about to change, by the names it has at the bottom. */
export interface PendingChange {
  /** What goes from its place, with all below it. */
  removed?: ResourceKey
  /** Where something comes; what stands there is replaced, with all below it. */
  put?: ResourceKey
  /** Nothing stands there yet, so its folder gets a member. */
  isNew?: boolean
}

/** Refuses a change by throwing. It must not change the store, whose next turn comes after it. */
export type LastCheck = (change: PendingChange) => Promise<void>

/** A change that may wait for its turn, or copy for minutes before: what allowed it may be over then. */
export interface Checkable {
  /**
   * Asked in the turn of the change, just before the disk changes. Stores on other servers, which have no turns
   * that we know of, never ask.
   */
  check?: LastCheck | undefined
}

/** Conditions of RFC 9110 13.1 on the entry a change would replace, checked when it is published. */
export interface WriteConditions extends Checkable {
  /** Etags one of which must be the present one, or `*`: something must be there. */
  ifMatch?: readonly string[] | '*'
  /** Etags none of which may be the present one, or `*`: nothing may be there. */
  ifNoneMatch?: readonly string[] | '*'
}

export interface WriteOptions {
  /** Declared length; a body of another length is refused and nothing becomes visible. */
  sizeBytes?: number
  mtimeMs?: number
  mediaType?: string
  /** Declared checksums; a body that differs is refused and nothing becomes visible. */
  expected?: Checksums
  conditions?: WriteConditions
  signal?: AbortSignal
}

export interface WriteResult {
  entry: Entry
  /** False when something was there before and has been replaced. */
  created: boolean
}

export interface RelocateOptions extends Checkable {
  /** Replace what stands at the destination; otherwise a `PreconditionFailedError`. */
  overwrite: boolean
}

export interface CopyOptions extends RelocateOptions {
  /** `0` copies a folder without its members (RFC 4918 9.8.3). */
  depth?: '0' | 'infinity'
}

export interface ListOptions {
  withProperties?: boolean
}

/** What people sort folders by. */
export type EntrySort = 'name' | 'size' | 'modified'

/** Where a page of a folder ended. */
export interface PageKey {
  kind: EntryKind
  name: string
  /** The size or the time, in these orders. */
  value?: number
}

/** What is asked of a folder page by page: folders first, numbers in names by their value. */
export interface PageQuery {
  sort: EntrySort
  order: 'asc' | 'desc'
  /** Only names with this part, whatever its case and accents. */
  match?: string
  /** Names that are left out. */
  except?: readonly string[]
  after?: PageKey
  /** At least 1. */
  limit: number
  /** Count all that fit, on this page or another. */
  withTotal?: boolean
}

export interface EntryPage {
  entries: Entry[]
  hasMore: boolean
  total?: number
}

export interface StoreQuota {
  usedBytes: number
  /** Undefined: no limit but the disk's. */
  availableBytes?: number
  /** What is overwritten is kept, so that it makes no room. */
  keepsOverwritten?: boolean
}

/** What is asked of a folder's history (RFC 6578). */
export interface ChangesQuery {
  /** From an earlier answer; undefined: everything that is there. */
  token?: string
  /** `1`: its members only. */
  depth: '1' | 'infinity'
  /** Most changes of one answer, at least 1. */
  limit: number
  withProperties?: boolean
}

/**
 * What happened at a path, below the folder that was asked about. `isForeign`: what lies below it has a
 * history of its own.
 */
export type Change = { path: StorePath } & ({ entry: Entry; isForeign?: true } | { gone: EntryKind })

export interface ChangesPage {
  changes: Change[]
  /** Continues after this page, or later. */
  token: string
  /** False: more follows with `token`. */
  isComplete: boolean
}

/** Names one resource in the whole node, through whatever drive or share it is reached; locks hang here. */
export interface ResourceKey {
  /** The bottom store: a space id or `share:<id>` of a received share. */
  scope: string
  path: StorePath
}

/**
 * The middle of the house: everything that holds files looks like this to WebDAV, transfers, apps and
 * the API. Home drives, received shares and the layers around them (rights, locks, quota, mounts)
 * implement it; one contract suite runs against all of them.
 *
 * Errors: `NotFoundError` where nothing is; `ConflictError` where the parent is missing or is a file;
 * `MethodNotAllowedError` where the kind does not fit; `PreconditionFailedError` for conditions and
 * for a destination that may not be overwritten; `ForbiddenError`, `LockedError` and
 * `InsufficientStorageError` from the layers; `BadRequestError` for impossible names and for a body
 * that is not what was declared.
 */
export interface FileStore {
  stat(path: StorePath, options?: ListOptions): Promise<Entry>
  /** The members of a folder, sorted by name. */
  list(path: StorePath, options?: ListOptions): Promise<Entry[]>
  read(path: StorePath, range?: ByteRange, signal?: AbortSignal): Promise<FileContent>
  /** Creates or replaces a file, atomically: readers see the old content or the new, never a mixture. */
  write(path: StorePath, source: WriteSource, options?: WriteOptions): Promise<WriteResult>
  makeCollection(path: StorePath): Promise<Entry>
  move(from: StorePath, to: StorePath, options: RelocateOptions): Promise<WriteResult>
  copy(from: StorePath, to: StorePath, options: CopyOptions): Promise<WriteResult>
  /** Removes a file or a folder with all below it. */
  remove(path: StorePath, conditions?: WriteConditions): Promise<void>
  /** Dead properties, and the time of a file's content where the store keeps one. */
  changeProperties(path: StorePath, changes: readonly PropertyChange[], times?: FileTimes): Promise<void>
  quota(): Promise<StoreQuota>
  /** The resource behind a path, present or not. */
  locate(path: StorePath): Promise<ResourceKey>
  /**
   * Runs `work` between the changes of the store that holds a path, so that each is over or has not had its
   * last check; where there are no turns, at once. It must be short, and must not change the store.
   */
  inTurn?<T>(path: StorePath, work: () => Promise<T>): Promise<T>
  /**
   * A local folder on the file system of the destination, from which `write` adopts a `StagedFile` by
   * rename. Undefined where the bytes lie elsewhere.
   */
  stagingFolder(path: StorePath): Promise<string | undefined>
  /**
   * What came, changed and went below a folder since a token; undefined where nobody keeps a journal.
   * `ForbiddenError` (VALID_SYNC_TOKEN) when that can no longer be told: ask without a token then.
   */
  changes?(path: StorePath, query: ChangesQuery): Promise<ChangesPage | undefined>
  /** The token of a folder as it is now. */
  syncToken?(path: StorePath): Promise<string | undefined>
  /** One page of a folder from an index; undefined, or not there: sort what `list` gives (`pageOf`). */
  page?(path: StorePath, query: PageQuery): Promise<EntryPage | undefined>
}
