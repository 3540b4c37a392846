import type { AfterCommit, GroupWatcher } from '../../accounts/group-watcher.ts'
import type { Group } from '../../accounts/types.ts'
import { UsersRepo } from '../../accounts/users-repo.ts'
import type { Db } from '../../platform/db.ts'
import type { ShareContext } from '../context.ts'
import { type Changes, endGiven, endPassedOn, publishChanges } from '../end-shares.ts'
import { receivedHere } from '../give-share.ts'
import { holdRow } from '../held-rows-repo.ts'
import { listOutgoingByIds } from '../outgoing-repo.ts'
import { findReceivedFrom, insertReceived } from '../received-repo.ts'
import { isLive } from '../share-states.ts'
import type { ReceivedShare } from '../types.ts'
import {
  deleteReceived,
  listGroupShares,
  listIdsGivenToGroup,
  listReceivedAsMember,
} from './group-shares-repo.ts'
import { isInvitedBy, receivedAsMember } from './receive-group-share.ts'

/** What was given to a group follows its members. */
export function createGroupWatcher(ctx: ShareContext): GroupWatcher {
  return {
    joined: (tx, group, userId) => joined(ctx, tx, group, userId),
    left: (tx, group, userId) => left(ctx, tx, group, userId),
    removed: (tx, group) => removed(ctx, tx, group),
  }
}

async function joined(ctx: ShareContext, tx: Db, group: Group, userId: string): Promise<AfterCommit> {
  const rows = [
    ...(await givenHere(ctx, tx, group, userId)),
    ...(await givenElsewhere(ctx, tx, group, userId)),
  ]
  for (const row of rows) await insertReceived(tx, row)
  return () => publishChanges(ctx, { given: [], received: rows })
}

async function givenHere(ctx: ShareContext, tx: Db, group: Group, userId: string): Promise<ReceivedShare[]> {
  const given = await listOutgoingByIds(tx, await listIdsGivenToGroup(tx, group.id))
  const rows: ReceivedShare[] = []
  for (const share of given) {
    if (share.ownerUserId === userId || !isLive(share, ctx.clock.nowMs())) continue
    const owner = await new UsersRepo(tx).findById(share.ownerUserId)
    if (owner !== undefined) rows.push(receivedHere(ctx, owner.user, share, userId))
  }
  return rows
}

async function givenElsewhere(
  ctx: ShareContext,
  tx: Db,
  group: Group,
  userId: string,
): Promise<ReceivedShare[]> {
  const rows: ReceivedShare[] = []
  for (const share of await listGroupShares(tx, group.id)) {
    const row = receivedAsMember(share, userId)
    if (isLive(row, ctx.clock.nowMs()) && (await isInvitedBy(ctx, tx, userId, share.facts.sender)))
      rows.push(row)
  }
  return rows
}

/** As if it had never been given: who comes back is asked again. What they passed on ends with it. */
async function left(ctx: ShareContext, tx: Db, group: Group, userId: string): Promise<AfterCommit> {
  const changes: Changes = { given: [], received: [] }
  const gone: string[] = []
  for (const id of await listReceivedAsMember(tx, group.id, userId)) {
    await holdRow(tx, { receivedId: id })
    await endPassedOn(ctx, tx, id, changes)
    await deleteReceived(tx, id)
    gone.push(id)
  }
  return () => {
    publishChanges(ctx, changes)
    for (const shareId of gone) ctx.events.publish('share', { userId, shareId, state: 'revoked' })
  }
}

/** A share with nobody is none; the group of other servers is not known any more. */
async function removed(ctx: ShareContext, tx: Db, group: Group): Promise<AfterCommit> {
  const changes: Changes = { given: [], received: [] }
  for (const id of await listIdsGivenToGroup(tx, group.id)) await endGiven(ctx, tx, id, changes)
  return () => publishChanges(ctx, changes)
}

/** True when this share of a received one is still the member's; asked while stores are in use. */
export async function isStillGiven(ctx: ShareContext, share: ReceivedShare): Promise<boolean> {
  const row = await findReceivedFrom(ctx.db, share.peerHost, share.providerId, share.userId)
  return row?.state === 'accepted'
}
