import type { Db } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'

export interface DriveUse {
  spaceId: string
  userId: string
  usedBytes: number
  limitBytes: number
}

interface Row {
  id: string
  user_id: string
  used: number | string
  max_bytes: number | string
}

/** Drives of which at least a part (in percent) is used, trash and versions included; all of them in one query. */
export async function listFullDrives(
  db: Db,
  percent: number,
  quotaBytes: number | undefined,
): Promise<DriveUse[]> {
  const sql = `select * from (
      select s.id, u.id as user_id, coalesce(s.quota_bytes, u.quota_bytes, cast(? as bigint)) as max_bytes,
        (select sum(f.size_bytes) from files f where f.id in (s.root_id, s.trash_root_id, s.versions_root_id))
          as used
      from spaces s join users u on u.id = s.owner_user_id
    ) drives where max_bytes > 0 and used * 100.0 >= max_bytes * cast(? as bigint)`
  const rows = await readRows<Row>(db, sql, [quotaBytes ?? null, percent])
  return rows.map(({ id, user_id, used, max_bytes }) => ({
    ...{ spaceId: id, userId: user_id },
    ...{ usedBytes: Number(used), limitBytes: Number(max_bytes) },
  }))
}
