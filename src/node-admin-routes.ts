import type { User } from './accounts/types.ts'
import { UserAdmin } from './accounts/user-admin.ts'
import { userRoutes } from './accounts/users-api.ts'
import type { FacesBase, Rooms } from './node-faces.ts'
import { systemRoute } from './node-system-api.ts'
import { listOpenJobIds } from './node-system-repo.ts'
import { ownKeyRoutes } from './ocm/signatures/own-keys-api.ts'
import type { ApiRoute } from './platform/api-route.ts'
import { recipientRoutes } from './shares/api-recipients.ts'

type Base = Pick<FacesBase, 'db' | 'clock' | 'config' | 'events' | 'hasher'>

/** The operations about people as a whole, and about the node. */
export function peopleAndNodeRoutes(base: Base, rooms: Rooms, version: string): ApiRoute[] {
  const { accounts, ocm, shares, spaces } = rooms
  const leave = (user: User) => leaveNode(base, rooms, user)
  const users = new UserAdmin({ ...base, accounts, leave })
  const quotaOf = async (userId: string) => {
    const { usedBytes, availableBytes } = await (await spaces.spaceOf(userId)).quota()
    return { usedBytes, ...(availableBytes === undefined ? {} : { availableBytes }) }
  }
  return [
    ...recipientRoutes({
      ...{ people: users, ownHost: ocm.host, clock: base.clock },
      listContacts: (userId) => shares.sharing.listContacts(userId),
    }),
    ...userRoutes({ users, ocmHost: ocm.host, quotaOf }),
    ...ownKeyRoutes(ocm.keys),
    systemRoute({ ...base, version }),
  ]
}

/** What others see of somebody who goes: they are told before the account is gone. */
async function leaveNode(
  { db, events }: Base,
  { groups, shares: { sharing } }: Rooms,
  user: User,
): Promise<void> {
  for (const jobId of await listOpenJobIds(db, user.id))
    events.publish('transferCancel', { jobId, reason: 'cancel' })
  for (const share of await sharing.listGiven(user.id)) await sharing.end(user.id, share.id)
  for (const { id, state } of await sharing.listReceived(user.id))
    await (state === 'accepted' ? sharing.leave(user.id, id) : sharing.decline(user.id, id))
  for (const group of await groups.listGroupsOf(user.id)) await groups.removeMember(group.name, user.name)
}
