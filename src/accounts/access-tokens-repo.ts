import type { AccessScope } from '../platform/access-scope.ts'
import type { Db } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'

/** A token as it is stored; the secret itself is not. */
export interface AccessTokenRecord {
  id: string
  secretHash: string
  userId: string
  /** The app password it was made with. */
  appPasswordId?: string
  /** Without one: a digest of the password hash that its user had then. */
  passwordMark?: string
  scope: AccessScope
  createdAtMs: number
  expiresAtMs: number
}

interface AccessTokenRow {
  id: string
  secret_hash: string
  user_id: string
  app_password_id: string | null
  password_mark: string | null
  scope: string
  created_at_ms: number
  expires_at_ms: number
}

/** The table `access_tokens`. */
export class AccessTokensRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  async insert(token: AccessTokenRecord): Promise<void> {
    await this.db<AccessTokenRow>('access_tokens').insert({
      id: token.id,
      secret_hash: token.secretHash,
      user_id: token.userId,
      app_password_id: token.appPasswordId ?? null,
      password_mark: token.passwordMark ?? null,
      scope: JSON.stringify(token.scope),
      created_at_ms: token.createdAtMs,
      expires_at_ms: token.expiresAtMs,
    })
  }

  async find(id: string): Promise<AccessTokenRecord | undefined> {
    const [row] = await readRows<AccessTokenRow>(this.db, 'select * from access_tokens where id = ?', [id])
    return row === undefined ? undefined : toRecord(row)
  }

  async removeExpired(nowMs: number): Promise<void> {
    await this.db<AccessTokenRow>('access_tokens').where('expires_at_ms', '<=', nowMs).delete()
  }
}

function toRecord(row: AccessTokenRow): AccessTokenRecord {
  return {
    id: row.id,
    secretHash: row.secret_hash,
    userId: row.user_id,
    ...(row.app_password_id === null ? {} : { appPasswordId: row.app_password_id }),
    ...(row.password_mark === null ? {} : { passwordMark: row.password_mark }),
    scope: JSON.parse(row.scope) as AccessScope,
    createdAtMs: Number(row.created_at_ms),
    expiresAtMs: Number(row.expires_at_ms),
  }
}
