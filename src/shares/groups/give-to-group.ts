import { holdGroup, listMembers } from '../../accounts/groups-repo.ts'
import type { User } from '../../accounts/types.ts'
import { inTransaction } from '../../platform/db.ts'
import { NotFoundError } from '../../platform/errors.ts'
import type { ShareContext } from '../context.ts'
import { receivedHere } from '../give-share.ts'
import { insertGiven } from '../insert-given.ts'
import { insertReceived } from '../received-repo.ts'
import { publish, publishReceived } from '../share-events.ts'
import type { OutgoingShare, ReceivedShare } from '../types.ts'

/** Gives a share to the members of a group of this node: one share, and for each of them its own yes or no. */
export async function giveToGroup(ctx: ShareContext, owner: User, share: OutgoingShare): Promise<void> {
  const groupId = share.recipient.userId ?? ''
  const given = await inTransaction(ctx.db, async (tx) => {
    if (!(await holdGroup(tx, groupId))) throw new NotFoundError('This group does not exist any more.')
    await insertGiven(ctx, tx, share)
    const rows: ReceivedShare[] = []
    for (const member of await listMembers(tx, groupId)) {
      if (member.id === owner.id) continue
      const received = receivedHere(ctx, owner, share, member.id)
      await insertReceived(tx, received)
      rows.push(received)
    }
    return rows
  })
  publish(ctx, share)
  for (const received of given) publishReceived(ctx, received)
}
