import type { Db } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'
import type { AppPassword } from './types.ts'

interface AppPasswordRow {
  id: string
  user_id: string
  label: string
  secret_hash: string
  created_at_ms: number
  last_used_at_ms: number | null
}

/** The table `app_passwords`. Secrets are long and random, so a plain SHA-256 of them is stored. */
export class AppPasswordsRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  async insert(password: AppPassword, secretHash: string): Promise<void> {
    await this.db<AppPasswordRow>('app_passwords').insert({
      id: password.id,
      user_id: password.userId,
      label: password.label,
      secret_hash: secretHash,
      created_at_ms: password.createdAtMs,
      last_used_at_ms: null,
    })
  }

  async find(id: string): Promise<{ password: AppPassword; secretHash: string } | undefined> {
    const [row] = await readRows<AppPasswordRow>(this.db, 'select * from app_passwords where id = ?', [id])
    return row === undefined ? undefined : { password: toAppPassword(row), secretHash: row.secret_hash }
  }

  async listOf(userId: string): Promise<AppPassword[]> {
    const rows = await this.db<AppPasswordRow>('app_passwords')
      .where({ user_id: userId })
      .orderBy('created_at_ms')
    return rows.map(toAppPassword)
  }

  /** True when there was one to remove. */
  async remove(userId: string, id: string): Promise<boolean> {
    return (await this.db<AppPasswordRow>('app_passwords').where({ user_id: userId, id }).delete()) > 0
  }

  async touch(id: string, atMs: number): Promise<void> {
    await this.db<AppPasswordRow>('app_passwords').where({ id }).update({ last_used_at_ms: atMs })
  }
}

function toAppPassword(row: AppPasswordRow): AppPassword {
  return {
    id: row.id,
    userId: row.user_id,
    label: row.label,
    createdAtMs: row.created_at_ms,
    ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
  }
}
