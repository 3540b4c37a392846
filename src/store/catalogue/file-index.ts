import type { Checksums, DeadProperty, EntryKind, PageQuery, PropertyChange, StorePath } from '../types.ts'

/** What the file system says about a file or folder; enough to notice that somebody else changed it. */
export interface DiskFacts {
  kind: EntryKind
  /** Content length; 0 for a folder. */
  sizeBytes: number
  mtimeMs: number
  /** Modification time in nanoseconds, in decimal. */
  diskMtimeNs: string
  inode: string
  /** When it was made on the disk, in nanoseconds, in decimal; empty where the file system does not tell. */
  diskBirthNs: string
}

/** One row of the index: what is known of a file or folder of a space. */
export interface FileRow extends DiskFacts {
  id: string
  /** Null for the root of the space. */
  parentId: string | null
  name: string
  /** When `diskMtimeNs` was last compared with the disk (folders). */
  diskSeenMs: number
  etag: string
  mediaType: string
  checksums: Checksums
  createdAtMs: number
}

/** The facts of a row that may change; identity and creation time never do. */
export type FileRowChange = Partial<Omit<FileRow, 'id' | 'createdAtMs' | 'kind'>>

/**
 * What a space knows of its files beyond what the disk tells: ids, etags, checksums, properties. A cache
 * of the disk that can be rebuilt, apart from ids and properties.
 */
export interface FileIndex {
  /** What changed since when. */
  readonly journal: Journal
  /** What the trees of what was deleted and overwritten need beside their rows. */
  readonly kept: KeptIndex
  /** Dead properties. */
  readonly properties: PropertyIndex
  /** What people look through. */
  readonly browse: BrowseIndex
  /** Runs `work` in one transaction in which nobody else changes this space. Database calls only. */
  change<T>(work: (index: FileIndex) => Promise<T>): Promise<T>
  /** The rows from the root down along a path, as far as they are known; one query. */
  chain(path: StorePath): Promise<FileRow[]>
  /** The row at a path, when it is known; a third of the time of `chain`, which GET needs not. */
  find(path: StorePath): Promise<FileRow | undefined>
  members(parentId: string): Promise<FileRow[]>
  /** Some of them, in an order of the database, beginning after a name. */
  membersAfter(parentId: string, name: string, limit: number): Promise<FileRow[]>
  /** Those members that are folders. */
  folders(parentId: string): Promise<FileRow[]>
  /** Those members of a folder that have one of these names. */
  named(parentId: string, names: readonly string[]): Promise<FileRow[]>
  /** The rows above an id and its own, the topmost first; also of what is in no tree any more. */
  chainOf(id: string): Promise<FileRow[]>
  /** The path of an id, or undefined when it is not in this space. */
  findPath(id: string): Promise<StorePath | undefined>
  /** Rows with one of these inodes. */
  listByInode(inodes: readonly string[]): Promise<FileRow[]>
  insert(rows: readonly FileRow[]): Promise<void>
  update(id: string, change: FileRowChange): Promise<void>
  /** Gives folders a new etag and adds to their sizes. */
  bump(ids: readonly string[], deltaBytes: number): Promise<void>
  /**
   * Takes an entry that is missed on the disk out of the tree, with all below it. It may have been moved by
   * somebody else and turn up again, so its ids and properties are kept for a day.
   */
  lose(id: string, nowMs: number): Promise<void>
  isLost(id: string): Promise<boolean>
  /** Forgets an entry and all below it. */
  removeTree(id: string): Promise<void>
}

/** Folders page by page, and names anywhere. */
export interface BrowseIndex {
  page(parentId: string, query: PageQuery): Promise<RowPage>
  search(query: SearchQuery): Promise<SearchResult>
}

export interface RowPage {
  rows: FileRow[]
  hasMore: boolean
  total?: number
}

/** Names with a part, whatever its case and accents, below a folder of this tree. */
export interface SearchQuery {
  folderId: string
  match: string
  limit: number
  /** Where the page before ended: the sorted form of a name, and an id. */
  after?: readonly [string, string]
  signal?: AbortSignal
}

export interface SearchedRow {
  row: FileRow
  path: StorePath
}

/** `next`: where to go on; perhaps with fewer than were asked for, because the search took long enough. */
export interface SearchResult {
  found: SearchedRow[]
  next?: readonly [string, string]
}

/** How far the journal of a space goes. */
export interface JournalState {
  /** The number of the newest change. */
  seq: number
  /** Removals up to this number are forgotten. */
  fromSeq: number
}

export interface ChangedRow {
  row: FileRow
  /** The change that last touched it or anything below it. */
  changedSeq: number
  /** The change that brought it to its present place. */
  placedSeq: number
}

/** A name that something left. */
export interface RemovedName {
  name: string
  seq: number
  /** The last change by which a folder left this name. */
  folderSeq: number | undefined
  /** What stands there now. */
  presentKind: EntryKind | undefined
}

/** The memory of a space's changes, for those who follow them. */
export interface Journal {
  /** How far it goes. */
  state(): Promise<JournalState>
  /** The members of a folder that changed, or whose own members did, at `fromSeq` or later. */
  changedMembers(parentId: string, fromSeq: number): Promise<ChangedRow[]>
  /** Names that something left after `sinceSeq`, with what stands there now. */
  removedNames(parentId: string, sinceSeq: number): Promise<RemovedName[]>
}

/** Where something in the trash came from, and when. */
export interface Origin {
  path: StorePath
  deletedAtMs: number
}

/** What is known of the deleted and the overwritten beyond their rows. */
export interface KeptIndex {
  /** Where the members of the trash came from, by file id. */
  origins(trashRootId: string): Promise<Map<string, Origin>>
  recordOrigin(id: string, origin: Origin): Promise<void>
  removeOrigin(id: string): Promise<void>
  /** Those of a tree's entries that have a folder of versions, by id. */
  listVersioned(versionsRootId: string, treeId: string): Promise<string[]>
  /** Ids of the files that have versions from before a moment. */
  listWithOldVersions(versionsRootId: string, beforeMs: number): Promise<string[]>
  /** Before a file is moved over another, so that a crash meanwhile can be mended. */
  recordHeir(heir: Heir): Promise<void>
  /** Moves that were begun and did not come to their end. */
  listHeirs(): Promise<Heir[]>
  removeHeir(fileId: string): Promise<void>
  /** Those of these ids that are files of this space, wherever they lie. */
  listPresent(ids: readonly string[]): Promise<string[]>
}

/** A file is being moved over another one, and will have its versions. */
export interface Heir {
  /** What is overwritten. */
  fileId: string
  /** What is moved. */
  heirId: string
}

/** Dead properties of a space's files. */
export interface PropertyIndex {
  /** Of one file. */
  list(id: string): Promise<DeadProperty[]>
  /** Of all members of a folder, by file id. */
  listOfMembers(parentId: string): Promise<Map<string, DeadProperty[]>>
  /** Of several files, by their ids. */
  listOf(ids: readonly string[]): Promise<Map<string, DeadProperty[]>>
  /** Sets and removes in the order given; `InsufficientStorageError` when one file would have too many. */
  change(id: string, changes: readonly PropertyChange[]): Promise<void>
  /** Replaces the properties of the second of each pair by those of the first. */
  copy(pairs: readonly (readonly [string, string])[]): Promise<void>
}
