import type { Db } from '../../platform/db.ts'
import type { NoticeKind } from '../notifications/types.ts'

/** Something that lasts, and whether it was told. */
export interface WatchState {
  subjectId: string
  sinceMs: number
  /** When it was last seen, and how often. */
  lastMs: number
  times: number
  isTold: boolean
}

interface Row {
  kind: NoticeKind
  subject_id: string
  since_ms: number
  last_ms: number
  times: number
  told_at_ms: number | null
}

/** The table `watch_states`. */
export class WatchStatesRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** All of a kind, by what they are about. */
  async list(kind: NoticeKind): Promise<Map<string, WatchState>> {
    const rows = await this.db<Row>('watch_states').where('kind', kind)
    return new Map(rows.map((row) => [row.subject_id, toState(row)]))
  }

  /** Leaves what is told as it is. */
  async save(kind: NoticeKind, { subjectId, sinceMs, lastMs, times }: WatchState): Promise<void> {
    const columns = { since_ms: sinceMs, last_ms: lastMs, times }
    await this.db('watch_states')
      .insert({ kind, subject_id: subjectId, told_at_ms: null, ...columns })
      .onConflict(['kind', 'subject_id'])
      .merge(columns)
  }

  async setTold(kind: NoticeKind, subjectId: string, nowMs: number): Promise<void> {
    await this.db<Row>('watch_states').where({ kind, subject_id: subjectId }).update({ told_at_ms: nowMs })
  }

  async remove(kind: NoticeKind, subjectId: string): Promise<void> {
    await this.db<Row>('watch_states').where({ kind, subject_id: subjectId }).delete()
  }
}

function toState(row: Row): WatchState {
  return {
    subjectId: row.subject_id,
    sinceMs: row.since_ms,
    lastMs: row.last_ms,
    times: row.times,
    isTold: row.told_at_ms !== null,
  }
}
