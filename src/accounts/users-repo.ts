import { type Db, isPostgres } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'
import type { User } from './types.ts'

/** A row of the table `users`. */
export interface UserRow {
  id: string
  name: string
  display_name: string
  email: string
  password_hash: string
  is_admin: number
  quota_bytes: number | null
  created_at_ms: number
  locked_at_ms: number | null
}

/** A user together with the stored hash of the password; never leaves this room. */
export interface UserRecord {
  user: User
  passwordHash: string
  /** An administrator locked them out. */
  isLocked: boolean
}

/** The table `users`. */
export class UsersRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  async insert(record: Omit<UserRecord, 'isLocked'>): Promise<void> {
    const { user } = record
    await this.db<UserRow>('users').insert({
      id: user.id,
      name: user.name,
      display_name: user.displayName,
      email: user.email,
      password_hash: record.passwordHash,
      is_admin: user.isAdmin ? 1 : 0,
      quota_bytes: user.quotaBytes ?? null,
      created_at_ms: user.createdAtMs,
    })
  }

  async findByName(name: string): Promise<UserRecord | undefined> {
    const [row] = await readRows<UserRow>(this.db, 'select * from users where name = ?', [name])
    return row === undefined ? undefined : toRecord(row)
  }

  async findById(id: string): Promise<UserRecord | undefined> {
    const [row] = await readRows<UserRow>(this.db, 'select * from users where id = ?', [id])
    return row === undefined ? undefined : toRecord(row)
  }

  /**
   * In a transaction, until its end nobody else changes, locks or removes this user. SQLite lets one transaction
   * write at a time anyhow.
   */
  async hold(id: string): Promise<UserRecord | undefined> {
    const lock = isPostgres(this.db) ? ' for no key update' : ''
    const [row] = await readRows<UserRow>(this.db, `select * from users where id = ?${lock}`, [id])
    return row === undefined ? undefined : toRecord(row)
  }

  async list(): Promise<User[]> {
    const rows = await this.db<UserRow>('users').orderBy('name')
    return rows.map((row) => toRecord(row).user)
  }

  async setPasswordHash(id: string, passwordHash: string): Promise<void> {
    await this.db<UserRow>('users').where({ id }).update({ password_hash: passwordHash })
  }
}

function toRecord(row: UserRow): UserRecord {
  return { user: toUser(row), passwordHash: row.password_hash, isLocked: row.locked_at_ms !== null }
}

/** Without what is not for other rooms. */
export function toUser(row: UserRow): User {
  return {
    id: row.id,
    name: row.name,
    displayName: row.display_name,
    email: row.email,
    isAdmin: row.is_admin === 1,
    createdAtMs: row.created_at_ms,
    ...(row.quota_bytes === null ? {} : { quotaBytes: row.quota_bytes }),
  }
}
