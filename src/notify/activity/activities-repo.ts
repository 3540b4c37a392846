import { type Db, inTransaction } from '../../platform/db.ts'
import { newSecret } from '../../platform/ids.ts'
import { prefixBindings } from '../../platform/sql-prefix.ts'
import type {
  Activity,
  ActivityFacts,
  ActivityKind,
  ActivityQuery,
  ActivitySubjectType,
  NewActivity,
} from './types.ts'

interface Row {
  id: string
  user_id: string
  at_ms: number
  kind: ActivityKind
  actor_name: string
  actor_address: string | null
  subject_type: ActivitySubjectType
  subject_id: string | null
  subject_name: string
  path: string | null
  facts: string
  once_key: string | null
}

/** An activity whose time and actor are known. */
export type DatedActivity = NewActivity & { atMs: number; actor: { name: string; address?: string } }

const BATCH = 40

/** The table `activities`. */
export class ActivitiesRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** What was written once already is passed over. How many were new. */
  async insert(activities: readonly DatedActivity[]): Promise<number> {
    let count = 0
    await inTransaction(this.db, async (tx) => {
      for (let start = 0; start < activities.length; start += BATCH) {
        const rows = activities.slice(start, start + BATCH).map(toRow)
        const added = await tx('activities')
          .insert(rows)
          .onConflict(['user_id', 'once_key'])
          .ignore()
          .returning('id')
        count += added.length
      }
    })
    return count
  }

  /** Newest first. */
  async list(userId: string, { limit, before, path }: ActivityQuery): Promise<Activity[]> {
    const query = this.db<Row>('activities').where('user_id', userId)
    if (before !== undefined) query.andWhere('id', '<', before)
    if (path !== undefined && path !== '/') {
      // A range instead of LIKE: no name can have a meaning in it. Where a database sorts by language, it is
      // compared by length, too.
      query.andWhere((at) =>
        at.where('path', path).orWhereRaw('substr(path, 1, ?) = ?', prefixBindings(`${path}/`)),
      )
    }
    return (await query.orderBy('id', 'desc').limit(limit)).map(toActivity)
  }

  /** Forgets what happened before; at most `limit` rows of it. How many. */
  async removeBefore(atMs: number, limit: number): Promise<number> {
    const old = this.db('activities').select('id').where('at_ms', '<', atMs).limit(limit)
    return await this.db('activities')
      .whereIn('id', old as never)
      .delete()
  }
}

/** Nine digits last until the year 5188; lower-case letters and digits sort the same everywhere. */
export function activityId(atMs: number): string {
  return atMs.toString(36).padStart(9, '0') + Buffer.from(newSecret(6), 'base64url').toString('hex')
}

function toRow({ userId, atMs, kind, actor, subject, facts = {}, onceKey }: DatedActivity): Row {
  return {
    id: activityId(atMs),
    user_id: userId,
    at_ms: atMs,
    kind,
    actor_name: actor.name,
    actor_address: actor.address ?? null,
    subject_type: subject.type,
    subject_id: subject.id ?? null,
    subject_name: subject.name,
    path: subject.path ?? null,
    facts: JSON.stringify(facts),
    once_key: onceKey ?? null,
  }
}

function toActivity(row: Row): Activity {
  return {
    id: row.id,
    userId: row.user_id,
    atMs: Number(row.at_ms),
    kind: row.kind,
    actor: { name: row.actor_name, ...(row.actor_address === null ? {} : { address: row.actor_address }) },
    subject: {
      type: row.subject_type,
      name: row.subject_name,
      ...(row.subject_id === null ? {} : { id: row.subject_id }),
      ...(row.path === null ? {} : { path: row.path }),
    },
    facts: JSON.parse(row.facts) as ActivityFacts,
  }
}
