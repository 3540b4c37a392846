import { type Db, inTransaction } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import { prefixBindings } from '../../platform/sql-prefix.ts'
import type { ResourceKey, StorePath } from '../types.ts'
import type { Lock } from './locks.ts'

interface Columns {
  token: string
  scope: string
  path: string
  mode: Lock['scope']
  depth: Lock['depth']
  owner_xml: string
  user_id: string
  timeout_seconds: number
  expires_at_ms: number
}

/** Values of one statement; engines take no more than some ten thousand. */
const MAX_MARKS = 500

/** Locks in SQL. A path is kept as `/a/b/`, so "all below" is a range of one column, on both engines. */
export class LocksRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** Runs `work` while no other process takes a lock in this scope. */
  inScope<T>(scope: string, work: (repo: LocksRepo) => Promise<T>): Promise<T> {
    return inTransaction(this.db, async (tx) => {
      // Writing the row makes the others wait, on either engine, whether it was there or not.
      await tx('lock_scopes').insert({ scope }).onConflict('scope').merge()
      return await work(new LocksRepo(tx))
    })
  }

  /** Locks alive now on the resource, on what is above it and, when asked, on what is below it. */
  async listAround(resource: ResourceKey, nowMs: number, withDescendants: boolean): Promise<Lock[]> {
    const { scope, path } = resource
    const places = [...path.map((_, depth) => toColumn(path.slice(0, depth))), toColumn(path)]
    const below = withDescendants ? prefixBindings(toColumn(path)) : []
    const sql = aroundSql(places.length, withDescendants)
    const found = await readRows<Columns>(this.db, sql, [scope, nowMs, ...places, ...below])
    return found.map(toLock).sort((a, b) => (a.token < b.token ? -1 : 1))
  }

  async find(token: string, nowMs: number): Promise<Lock | undefined> {
    const found = await this.db<Columns>('locks')
      .where('token', token)
      .andWhere('expires_at_ms', '>', nowMs)
      .first()
    return found === undefined ? undefined : toLock(found)
  }

  /** How many locks somebody holds in a scope. */
  async countOf(scope: string, userId: string, nowMs: number): Promise<number> {
    const sql = 'select count(*) as count from locks where scope = ? and user_id = ? and expires_at_ms > ?'
    const [found] = await readRows<{ count: number }>(this.db, sql, [scope, userId, nowMs])
    return Number(found?.count ?? 0)
  }

  async insert(lock: Lock): Promise<void> {
    await this.db('locks').insert({
      token: lock.token,
      scope: lock.resource.scope,
      path: toColumn(lock.resource.path),
      mode: lock.scope,
      depth: lock.depth,
      owner_xml: lock.ownerXml,
      user_id: lock.userId,
      timeout_seconds: lock.timeoutSeconds,
      expires_at_ms: lock.expiresAtMs,
    })
  }

  /** Only a lock that is alive: one that ran out may have been followed by another. */
  async extend(
    token: string,
    { timeoutSeconds, expiresAtMs, nowMs }: { timeoutSeconds: number; expiresAtMs: number; nowMs: number },
  ): Promise<void> {
    const change = { timeout_seconds: timeoutSeconds, expires_at_ms: expiresAtMs }
    await this.db('locks').where('token', token).andWhere('expires_at_ms', '>', nowMs).update(change)
  }

  async remove(tokens: readonly string[]): Promise<void> {
    for (let start = 0; start < tokens.length; start += MAX_MARKS) {
      const some = tokens.slice(start, start + MAX_MARKS)
      await this.db('locks').whereIn('token', some).delete()
    }
  }

  async removeExpired(scope: string, nowMs: number): Promise<void> {
    await this.db('locks').where('scope', scope).andWhere('expires_at_ms', '<=', nowMs).delete()
  }
}

/** Forgets all locks of holders who may come in no more; in a transaction with what keeps them out. */
export async function releaseLocksOf(db: Db, holders: readonly string[]): Promise<void> {
  await db('locks').whereIn('user_id', holders).delete()
}

const startsWith = 'substr(path, 1, ?) = ?'

/** The same text for the same depth, so that it is prepared once; sorted by us: SQLite's sorter costs 25 µs even for nothing. */
function aroundSql(places: number, withDescendants: boolean): string {
  const marks = Array.from({ length: places }, () => '?').join(', ')
  return `select * from locks where scope = ? and expires_at_ms > ?
    and (path in (${marks})${withDescendants ? ` or ${startsWith}` : ''})`
}

function toColumn(path: StorePath): string {
  return path.length === 0 ? '/' : `/${path.join('/')}/`
}

function toLock(found: Columns): Lock {
  return {
    token: found.token,
    resource: { scope: found.scope, path: found.path.split('/').filter((name) => name !== '') },
    scope: found.mode,
    depth: found.depth,
    ownerXml: found.owner_xml,
    userId: found.user_id,
    timeoutSeconds: found.timeout_seconds,
    expiresAtMs: found.expires_at_ms,
  }
}
