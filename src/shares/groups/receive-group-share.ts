import { holdGroup, listMembers } from '../../accounts/groups-repo.ts'
import { InboxRefusedError } from '../../ocm/mesh-inbox.ts'
import type { OcmAddress, OcmShare } from '../../ocm/types.ts'
import { type Db, inTransaction, isUniqueViolation } from '../../platform/db.ts'
import { equalSecrets, newId } from '../../platform/ids.ts'
import { findContact } from '../contacts-repo.ts'
import type { ShareContext } from '../context.ts'
import { factsOf, secretOf, toReceived } from '../receive-share.ts'
import { findReceivedFrom, hasTooManyPending, insertReceived } from '../received-repo.ts'
import { publishReceived } from '../share-events.ts'
import type { ReceivedShare } from '../types.ts'
import { findGroupShare, type GroupShare, insertGroupShare } from './group-shares-repo.ts'

/**
 * A share of another server for a group of ours (OCM 1.4 `shareType: group`): each member is asked, and so is
 * everybody who joins while it lives. Throws `InboxRefusedError`.
 */
export async function receiveGroupShare(
  ctx: ShareContext,
  message: OcmShare,
  peerHost: string,
): Promise<{ recipientDisplayName: string }> {
  const group = await ctx.groups.findGroupByName(message.shareWith.id)
  if (group === undefined)
    throw new InboxRefusedError(ctx.config.mustInvite ? 'not-invited' : 'recipient-unknown')
  const received = toReceived(ctx, message, { peerHost, userId: '' })
  const { id: _id, userId: _userId, state: _state, mountName: _mountName, ...facts } = received
  const share: GroupShare = {
    peerHost,
    providerId: message.providerId,
    groupId: group.id,
    facts,
    isOver: false,
  }
  const before = await findGroupShare(ctx.db, share)
  if (before !== undefined) return answerRepeat(ctx, before, share, group.displayName)
  if ((await findReceivedFrom(ctx.db, peerHost, share.providerId)) !== undefined) {
    throw new InboxRefusedError('share-changed')
  }
  try {
    for (const row of await storeForMembers(ctx, share)) publishReceived(ctx, row)
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    const present = await findGroupShare(ctx.db, share)
    if (present === undefined) throw new InboxRefusedError('share-changed')
    return answerRepeat(ctx, present, share, group.displayName)
  }
  return { recipientDisplayName: group.displayName }
}

/**
 * Where only contacts may share, it is for those members who have the sender as one. Who has not answered too
 * many others is left out, so that a flood on one member keeps nothing from the rest.
 */
async function storeForMembers(ctx: ShareContext, share: GroupShare): Promise<ReceivedShare[]> {
  return await inTransaction(ctx.db, async (tx) => {
    if (!(await holdGroup(tx, share.groupId))) throw new InboxRefusedError('recipient-unknown')
    await insertGroupShare(tx, share)
    const rows: ReceivedShare[] = []
    let isTooMany = false
    for (const member of await listMembers(tx, share.groupId)) {
      if (!(await isInvitedBy(ctx, tx, member.id, share.facts.sender))) continue
      if (await hasTooManyPending(tx, member.id, share.peerHost)) {
        isTooMany = true
        continue
      }
      const row = receivedAsMember(share, member.id)
      await insertReceived(tx, row)
      rows.push(row)
    }
    if (rows.length === 0 && isTooMany) throw new InboxRefusedError('too-many')
    if (rows.length === 0 && ctx.config.mustInvite) throw new InboxRefusedError('not-invited')
    return rows
  })
}

function answerRepeat(ctx: ShareContext, before: GroupShare, now: GroupShare, recipientDisplayName: string) {
  const [a, b] = [receivedAsMember(before, ''), receivedAsMember(now, '')]
  const isSame =
    !before.isOver &&
    before.groupId === now.groupId &&
    factsOf(a) === factsOf(b) &&
    equalSecrets(secretOf(ctx, a), secretOf(ctx, b))
  if (!isSame) throw new InboxRefusedError('share-changed')
  return { recipientDisplayName }
}

/** The share as one member is given it. */
export function receivedAsMember({ facts }: GroupShare, userId: string): ReceivedShare {
  return { ...facts, id: newId(), userId, state: 'pending', mountName: undefined }
}

/** True unless this node takes shares of contacts only, and the sender is none of this user's. */
export async function isInvitedBy(
  ctx: ShareContext,
  tx: Db,
  userId: string,
  { id: remoteUserId, host }: OcmAddress,
): Promise<boolean> {
  if (!ctx.config.mustInvite) return true
  return (await findContact(tx, { userId, host, remoteUserId })) !== undefined
}
