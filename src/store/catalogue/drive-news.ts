import type { Db } from '../../platform/db.ts'
import type { EntryKind, StorePath } from '../types.ts'
import { type DriveIds, DriveNewsRepo, type LeftName, type NewsRow, type Stretch } from './drive-news-repo.ts'
import { lostParent } from './lost-repo.ts'

/** Something that happened in a drive, as far as its journal tells. */
export interface DriveEvent {
  kind: 'created' | 'changed' | 'moved' | 'deleted' | 'restored'
  id: string
  entryKind: EntryKind
  /** Where it is now, or was when it was deleted. */
  path: StorePath
  /** Of what was moved, where that is known. */
  from?: StorePath
  /** About when: the journal has no times. Undefined: nothing tells. */
  atMs?: number
  /** Of a folder that is new: how many new things are in it, at any depth. They are not told one by one. */
  inside: number
}

/** A stretch of the journal. `sinceMs`: about when it begins; what is younger is new and was not moved. */
export interface DriveNewsQuery extends Stretch {
  sinceMs: number
}

interface Place {
  id: string
  path: StorePath
  isInNew: boolean
}

/** What left a name, by id and by the place that was left. */
interface Left {
  byId: ReadonlyMap<string, readonly LeftName[]>
  /** Places that were taken over by something else, while what was there is gone. */
  replaced: ReadonlySet<string>
}

const placeKey = (parentId: string, name: string) => `${parentId}/${name}`

/**
 * What happened in a stretch of a drive's journal, read from the rows and the names that were left; nothing is
 * written. Only folders in which something happened are read, a page at a time. An entry is told once, whatever
 * happened to it in between; who did it, the journal does not know.
 */
export async function* listDriveNews(
  db: Db,
  drive: DriveIds,
  query: DriveNewsQuery,
): AsyncGenerator<DriveEvent> {
  const repo = new DriveNewsRepo(db, drive)
  const names = await repo.leftNames(query)
  const walk = new Walk(repo, drive, query, leftOf(names, drive))
  yield* walk.visit({ id: drive.rootId, path: [], isInNew: false })
  yield* walk.trashed()
  yield* walk.gone()
}

function leftOf(names: readonly LeftName[], drive: DriveIds): Left {
  const byId = new Map<string, LeftName[]>()
  const replaced = new Set<string>()
  for (const left of names) {
    if (left.file_id === null) continue
    byId.set(left.file_id, [...(byId.get(left.file_id) ?? []), left])
    const isReplaced = left.heir_id !== null && left.heir_id !== left.file_id
    if (isReplaced && isOut(left, drive)) replaced.add(placeKey(left.parent_id, left.name))
  }
  return { byId, replaced }
}

/** True for what is gone, was missed on the disk, or lies in the trash. */
function isOut({ now_parent_id: now }: LeftName, drive: DriveIds): boolean {
  return now === null || now === lostParent(drive.id) || now === drive.trashRootId
}

class Walk {
  private readonly repo: DriveNewsRepo
  private readonly drive: DriveIds
  private readonly query: DriveNewsQuery
  private readonly left: Left

  constructor(repo: DriveNewsRepo, drive: DriveIds, query: DriveNewsQuery, left: Left) {
    this.repo = repo
    this.drive = drive
    this.query = query
    this.left = left
  }

  /** Tells of what is below a folder; returns how many of it are new and were not told. */
  async *visit(place: Place): AsyncGenerator<DriveEvent, number> {
    let untold = 0
    for await (const rows of this.repo.members(place.id, this.query.fromSeq)) {
      for (const row of rows) {
        const event = await this.eventOf(row, place)
        const isNew = event?.kind === 'created'
        let inside = 0
        if (row.kind === 'folder') {
          const path = [...place.path, row.name]
          inside = yield* this.visit({ id: row.id, path, isInNew: isNew || place.isInNew })
        }
        if (isNew && place.isInNew) untold += inside + 1
        else if (event !== undefined) yield { ...event, inside: isNew ? inside : 0 }
        if (!isNew) untold += inside
      }
    }
    return untold
  }

  /** What is in the trash since. What was made since as well, nobody has seen. */
  async *trashed(): AsyncGenerator<DriveEvent> {
    for (const { id, kind, path, created_at_ms, deletedAtMs } of await this.repo.trashed(this.query)) {
      const [last] = this.left.byId.get(id)?.slice(-1) ?? []
      if (created_at_ms >= this.query.sinceMs || this.isReplaced(last)) continue
      yield { kind: 'deleted', id, entryKind: kind, path, atMs: deletedAtMs, inside: 0 }
    }
  }

  /** What is gone without a trash. */
  async *gone(): AsyncGenerator<DriveEvent> {
    for (const [id, lefts] of this.left.byId) {
      const last = lefts.at(-1)
      if (last === undefined || !isOut(last, this.drive) || last.now_parent_id === this.drive.trashRootId)
        continue
      if ((last.created_at_ms ?? 0) >= this.query.sinceMs || this.isReplaced(last)) continue
      const path = await this.placeOf(last)
      const entryKind = last.folder_seq === last.seq ? 'folder' : 'file'
      if (path !== undefined) yield { kind: 'deleted', id, entryKind, path, inside: 0 }
    }
  }

  private isReplaced(left: LeftName | undefined): boolean {
    return left !== undefined && this.left.replaced.has(placeKey(left.parent_id, left.name))
  }

  private async eventOf(row: NewsRow, place: Place): Promise<Omit<DriveEvent, 'inside'> | undefined> {
    const told = { id: row.id, entryKind: row.kind, path: [...place.path, row.name] }
    if (this.isIn(row.placed_seq)) {
      const lefts = this.left.byId.get(row.id) ?? []
      if (lefts.some((left) => left.parent_id === this.drive.trashRootId))
        return { ...told, kind: 'restored' }
      const [first] = lefts
      if (first !== undefined && row.created_at_ms < this.query.sinceMs) return await this.moved(told, first)
      const isHeir = row.kind === 'file' && this.left.replaced.has(placeKey(place.id, row.name))
      return { ...told, kind: isHeir ? 'changed' : 'created', atMs: row.created_at_ms }
    }
    if (row.kind === 'folder' || !this.isIn(row.changed_seq)) return undefined
    return { ...told, kind: 'changed', atMs: row.mtime_ms }
  }

  private async moved(told: Pick<DriveEvent, 'id' | 'entryKind' | 'path'>, first: LeftName) {
    const from = await this.placeOf(first)
    if (from?.join('/') === told.path.join('/')) return undefined
    return { ...told, kind: 'moved' as const, ...(from === undefined ? {} : { from }) }
  }

  /** The path of a name that was left, where its folder is in the drive still. */
  private async placeOf({ parent_id, name }: LeftName): Promise<StorePath | undefined> {
    const folder = await this.repo.pathOf(parent_id)
    return folder && [...folder, name]
  }

  private isIn(seq: number): boolean {
    return seq > this.query.fromSeq && seq <= this.query.toSeq
  }
}
