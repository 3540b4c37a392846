import { sha256Hex } from '../../platform/ids.ts'
import { toEntry } from '../entries.ts'
import type { ChangesPage, ChangesQuery, EntryKind } from '../types.ts'
import type { ChangedRow, FileIndex, FileRow, RemovedName } from './file-index.ts'
import { type Cursor, formatSyncToken, parseSyncToken, staleToken } from './sync-token.ts'

/** A folder on the way down: its id, the names that lead to it, and when the youngest move above it was. */
interface Place {
  id: string
  path: readonly string[]
  /** The last change that moved this folder or one above it, below the folder that was asked for. */
  movedSeq: number
}

/** A change in the order in which changes are told: by number, and by id among those of one number. */
interface Found extends Cursor {
  path: readonly string[]
  row?: FileRow
  goneKind?: EntryKind
}

interface Walk {
  index: FileIndex
  query: ChangesQuery
  /** Up to where the journal is told. */
  nowSeq: number
  /** What the asker knew before this series of pages; removals before are of no concern. */
  knownSeq: number
  after: Cursor
  found: Found[]
}

const FROM_THE_BEGINNING: Cursor = { seq: -1, id: '' }
/** Greater than every id: all of that number is known. */
const AFTER_ALL = '\uffff'

/**
 * What changed below a folder since a token. A folder's number is that of the youngest change below it, so
 * only folders in which something happened are read. What lies in a folder that was moved counts as new.
 */
export async function listChanges(
  index: FileIndex,
  folder: FileRow,
  query: ChangesQuery,
): Promise<ChangesPage> {
  const { seq: nowSeq, fromSeq } = await index.journal.state()
  const token = query.token === undefined ? undefined : parseSyncToken(query.token, folder.id)
  // Newer than we are: the database was put back to an older state.
  if (token !== undefined && (token.seq < fromSeq || token.seq > nowSeq)) throw staleToken()
  const walk: Walk = {
    index,
    query,
    nowSeq,
    knownSeq: token?.seq ?? nowSeq,
    after: token === undefined ? FROM_THE_BEGINNING : (token.cursor ?? { seq: token.seq, id: AFTER_ALL }),
    found: [],
  }
  await visitAll(walk, { id: folder.id, path: [], movedSeq: 0 })
  return await toPage(walk, folder.id)
}

async function visitAll(walk: Walk, top: Place): Promise<void> {
  const waiting = [top]
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const isMoved = place.movedSeq >= walk.after.seq
    const members = await walk.index.journal.changedMembers(place.id, isMoved ? 0 : walk.after.seq)
    for (const member of members) {
      add(walk, { ...toFound(member, place), row: member.row })
      if (member.row.kind === 'folder' && walk.query.depth === 'infinity') {
        const movedSeq = Math.max(place.movedSeq, member.placedSeq)
        waiting.push({ id: member.row.id, path: [...place.path, member.row.name], movedSeq })
      }
    }
    // The asker never knew what was in a folder that came here since.
    if (place.movedSeq <= walk.knownSeq) await addRemoved(walk, place)
    if (walk.found.length > 4 * walk.query.limit + 1_000) shorten(walk)
  }
}

function toFound({ row, changedSeq }: ChangedRow, { path, movedSeq }: Place): Found {
  return { seq: Math.max(changedSeq, movedSeq), id: row.id, path: [...path, row.name] }
}

async function addRemoved(walk: Walk, place: Place): Promise<void> {
  for (const removed of await walk.index.journal.removedNames(place.id, walk.knownSeq)) {
    if (removed.presentKind === undefined) {
      // Any fixed text will do for an id; this one has no characters that a token could not carry.
      const id = sha256Hex(`${place.id}/${removed.name}`).slice(0, 32)
      const goneKind = removed.folderSeq === removed.seq ? 'folder' : 'file'
      add(walk, { seq: removed.seq, id, path: [...place.path, removed.name], goneKind })
    } else if (walk.query.depth === 'infinity' && isAnotherFolder(removed, walk.knownSeq)) {
      // What the asker knows below the old folder and is not in the new one cannot be told by name.
      throw staleToken()
    }
  }
}

function isAnotherFolder({ folderSeq = 0, presentKind }: RemovedName, knownSeq: number): boolean {
  return presentKind === 'folder' && folderSeq > knownSeq
}

/** What happens while we walk belongs to the next answer; else something could fall between the two. */
function add(walk: Walk, found: Found): void {
  if (found.seq <= walk.nowSeq && compare(found, walk.after) > 0) walk.found.push(found)
}

function compare(a: Cursor, b: Cursor): number {
  return a.seq - b.seq || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

/** The earliest ones, and one more to know that there are more. */
function shorten(walk: Walk): void {
  walk.found.sort(compare)
  walk.found.length = Math.min(walk.found.length, walk.query.limit + 1)
}

async function toPage(walk: Walk, folderId: string): Promise<ChangesPage> {
  const { query, nowSeq, knownSeq } = walk
  shorten(walk)
  const isComplete = walk.found.length <= query.limit
  const told = walk.found.slice(0, query.limit)
  const last = told.at(-1) ?? walk.after
  const cursor = { seq: last.seq, id: last.id }
  const ids = told.flatMap(({ row }) => (row === undefined ? [] : [row.id]))
  const properties = query.withProperties ? await walk.index.properties.listOf(ids) : undefined
  return {
    changes: told.map(({ path, row, goneKind }) =>
      row === undefined
        ? { path, gone: goneKind ?? 'file' }
        : { path, entry: toEntry(row, properties && (properties.get(row.id) ?? [])) },
    ),
    isComplete,
    token: formatSyncToken(isComplete ? { folderId, seq: nowSeq } : { folderId, seq: knownSeq, cursor }),
  }
}
