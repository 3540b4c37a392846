import type { Db } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'

/** Where rows hang whose files were missed on the disk; no row has this id. */
export function lostParent(spaceId: string): string {
  return `lost:${spaceId}`
}

/** True for what was missed, and for what was in a folder that was. */
export async function isLost(db: Db, spaceId: string, id: string): Promise<boolean> {
  const sql = `with recursive up as (
    select id, parent_id from files where id = ? and space_id = ?
    union all
    select f.id, f.parent_id from up u join files f on f.id = u.parent_id
  ) select 1 as one from up where parent_id = ?`
  return (await readRows(db, sql, [id, spaceId, lostParent(spaceId)])).length > 0
}

/** Forgets what was missed before a moment, with all below it. */
export async function forgetLost(db: Db, spaceId: string, beforeMs: number): Promise<void> {
  const sql = `with recursive tree(id) as (
    select id from files where parent_id = ? and disk_seen_ms < ?
    union all
    select f.id from tree t join files f on f.parent_id = t.id
  ) delete from files where id in (select id from tree)`
  await db.raw(sql, [lostParent(spaceId), beforeMs])
}
