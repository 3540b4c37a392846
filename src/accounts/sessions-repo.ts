import type { Db } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'
import type { Session, SessionUser } from './session-types.ts'

interface SessionRow {
  id: string
  secret_hash: string
  user_id: string
  via: Session['via']
  proven_at_ms: number | string
  created_at_ms: number | string
  last_seen_at_ms: number | string
  expires_at_ms: number | string
  client: string
  address: string
  provider_hint: string | null
}

type JoinedRow = Omit<SessionRow, 'secret_hash' | 'provider_hint'> & { name: string; is_admin: number }

/** Without the sealed words of the provider, which are long and wanted only at the end. */
const COLUMNS =
  's.id, s.user_id, s.via, s.proven_at_ms, s.created_at_ms, s.last_seen_at_ms, s.expires_at_ms, s.client, s.address'

const FIND = `select ${COLUMNS}, u.name, u.is_admin from sessions s
  join users u on u.id = s.user_id where s.secret_hash = ? and u.locked_at_ms is null`

/** The table `sessions`. Secrets are long and random, so a plain SHA-256 of them is stored. */
export class SessionsRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  async insert(session: Session, secretHash: string, providerHint?: string): Promise<void> {
    await this.db<SessionRow>('sessions').insert({
      id: session.id,
      secret_hash: secretHash,
      user_id: session.userId,
      via: session.via,
      proven_at_ms: session.provenAtMs,
      created_at_ms: session.createdAtMs,
      last_seen_at_ms: session.lastSeenAtMs,
      expires_at_ms: session.expiresAtMs,
      client: session.client,
      address: session.address,
      provider_hint: providerHint ?? null,
    })
  }

  /** The session and whose it is, by one query; also one that is over. */
  async findBySecretHash(secretHash: string): Promise<SessionUser | undefined> {
    const [row] = await readRows<JoinedRow>(this.db, FIND, [secretHash])
    return row && { session: toSession(row), userName: row.name, isAdmin: row.is_admin === 1 }
  }

  async has(userId: string, id: string): Promise<boolean> {
    const sql = 'select 1 as one from sessions where user_id = ? and id = ?'
    return (await readRows(this.db, sql, [userId, id])).length > 0
  }

  /** Those that are not over, the last used first. */
  async listOf(userId: string, nowMs: number): Promise<Session[]> {
    const sql = `select ${COLUMNS} from sessions s where s.user_id = ? and s.expires_at_ms > ?
      order by s.last_seen_at_ms desc, s.id`
    return (await readRows<SessionRow>(this.db, sql, [userId, nowMs])).map(toSession)
  }

  async touch(id: string, times: { lastSeenAtMs: number; expiresAtMs: number }): Promise<void> {
    await this.db<SessionRow>('sessions')
      .where({ id })
      .update({ last_seen_at_ms: times.lastSeenAtMs, expires_at_ms: times.expiresAtMs })
  }

  async findProviderHint(id: string): Promise<string | undefined> {
    const [row] = await readRows<{ provider_hint: string | null }>(
      this.db,
      'select provider_hint from sessions where id = ?',
      [id],
    )
    return row?.provider_hint ?? undefined
  }

  /** True when there was one to remove. */
  async remove(userId: string, id: string): Promise<boolean> {
    return (await this.db<SessionRow>('sessions').where({ user_id: userId, id }).delete()) > 0
  }

  async removeExpired(nowMs: number): Promise<void> {
    await this.db<SessionRow>('sessions').where('expires_at_ms', '<=', nowMs).delete()
  }
}

/**
 * Ends all sessions of a user, or all but one, and what they granted to programs that have yet to fetch it: who
 * was tricked into that and signs out everywhere is safe. In a transaction that holds the user.
 */
export async function removeSessionsOf(db: Db, userId: string, exceptId?: string): Promise<void> {
  const rows = db<SessionRow>('sessions').where({ user_id: userId })
  await (exceptId === undefined ? rows : rows.whereNot({ id: exceptId })).delete()
  await db('login_flows').where({ user_id: userId }).delete()
}

function toSession(row: Omit<SessionRow, 'secret_hash' | 'provider_hint'>): Session {
  return {
    id: row.id,
    userId: row.user_id,
    via: row.via,
    provenAtMs: Number(row.proven_at_ms),
    createdAtMs: Number(row.created_at_ms),
    lastSeenAtMs: Number(row.last_seen_at_ms),
    expiresAtMs: Number(row.expires_at_ms),
    client: row.client,
    address: row.address,
  }
}
