import { join } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { NotFoundError } from '../platform/errors.ts'
import type { Gates } from '../platform/gates.ts'
import { type DriveEvent, type DriveNewsQuery, listDriveNews } from './catalogue/drive-news.ts'
import type { SearchQuery } from './catalogue/file-index.ts'
import { HashThreads } from './hashing/hash-threads.ts'
import type { Trash } from './kept/trash.ts'
import type { Versions } from './kept/versions.ts'
import { QuotaStore } from './layers/quota-store.ts'
import type { CheckOptions, IndexDifference } from './local/check-index.ts'
import { HotFiles } from './local/hot-files.ts'
import type { FoundEntries } from './local/local-store.ts'
import { type OpenSpace, openSpace } from './local/open-space.ts'
import type { RebuildReport } from './local/rebuild-index.ts'
import { SmallWriter } from './local/small-writer.ts'
import type { FsyncPolicy } from './local/staging.ts'
import { type SpaceRow, SpacesRepo } from './spaces-repo.ts'
import type { ChecksumType, FileStore, StorePath } from './types.ts'

/** The part of the node's configuration that spaces need; `folder` resolved to an absolute path. */
export interface SpacesConfig {
  folder: string
  fsync: FsyncPolicy
  /** Checksums that are computed beside SHA-256 and Adler-32. */
  moreChecksums?: readonly ChecksumType[] | undefined
  quotaBytes?: number | undefined
  /** How long what was deleted can be restored; 0 or undefined: it is gone at once. */
  trashDays?: number | undefined
  /** How long what was overwritten can be restored; 0 or undefined: it is gone at once. */
  versionDays?: number | undefined
  /** How often the drive is looked through for changes of others, at most; 0 or undefined: never as a whole. */
  watchSeconds?: number | undefined
}

export interface SpacesOptions {
  db: Db
  config: SpacesConfig
  clock: Clock
  /** The user's own limit, when the accounts know one; it goes before that of the node. */
  quotaOf?: (userId: string) => Promise<number | undefined>
  /** Of a node that is several processes. */
  gates?: Gates | undefined
  /** Something in the drive of a user changed; called for every change, so it must be quick. */
  onChanged?: (userId: string) => void
  /** The upkeep of a drive failed, such as one whose disk is not mounted; that of the others goes on. */
  onFailure?: (error: unknown, spaceId: string) => void
}

/** Where a file of the node is now. */
export interface FilePlace {
  spaceId: string
  ownerUserId?: string
  path: StorePath
}

/** All drives of the node that lie on its own disks. */
export interface Spaces {
  /** The drive of a user, made on first use. Quota is observed; rights and locks are for the caller to add. */
  spaceOf(userId: string): Promise<FileStore>
  /** The drive with this id (the scope of its `ResourceKey`s); throws `NotFoundError`. */
  getSpace(spaceId: string): Promise<FileStore>
  /** What a user deleted. */
  trashOf(userId: string): Promise<Trash>
  /** What a user's files contained before. */
  versionsOf(userId: string): Promise<Versions>
  /** Removes what was promised to be kept no longer; returns how many. */
  expire(signal?: AbortSignal): Promise<number>
  /** Where the file or folder with this id is now, whatever it was renamed to; undefined when it is gone. */
  findFile(fileId: string): Promise<FilePlace | undefined>
  /**
   * Files and folders below a folder of a user's own drive whose names have a part, as the index knows them,
   * ordered by name. Throws `NotFoundError`.
   */
  search(userId: string, folder: StorePath, query: Omit<SearchQuery, 'folderId'>): Promise<FoundEntries>
  /** The path of an id in the drive that holds it; undefined when it is gone. */
  pathOfId(fileId: string): Promise<StorePath | undefined>
  /** What happened in a drive between two numbers of its journal, in words for people; nothing for an unknown one. */
  news(spaceId: string, query: DriveNewsQuery): AsyncIterable<DriveEvent>
  /** Walks the disk of a space and brings its index up to date. */
  rebuildIndex(spaceId: string): Promise<RebuildReport>
  /** Where the index of a space and its disk disagree; changes neither. */
  checkIndex(spaceId: string, options?: CheckOptions): AsyncIterable<IndexDifference>
  /** Removes leftovers of dead processes from all staging folders; returns how many. Call it at start. */
  sweep(): Promise<number>
  /** Resolves when running changes are done. */
  close(): Promise<void>
}

export function createSpaces(options: SpacesOptions): Spaces {
  const spaces = new OpenSpaces(options)
  return {
    spaceOf: async (userId) => (await spaces.ofOwner(userId)).drive,
    trashOf: async (userId) => (await spaces.ofOwner(userId)).trash,
    versionsOf: async (userId) => (await spaces.ofOwner(userId)).versions,
    expire: (signal) => spaces.expire(signal),
    getSpace: async (spaceId) => (await spaces.byId(spaceId)).drive,
    findFile: (fileId) => spaces.findFile(fileId),
    search: async (userId, folder, query) => await (await spaces.ofOwner(userId)).local.search(folder, query),
    pathOfId: async (fileId) => (await spaces.findFile(fileId))?.path,
    news: (spaceId, query) => spaces.news(spaceId, query),
    rebuildIndex: async (spaceId) => await (await spaces.byId(spaceId)).local.rebuildIndex(),
    async *checkIndex(spaceId, options) {
      yield* (await spaces.byId(spaceId)).local.checkIndex(options)
    },
    sweep: () => spaces.sweep(),
    close: () => spaces.idle(),
  }
}

interface OpenDrive extends OpenSpace {
  drive: FileStore
}

const DAY_MS = 24 * 3_600_000

/** Keeps one store for each space: the queue that orders its changes lives in it. */
class OpenSpaces {
  private readonly options: SpacesOptions
  private readonly repo: SpacesRepo
  private readonly open = new Map<string, Promise<OpenDrive>>()
  private readonly spaceIds = new Map<string, string>()
  private readonly hot = new HotFiles()
  private readonly hashThreads = new HashThreads()
  private readonly smallWriter = SmallWriter.forThisMachine()

  constructor(options: SpacesOptions) {
    this.options = options
    this.repo = new SpacesRepo(options.db)
  }

  async ofOwner(userId: string): Promise<OpenDrive> {
    const known = this.open.get(this.spaceIds.get(userId) ?? '')
    if (known !== undefined) return await known
    const found = await this.repo.findOfOwner(userId)
    const space = found ?? (await this.repo.createForOwner(userId, this.options.clock.nowMs()))
    this.spaceIds.set(userId, space.id)
    return await this.opened(space)
  }

  async byId(spaceId: string): Promise<OpenDrive> {
    const known = this.open.get(spaceId)
    if (known !== undefined) return await known
    const space = await this.repo.find(spaceId)
    if (space === undefined) throw new NotFoundError('There is no drive with this id.')
    return await this.opened(space)
  }

  async findFile(fileId: string): Promise<FilePlace | undefined> {
    const space = await this.repo.findOfFile(fileId)
    if (space === undefined) return undefined
    const path = await (await this.opened(space)).local.findPathOfId(fileId)
    if (path === undefined) return undefined
    const { id: spaceId, ownerUserId } = space
    return ownerUserId === undefined ? { spaceId, path } : { spaceId, ownerUserId, path }
  }

  async *news(spaceId: string, query: DriveNewsQuery): AsyncIterable<DriveEvent> {
    const space = await this.repo.find(spaceId)
    if (space !== undefined) yield* listDriveNews(this.options.db, space, query)
  }

  async sweep(): Promise<number> {
    return await this.ofEach(async (row) => (await this.opened(row)).local.sweep())
  }

  async expire(signal?: AbortSignal): Promise<number> {
    const { trashDays = 0, versionDays = 0 } = this.options.config
    const nowMs = this.options.clock.nowMs()
    return await this.ofEach(async (row) => {
      const { trash, versions } = await this.opened(row)
      await this.repo.expireJournal(row.id, nowMs)
      const deleted = await trash.expire(nowMs - trashDays * DAY_MS)
      return deleted + (await versions.expire(nowMs - versionDays * DAY_MS))
    }, signal)
  }

  /** The sum of what was done for each drive; one that fails does not keep the others from it. */
  private async ofEach(work: (row: SpaceRow) => Promise<number>, signal?: AbortSignal): Promise<number> {
    let sum = 0
    for (const row of await this.repo.listAll()) {
      if (signal?.aborted === true) break
      sum += await work(row).catch((error: unknown) => {
        this.options.onFailure?.(error, row.id)
        return 0
      })
    }
    return sum
  }

  async idle(): Promise<void> {
    await Promise.all([...this.open.values()].map(async (space) => await (await space).local.idle()))
    await Promise.all([this.hashThreads.close(), this.smallWriter?.close()])
  }

  private opened(space: SpaceRow): Promise<OpenDrive> {
    const known = this.open.get(space.id)
    if (known !== undefined) return known
    const opening = this.openDrive(space)
    this.open.set(space.id, opening)
    opening.catch(() => this.open.delete(space.id)) // the next one tries again
    return opening
  }

  private async openDrive(space: SpaceRow): Promise<OpenDrive> {
    const { db, clock, config, quotaOf, gates } = this.options
    const keepsOverwritten = (config.versionDays ?? 0) > 0
    const opened = await openSpace({
      db,
      clock,
      space,
      folder: join(config.folder, space.folder),
      fsync: config.fsync,
      moreChecksums: config.moreChecksums,
      keepsDeleted: (config.trashDays ?? 0) > 0,
      keepsOverwritten,
      watchMs: (config.watchSeconds ?? 0) * 1_000,
      gate: gates?.gateOf(`space ${space.id}`),
      hot: this.hot,
      onChanged: () => space.ownerUserId !== undefined && this.options.onChanged?.(space.ownerUserId),
      hashThreads: this.hashThreads,
      smallWriter: this.smallWriter,
    })
    const limitBytes = async () => {
      const ofUser = space.ownerUserId === undefined ? undefined : await quotaOf?.(space.ownerUserId)
      return space.quotaBytes ?? ofUser ?? config.quotaBytes
    }
    const drive = new QuotaStore(opened.local, limitBytes, { overwritingFrees: !keepsOverwritten })
    return { ...opened, drive }
  }
}
