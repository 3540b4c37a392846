import type { Db } from '../platform/db.ts'
import type { PageAsk } from '../platform/paging.ts'
import { type GroupRow, toGroup } from './groups-repo.ts'
import { removeSessionsOf } from './sessions-repo.ts'
import type { Group, ManagedUser, User } from './types.ts'
import { toUser, type UserRow } from './users-repo.ts'

type Row = UserRow & { locked_at_ms: number | null }

function toManaged(row: Row): ManagedUser {
  return { ...toUser(row), ...(row.locked_at_ms === null ? {} : { lockedAtMs: row.locked_at_ms }) }
}

/** A page of everybody by name; `search`: part of a name or mail address. */
export async function pageUsers(db: Db, { limit, after }: PageAsk, search?: string): Promise<ManagedUser[]> {
  const query = db<Row>('users').orderBy('name').limit(limit)
  if (after !== undefined) query.where('name', '>', String(after[0]))
  if (search !== undefined) {
    const like = `%${escapeLike(search.toLowerCase())}%`
    query.whereRaw(
      "(name like ? escape '\\' or lower(display_name) like ? escape '\\' or lower(email) like ? escape '\\')",
      [like, like, like],
    )
  }
  return (await query).map(toManaged)
}

export async function findManagedUser(db: Db, name: string): Promise<ManagedUser | undefined> {
  const row = await db<Row>('users').where({ name }).first()
  return row && toManaged(row)
}

/** People whose name, or a word of it, begins so. Those who are locked out are not found. */
export async function searchUsers(db: Db, prefix: string, limit: number): Promise<User[]> {
  const rows: Row[] = await db('users')
    .whereRaw(BEGINS_SO, likesOf(prefix))
    .whereNull('locked_at_ms')
    .orderBy('name')
    .limit(limit)
  return rows.map(toUser)
}

/** The same of groups. */
export async function searchGroups(db: Db, prefix: string, limit: number): Promise<Group[]> {
  const rows: GroupRow[] = await db('user_groups')
    .whereRaw(BEGINS_SO, likesOf(prefix))
    .orderBy('name')
    .limit(limit)
  return rows.map(toGroup)
}

export interface UserChange {
  displayName?: string | undefined
  email?: string | undefined
  /** Null: that of the node. */
  quotaBytes?: number | null | undefined
  isAdmin?: boolean | undefined
  lockedAtMs?: number | null | undefined
  passwordHash?: string | undefined
}

export async function changeUser(db: Db, id: string, change: UserChange): Promise<void> {
  const columns = {
    display_name: change.displayName,
    email: change.email,
    quota_bytes: change.quotaBytes,
    is_admin: change.isAdmin === undefined ? undefined : Number(change.isAdmin),
    locked_at_ms: change.lockedAtMs,
    password_hash: change.passwordHash,
  }
  const given = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
  if (Object.keys(given).length > 0) await db('users').where({ id }).update(given)
}

/** Whoever is signed in, was let in and has yet to come, or holds a token that was made for some paths, is out. */
export async function endSignIns(db: Db, userId: string): Promise<void> {
  await removeSessionsOf(db, userId)
  await db('access_tokens').where({ user_id: userId }).delete()
}

/** With all that belongs to them in other tables. */
export async function deleteUser(db: Db, id: string): Promise<void> {
  await db('users').where({ id }).delete()
}

const BEGINS_SO = `(name like ? escape '\\' or lower(display_name) like ? escape '\\'
  or lower(display_name) like ? escape '\\')`

function likesOf(prefix: string): string[] {
  const like = escapeLike(prefix.toLowerCase())
  return [`${like}%`, `${like}%`, `% ${like}%`]
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&')
}
