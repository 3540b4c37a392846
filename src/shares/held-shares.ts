import type { Db } from '../platform/db.ts'
import { ConflictError, NotFoundError } from '../platform/errors.ts'
import type { ShareContext } from './context.ts'
import { holdRow } from './held-rows-repo.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { findReceivedById } from './received-repo.ts'
import { isLive } from './share-states.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'

/** A share one of our users gave, and what it stands on. */
export interface HeldShare {
  share: OutgoingShare
  upstream: ReceivedShare | undefined
  parent: OutgoingShare | undefined
}

/**
 * A share with what it stands on, as they are now and stay until the caller's transaction ends. New terms are
 * worked out from these only: a copy read before would bring back what somebody took away meanwhile.
 */
export async function holdGiven(tx: Db, id: string): Promise<HeldShare | undefined> {
  const before = await findOutgoing(tx, id)
  if (before === undefined) return undefined
  const { via, parentId } = before
  const upstream = via && (await holdReceived(tx, via.receivedId))
  const parent = parentId === undefined ? undefined : await holdOne(tx, parentId)
  const share = await holdOne(tx, id)
  return share && { share, upstream, parent }
}

/** The same of one that lives; throws `NotFoundError`, and `ConflictError` when it has ended. */
export async function getHeldLive({ clock }: Pick<ShareContext, 'clock'>, tx: Db, id: string) {
  const held = await holdGiven(tx, id)
  if (held === undefined) throw new NotFoundError('You have given no such share.')
  if (isLive(held.share, clock.nowMs())) return held
  throw new ConflictError('The share has ended; share it again.', { code: 'SHARE_STATE' })
}

/** The same of a share one of our users was given. */
export async function holdReceived(tx: Db, receivedId: string): Promise<ReceivedShare | undefined> {
  await holdRow(tx, { receivedId })
  return await findReceivedById(tx, receivedId)
}

async function holdOne(tx: Db, givenId: string): Promise<OutgoingShare | undefined> {
  await holdRow(tx, { givenId })
  return await findOutgoing(tx, givenId)
}
