import { type FileStore, type Rights, RightsStore, type StorePath, SubtreeStore } from '../store/index.ts'
import type { ShareContext } from './context.ts'
import { givesAccess } from './gives-access.ts'
import { findGrant, findOutgoing } from './outgoing-repo.ts'
import { findReceivedById, findReceivedGrant } from './received-repo.ts'
import { stateAt } from './share-states.ts'
import { type OutgoingShare, type ReceivedShare, rightsOf } from './types.ts'

type PassedOn = Pick<OutgoingShare, 'id' | 'ownerUserId' | 'role' | 'mayReshare'> & {
  via: NonNullable<OutgoingShare['via']>
  /** For who hides from visitors what is there: to them a folder that takes files can be written. */
  isDrop?: boolean
}

/**
 * What one of our users passed on of a share they were given: the bytes flow through this node, with the
 * rights of both shares. Both are asked at every call, so that an end upstream closes it at once.
 */
export async function passedOnStore(ctx: ShareContext, share: PassedOn): Promise<FileStore> {
  const upstream = await findReceivedById(ctx.db, share.via.receivedId)
  const isOpen = upstream !== undefined && isPassable(ctx, upstream)
  // Where there is no way, the place below is nowhere, and what lies around it is never asked.
  const around = isOpen ? await ctx.openReceived(upstream) : await ctx.spaces.spaceOf(share.ownerUserId)
  const inside = new SubtreeStore(around, () => (isOpen ? findPlace(ctx, share) : undefined))
  return new RightsStore(inside, () => rightsNow(ctx, share))
}

async function rightsNow(ctx: ShareContext, share: PassedOn): Promise<Rights> {
  const { role, mayReshare } = (await findGrant(ctx.db, share.id)) ?? share
  const upstream = await findReceivedGrant(ctx.db, share.via.receivedId)
  const mayWrite = upstream?.role !== 'viewer'
  if (role === 'uploader') return rightsOf(share.isDrop && mayWrite ? 'editor' : role, mayReshare)
  return rightsOf(role === 'editor' && !mayWrite ? 'viewer' : role, mayReshare)
}

async function findPlace(ctx: ShareContext, { id, via }: PassedOn): Promise<StorePath | undefined> {
  const share = await findOutgoing(ctx.db, id)
  if (share === undefined || !(await givesAccess(ctx, share))) return undefined
  const upstream = await findReceivedById(ctx.db, via.receivedId)
  return upstream !== undefined && isPassable(ctx, upstream) ? via.path : undefined
}

function isPassable(ctx: ShareContext, upstream: ReceivedShare): boolean {
  return stateAt(upstream, ctx.clock.nowMs()) === 'accepted' && upstream.mayReshare === true
}
