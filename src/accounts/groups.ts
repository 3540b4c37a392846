import type { Clock } from '../platform/clock.ts'
import { type Db, inTransaction, isUniqueViolation } from '../platform/db.ts'
import { BadRequestError, ConflictError, NotFoundError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { PageAsk } from '../platform/paging.ts'
import type { AfterCommit, GroupWatcher } from './group-watcher.ts'
import * as repo from './groups-repo.ts'
import type { Group, GroupDirectory, User, UserDirectory } from './types.ts'
import { isUserName } from './user-name.ts'

export interface GroupsDeps {
  db: Db
  clock: Clock
  users: UserDirectory
  /** Bound late, because `shares` needs the groups. */
  watcher: () => GroupWatcher
}

const MAX_DISPLAY_NAME = 200

/** Groups of people of this node; only administrators change them. */
export class Groups implements GroupDirectory {
  private readonly deps: GroupsDeps

  constructor(deps: GroupsDeps) {
    this.deps = deps
  }

  /** Throws `BadRequestError` for a bad name, `ConflictError` for one in use. */
  async addGroup(name: string, displayName?: string): Promise<Group> {
    checkName(name)
    const shown = (displayName ?? name).trim().slice(0, MAX_DISPLAY_NAME) || name
    const group = { id: newId(), name, displayName: shown, createdAtMs: this.deps.clock.nowMs() }
    try {
      await repo.insertGroup(this.deps.db, group)
    } catch (error) {
      if (isUniqueViolation(error)) throw new ConflictError(`There is already a group named ${name}.`)
      throw error
    }
    return group
  }

  /** What was shared with the group is over at once. */
  async removeGroup(name: string): Promise<void> {
    const group = await this.getGroup(name)
    await this.change(group, async (tx, watcher) => {
      const told: AfterCommit[] = []
      for (const member of await repo.listMembers(tx, group.id)) {
        told.push(await watcher.left(tx, group, member.id))
      }
      told.push(await watcher.removed(tx, group))
      await repo.deleteGroup(tx, group.id)
      return () => {
        for (const tell of told) tell()
      }
    })
  }

  /** A member gets everything that was shared with the group. True when that is new. */
  async addMember(groupName: string, userName: string): Promise<boolean> {
    const [group, user] = await this.getBoth(groupName, userName)
    const member = { groupId: group.id, userId: user.id, joinedAtMs: this.deps.clock.nowMs() }
    return await this.change(group, async (tx, watcher) =>
      (await repo.insertMember(tx, member)) ? await watcher.joined(tx, group, user.id) : undefined,
    )
  }

  /** Access to what was shared with the group is over when this returns. False when nobody had to go. */
  async removeMember(groupName: string, userName: string): Promise<boolean> {
    const [group, user] = await this.getBoth(groupName, userName)
    return await this.change(group, async (tx, watcher) =>
      (await repo.deleteMember(tx, group.id, user.id)) ? await watcher.left(tx, group, user.id) : undefined,
    )
  }

  async findGroupByName(name: string): Promise<Group | undefined> {
    return isUserName(name) ? await repo.findGroupByName(this.deps.db, name) : undefined
  }

  /** Throws `NotFoundError`. */
  async getGroup(name: string): Promise<Group> {
    const group = await this.findGroupByName(name)
    if (group === undefined) throw new NotFoundError(`There is no group named ${JSON.stringify(name)} here.`)
    return group
  }

  /** All groups, by name. */
  listGroups(page?: PageAsk): Promise<(Group & { memberCount: number })[]> {
    return repo.listGroups(this.deps.db, page)
  }

  listGroupsOf(userId: string): Promise<Group[]> {
    return repo.listGroupsOf(this.deps.db, userId)
  }

  listMembers(groupId: string, page?: PageAsk): Promise<User[]> {
    return repo.listMembers(this.deps.db, groupId, page)
  }

  private async getBoth(groupName: string, userName: string): Promise<[Group, User]> {
    const group = await this.getGroup(groupName)
    const user = await this.deps.users.findUserByName(userName)
    if (user === undefined) throw new NotFoundError(`There is no user ${JSON.stringify(userName)} here.`)
    return [group, user]
  }

  /** All or nothing; false when the work had nothing to do. */
  private async change(
    group: Group,
    work: (tx: Db, watcher: GroupWatcher) => Promise<AfterCommit | undefined>,
  ): Promise<boolean> {
    const tell = await inTransaction(this.deps.db, async (tx) => {
      if (!(await repo.holdGroup(tx, group.id)))
        throw new NotFoundError('This group does not exist any more.')
      return await work(tx, this.deps.watcher())
    })
    tell?.()
    return tell !== undefined
  }
}

function checkName(name: string): void {
  if (isUserName(name)) return
  throw new BadRequestError(
    'A group name has 1 to 64 of a-z, 0-9, dot, dash and underscore, and starts with a letter or a digit.',
    {
      code: 'INVALID_GROUP_NAME',
      fields: [{ field: 'name', message: 'has a character that is not allowed' }],
    },
  )
}
