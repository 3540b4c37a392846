import { type Db, inTransaction } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { EntryKind } from '../types.ts'
import { type FileColumns, toRow } from './file-columns.ts'
import type { ChangedRow, Journal, JournalState, RemovedName } from './file-index.ts'

/** Takes the row of the space, so that one change follows the other, and the next number. */
export async function nextSeq(tx: Db, spaceId: string): Promise<number> {
  const sql = 'update spaces set change_seq = change_seq + 1 where id = ? returning change_seq as seq'
  const [found] = await readRows<{ seq: number }>(tx, sql, [spaceId])
  return found?.seq ?? 0
}

/**
 * Remembers that a file or folder leaves its name; call it before. `place`: where it goes, and nothing
 * happens when it stays. What lies below a folder goes with it and needs no memory of its own.
 */
export async function recordRemoved(
  tx: Db,
  fileId: string,
  seq: number,
  place?: { parentId?: string | null; name?: string },
): Promise<void> {
  const differs: string[] = []
  const values: string[] = []
  for (const [column, value] of [
    ['parent_id', place?.parentId],
    ['name', place?.name],
  ] as const) {
    if (typeof value !== 'string') continue
    differs.push(`${column} <> ?`)
    values.push(value)
  }
  const isElsewhere = differs.length === 0 ? '' : `and (${differs.join(' or ')})`
  await tx.raw(
    `insert into removed_names (parent_id, name, space_id, file_id, seq, folder_seq)
    select parent_id, name, space_id, id, cast(? as bigint), case when kind = 'folder' then cast(? as bigint) end
    from files where id = ? and parent_id is not null ${isElsewhere}
    on conflict (parent_id, name) do update set seq = excluded.seq, file_id = excluded.file_id,
      folder_seq = coalesce(excluded.folder_seq, removed_names.folder_seq)`,
    [seq, seq, fileId, ...values],
  )
}

/** What changed in a space since when, in SQL. */
export class JournalRepo implements Journal {
  private readonly db: Db
  private readonly spaceId: string

  constructor(db: Db, spaceId: string) {
    this.db = db
    this.spaceId = spaceId
  }

  async state(): Promise<JournalState> {
    const sql = 'select change_seq as seq, journal_from_seq as from_seq from spaces where id = ?'
    const [found] = await readRows<{ seq: number; from_seq: number }>(this.db, sql, [this.spaceId])
    return { seq: found?.seq ?? 0, fromSeq: found?.from_seq ?? 0 }
  }

  async changedMembers(parentId: string, fromSeq: number): Promise<ChangedRow[]> {
    const sql = 'select * from files where parent_id = ? and changed_seq >= ?'
    const found = await readRows<FileColumns>(this.db, sql, [parentId, fromSeq])
    return found.map((one) => ({ row: toRow(one), changedSeq: one.changed_seq, placedSeq: one.placed_seq }))
  }

  async removedNames(parentId: string, sinceSeq: number): Promise<RemovedName[]> {
    const sql = `select r.name, r.seq, r.folder_seq, f.kind from removed_names r
      left join files f on f.parent_id = r.parent_id and f.name = r.name
      where r.parent_id = ? and r.seq > ?`
    const found = await readRows<RemovedColumns>(this.db, sql, [parentId, sinceSeq])
    return found.map(({ name, seq, folder_seq, kind }) => ({
      name,
      seq,
      folderSeq: folder_seq ?? undefined,
      presentKind: kind ?? undefined,
    }))
  }
}

interface RemovedColumns {
  name: string
  seq: number
  folder_seq: number | null
  kind: EntryKind | null
}

const DAY_MS = 24 * 3_600_000
/** How long removals are remembered. */
const KEPT_MS = 30 * DAY_MS

/**
 * Forgets old removals. Once a day it notes how far the journal is, so that no change has to carry a
 * time; the newest note that is old enough tells what may go.
 */
export async function expireJournal(db: Db, spaceId: string, nowMs: number): Promise<void> {
  await inTransaction(db, async (tx) => {
    const { seq } = await new JournalRepo(tx, spaceId).state()
    const marks = await tx('journal_marks').where('space_id', spaceId).orderBy('at_ms', 'desc')
    const [newest] = marks
    if (newest === undefined || (newest.at_ms <= nowMs - DAY_MS && newest.seq < seq)) {
      await tx('journal_marks').insert({ space_id: spaceId, seq, at_ms: nowMs })
    }
    const old = marks.find((mark) => mark.at_ms <= nowMs - KEPT_MS)
    if (old === undefined) return
    await tx('removed_names').where('space_id', spaceId).andWhere('seq', '<=', old.seq).delete()
    await tx('spaces').where('id', spaceId).update({ journal_from_seq: old.seq })
    await tx('journal_marks').where('space_id', spaceId).andWhere('at_ms', '<', old.at_ms).delete()
  })
}
