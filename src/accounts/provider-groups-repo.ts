import type { Db } from '../platform/db.ts'
import type { Group } from './types.ts'

const ORIGIN = 'oidc'

/** Stores a group that a provider named; a name that is taken is a unique violation. */
export async function insertProviderGroup(db: Db, group: Group): Promise<void> {
  const { id, name, displayName, createdAtMs } = group
  await db('user_groups').insert({
    ...{ id, name, origin: ORIGIN, display_name: displayName, created_at_ms: createdAtMs },
  })
}

/** Of these names those of groups that a provider named. */
export async function listProviderGroupsNamed(db: Db, names: readonly string[]): Promise<string[]> {
  return db('user_groups')
    .where({ origin: ORIGIN })
    .whereIn('name', [...names])
    .pluck('name')
}

export async function listProviderGroupNamesOf(db: Db, userId: string): Promise<string[]> {
  return db('user_groups as g')
    .join('user_group_members as m', 'm.group_id', 'g.id')
    .where({ 'g.origin': ORIGIN, 'm.user_id': userId })
    .orderBy('g.name')
    .pluck('g.name')
}
