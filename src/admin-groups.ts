import type { Groups } from './accounts/groups.ts'
import { withNode } from './admin-node.ts'

export interface GroupRow {
  name: string
  displayName: string
  memberCount: number
}

/** Makes a group. Throws `ConflictError` when there is one of that name. */
export function addGroup(folder: string, name: string, displayName?: string): Promise<GroupRow> {
  return withGroups(folder, async (groups) => ({
    ...(await groups.addGroup(name, displayName)),
    memberCount: 0,
  }))
}

/** What was shared with the group is over at once. Throws `NotFoundError`. */
export function removeGroup(folder: string, name: string): Promise<void> {
  return withGroups(folder, (groups) => groups.removeGroup(name))
}

/** All groups, by name. */
export function listGroups(folder: string): Promise<GroupRow[]> {
  return withGroups(folder, (groups) => groups.listGroups())
}

/** Who is in a group, by name. Throws `NotFoundError`. */
export function listGroupMembers(
  folder: string,
  name: string,
): Promise<{ name: string; displayName: string }[]> {
  return withGroups(folder, async (groups) => await groups.listMembers((await groups.getGroup(name)).id))
}

/** The member gets what is shared with the group; false when they were in it already. */
export function joinGroup(folder: string, name: string, user: string): Promise<boolean> {
  return withGroups(folder, (groups) => groups.addMember(name, user))
}

/** Access to what is shared with the group is over at once; false when they were not in it. */
export function leaveGroup(folder: string, name: string, user: string): Promise<boolean> {
  return withGroups(folder, (groups) => groups.removeMember(name, user))
}

/** A change of members is one of shares too, so it takes the whole node. */
function withGroups<T>(folder: string, work: (groups: Groups) => Promise<T>): Promise<T> {
  return withNode(folder, ({ groups }) => work(groups))
}
