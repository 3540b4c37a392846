import type { Db } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'
import { LIVE_STATES } from './share-states.ts'

interface Row {
  file_id: string
  people: number
  links: number
}

/** How often each of these entries is shared by a user now, with people and groups, and by links. */
export async function countGiven(
  db: Db,
  { userId, fileIds, nowMs }: { userId: string; fileIds: readonly string[]; nowMs: number },
): Promise<{ fileId: string; people: number; links: number }[]> {
  if (fileIds.length === 0) return []
  const marks = (values: readonly unknown[]) => values.map(() => '?').join(', ')
  const sql = `select file_id, sum(case when recipient_type = 'link' then 0 else 1 end) as people,
    sum(case when recipient_type = 'link' then 1 else 0 end) as links
    from shares where owner_user_id = ? and file_id in (${marks(fileIds)})
    and state in (${marks(LIVE_STATES)}) and (expires_at_ms is null or expires_at_ms > ?) group by file_id`
  const rows = await readRows<Row>(db, sql, [userId, ...fileIds, ...LIVE_STATES, nowMs])
  return rows.map((row) => ({
    fileId: row.file_id,
    people: Number(row.people),
    links: Number(row.links),
  }))
}
