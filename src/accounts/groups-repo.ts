import type { Db } from '../platform/db.ts'
import { applyPage, BY_NAME, type PageAsk } from '../platform/paging.ts'
import { readRows } from '../platform/read-rows.ts'
import type { Group, User } from './types.ts'
import { toUser, type UserRow } from './users-repo.ts'

export interface GroupRow {
  id: string
  name: string
  display_name: string
  created_at_ms: number
}

export function toGroup(row: GroupRow): Group {
  return { id: row.id, name: row.name, displayName: row.display_name, createdAtMs: row.created_at_ms }
}

/** Stores a new group; a name that is taken is a unique violation. */
export async function insertGroup(db: Db, group: Group): Promise<void> {
  const { id, name, displayName, createdAtMs } = group
  await db<GroupRow>('user_groups').insert({
    id,
    name,
    display_name: displayName,
    created_at_ms: createdAtMs,
  })
}

export async function findGroupByName(db: Db, name: string): Promise<Group | undefined> {
  const row = await db<GroupRow>('user_groups').where({ name }).first()
  return row && toGroup(row)
}

/**
 * Until the end of the transaction nobody else changes who is in the group, or gives it something that
 * those who join would miss. False when the group is gone.
 */
export async function holdGroup(tx: Db, id: string): Promise<boolean> {
  return (await tx('user_groups').where({ id }).forUpdate().first()) !== undefined
}

/** By name, with the number of members; everything, or a page. */
export async function listGroups(db: Db, page?: PageAsk): Promise<(Group & { memberCount: number })[]> {
  const query = db('user_groups as g')
    .leftJoin('user_group_members as m', 'm.group_id', 'g.id')
    .groupBy('g.id', 'g.name', 'g.display_name', 'g.created_at_ms')
    .select('g.id', 'g.name', 'g.display_name', 'g.created_at_ms')
    .count({ members: 'm.user_id' })
  const rows: (GroupRow & { members: number })[] = await applyPage(query, ['g.name'], BY_NAME, page)
  return rows.map((row) => ({ ...toGroup(row), memberCount: Number(row.members) }))
}

export async function listGroupsOf(db: Db, userId: string): Promise<Group[]> {
  const sql = `select g.* from user_groups g join user_group_members m on m.group_id = g.id
    where m.user_id = ? order by g.name`
  return (await readRows<GroupRow>(db, sql, [userId])).map(toGroup)
}

/** The members by name; all of them, or a page. */
export async function listMembers(db: Db, groupId: string, page?: PageAsk): Promise<User[]> {
  const query = db('users as u')
    .join('user_group_members as m', 'm.user_id', 'u.id')
    .where('m.group_id', groupId)
    .select('u.*')
  const rows: UserRow[] = await applyPage(query, ['u.name'], BY_NAME, page)
  return rows.map(toUser)
}

/** False when the user is in the group already. */
export async function insertMember(
  db: Db,
  member: { groupId: string; userId: string; joinedAtMs: number },
): Promise<boolean> {
  const row = { group_id: member.groupId, user_id: member.userId, joined_at_ms: member.joinedAtMs }
  const done = await db('user_group_members')
    .insert(row)
    .onConflict(['group_id', 'user_id'])
    .ignore()
    .returning('user_id')
  return done.length > 0
}

/** False when the user is not in the group. */
export async function deleteMember(db: Db, groupId: string, userId: string): Promise<boolean> {
  return (await db('user_group_members').where({ group_id: groupId, user_id: userId }).delete()) > 0
}

export async function deleteGroup(db: Db, id: string): Promise<void> {
  await db('user_groups').where({ id }).delete()
}
