import type { Clock } from '../platform/clock.ts'
import { type Db, isUniqueViolation } from '../platform/db.ts'
import { newId } from '../platform/ids.ts'
import type { Groups } from './groups.ts'
import { groupName } from './oidc/claims.ts'
import {
  insertProviderGroup,
  listProviderGroupNamesOf,
  listProviderGroupsNamed,
} from './provider-groups-repo.ts'
import type { User } from './types.ts'

/** More groups of one person are not looked at. */
const MAX_GROUPS = 200

export interface ProviderGroupsDeps {
  db: Db
  clock: Clock
  groups: Pick<Groups, 'addMember' | 'removeMember'>
}

/** Groups that an identity provider named. Those that administrators made here are never touched. */
export class ProviderGroups {
  private readonly deps: ProviderGroupsDeps

  constructor(deps: ProviderGroupsDeps) {
    this.deps = deps
  }

  /** Makes somebody a member of exactly these, as far as their names can be names of groups here. */
  async synchronise(user: User, wanted: readonly string[]): Promise<void> {
    const names = new Map<string, string>()
    for (const text of wanted.slice(0, MAX_GROUPS)) {
      const name = groupName(text)
      if (name !== undefined && !names.has(name)) names.set(name, text)
    }
    const present = await listProviderGroupNamesOf(this.deps.db, user.id)
    for (const name of present) {
      if (!names.has(name)) await this.deps.groups.removeMember(name, user.name)
    }
    const missing = [...names].filter(([name]) => !present.includes(name))
    for (const name of await this.open(missing)) await this.deps.groups.addMember(name, user.name)
  }

  /** Makes those that are new; one that administrators made under such a name stays theirs. */
  private async open(missing: [string, string][]): Promise<string[]> {
    if (missing.length === 0) return []
    const { db, clock } = this.deps
    for (const [name, displayName] of missing) {
      try {
        await insertProviderGroup(db, { id: newId(), name, displayName, createdAtMs: clock.nowMs() })
      } catch (error) {
        if (!isUniqueViolation(error)) throw error
      }
    }
    return listProviderGroupsNamed(
      db,
      missing.map(([name]) => name),
    )
  }
}
