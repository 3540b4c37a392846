import type { Db } from '../../platform/db.ts'

/** A drive whose journal is further than the log of what happened in it. */
export interface BehindDrive {
  spaceId: string
  ownerUserId: string
  createdAtMs: number
  /** How far its journal is. */
  nowSeq: number
  /** How far it was read, and about when that was; undefined: never yet. */
  mark?: { seq: number; atMs: number }
}

interface Row {
  id: string
  owner_user_id: string
  created_at_ms: number
  change_seq: number
  seq: number | null
  at_ms: number | null
}

/** The table `activity_marks`: how far the journal of each drive was read for the activity log. */
export class MarksRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** Those that were not read for longest first. */
  async listBehind(limit: number, userId?: string): Promise<BehindDrive[]> {
    const query = this.db<Row>('spaces as s')
      .leftJoin('activity_marks as m', 'm.space_id', 's.id')
      // Whoever is no longer here is told nothing.
      .join('users as u', 'u.id', 's.owner_user_id')
      .where((drive) => drive.whereNull('m.seq').orWhereRaw('m.seq < s.change_seq'))
      .select('s.id', 's.owner_user_id', 's.created_at_ms', 's.change_seq', 'm.seq', 'm.at_ms')
      .orderByRaw('coalesce(m.at_ms, 0)')
      .limit(limit)
    if (userId !== undefined) query.andWhere('s.owner_user_id', userId)
    return ((await query) as Row[]).map(toDrive)
  }

  /** The first mark of a drive; of several who make it, one does. */
  async begin(spaceId: string, mark: { seq: number; atMs: number }): Promise<void> {
    const row = { space_id: spaceId, seq: mark.seq, at_ms: mark.atMs }
    await this.db('activity_marks').insert(row).onConflict('space_id').ignore()
  }

  /** False when another worker was there first. */
  async advance(spaceId: string, fromSeq: number, mark: { seq: number; atMs: number }): Promise<boolean> {
    const moved = this.db('activity_marks').where({ space_id: spaceId, seq: fromSeq })
    return (await moved.update({ seq: mark.seq, at_ms: mark.atMs })) === 1
  }
}

function toDrive(row: Row): BehindDrive {
  return {
    spaceId: row.id,
    ownerUserId: row.owner_user_id,
    createdAtMs: row.created_at_ms,
    nowSeq: row.change_seq,
    ...(row.seq === null ? {} : { mark: { seq: row.seq, atMs: row.at_ms ?? 0 } }),
  }
}
