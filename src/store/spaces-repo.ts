import { type Db, inTransaction, isUniqueViolation } from '../platform/db.ts'
import { newId } from '../platform/ids.ts'
import { readRows } from '../platform/read-rows.ts'
import { newEtag } from './catalogue/files-repo.ts'
import { expireJournal } from './catalogue/journal-repo.ts'
import { forgetLost } from './catalogue/lost-repo.ts'
import { FOLDER_MEDIA_TYPE } from './entries.ts'

const DAY_MS = 24 * 3_600_000

/** One drive: whose it is, where its bytes lie, how much may be stored. */
export interface SpaceRow {
  id: string
  ownerUserId?: string
  /** Name of its folder below the folder of all spaces. */
  folder: string
  rootId: string
  /** Roots of the trees beside it. */
  trashRootId: string
  versionsRootId: string
  /** The space's own limit; undefined: that of the node. */
  quotaBytes?: number
}

interface Columns {
  id: string
  owner_user_id: string | null
  folder: string
  root_id: string
  trash_root_id: string
  versions_root_id: string
  quota_bytes: number | null
  created_at_ms: number
}

/** The spaces of the node in SQL. */
export class SpacesRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  async find(id: string): Promise<SpaceRow | undefined> {
    return toSpace(await this.db<Columns>('spaces').where('id', id).first())
  }

  async findOfOwner(userId: string): Promise<SpaceRow | undefined> {
    return toSpace(await this.db<Columns>('spaces').where('owner_user_id', userId).first())
  }

  /** The space that holds the file or folder with this id. */
  async findOfFile(fileId: string): Promise<SpaceRow | undefined> {
    const sql = 'select * from spaces where id = (select space_id from files where id = ?)'
    const [found] = await readRows<Columns>(this.db, sql, [fileId])
    return toSpace(found)
  }

  async listAll(): Promise<SpaceRow[]> {
    const found = await this.db<Columns>('spaces').orderBy('id')
    return found.map((row) => toSpace(row) as SpaceRow)
  }

  /** Forgets what was removed, or missed on the disk, so long ago that nobody needs to be told any more. */
  async expireJournal(spaceId: string, nowMs: number): Promise<void> {
    await expireJournal(this.db, spaceId, nowMs)
    await forgetLost(this.db, spaceId, nowMs - DAY_MS)
  }

  /** Makes the space of a user with an empty root; the one that is there when another was faster. */
  async createForOwner(userId: string, nowMs: number): Promise<SpaceRow> {
    const space = { id: newId(), rootId: newId(), trashRootId: newId(), versionsRootId: newId() }
    try {
      await inTransaction(this.db, (tx) => insertSpace(tx, { ...space, userId, nowMs }))
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
    }
    const made = await this.findOfOwner(userId)
    if (made === undefined) throw new Error('the space that was just made is not there')
    return made
  }
}

interface NewSpace {
  id: string
  rootId: string
  trashRootId: string
  versionsRootId: string
  userId: string
  nowMs: number
}

async function insertSpace(tx: Db, space: NewSpace): Promise<void> {
  const { id, rootId, trashRootId, versionsRootId, userId, nowMs } = space
  await tx('spaces').insert({
    id,
    owner_user_id: userId,
    folder: id,
    root_id: rootId,
    trash_root_id: trashRootId,
    versions_root_id: versionsRootId,
    created_at_ms: nowMs,
  })
  await tx('files').insert([rootId, trashRootId, versionsRootId].map((root) => rootRow(root, id, nowMs)))
}

function rootRow(id: string, spaceId: string, nowMs: number) {
  return {
    id,
    space_id: spaceId,
    parent_id: null,
    name: '',
    kind: 'folder',
    size_bytes: 0,
    mtime_ms: nowMs,
    disk_mtime_ns: '',
    disk_seen_ms: 0,
    inode: '',
    etag: newEtag(),
    media_type: FOLDER_MEDIA_TYPE,
    created_at_ms: nowMs,
  }
}

function toSpace(found: Columns | undefined): SpaceRow | undefined {
  if (found === undefined) return undefined
  return {
    id: found.id,
    folder: found.folder,
    rootId: found.root_id,
    trashRootId: found.trash_root_id,
    versionsRootId: found.versions_root_id,
    ...(found.owner_user_id !== null && { ownerUserId: found.owner_user_id }),
    ...(found.quota_bytes !== null && { quotaBytes: found.quota_bytes }),
  }
}
