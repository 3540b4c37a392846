import type { Db } from '../platform/db.ts'
import { ConflictError, TooManyRequestsError } from '../platform/errors.ts'
import type { ShareContext } from './context.ts'
import { holdRow } from './held-rows-repo.ts'
import { insertPush } from './offers/pushes-repo.ts'
import { countLiveChildren, findOutgoing, insertOutgoing } from './outgoing-repo.ts'
import { findReceivedById } from './received-repo.ts'
import { isLive, stateAt } from './share-states.ts'
import type { OutgoingShare } from './types.ts'

/** Of one share: strangers ask for these, and each is a message of ours to a server they chose. */
const MAX_CHILDREN = 100

/** Code of the error when more are asked for. */
export const TOO_MANY_RESHARES = 'TOO_MANY_RESHARES'

type Now = Pick<ShareContext, 'clock'>

/**
 * Stores a new share in the caller's transaction, if what it stands on still stands: who ends that at the same
 * time has either done so already, or finds the new share. Throws `ConflictError`, and `TooManyRequestsError`
 * when as many as may be stand on it.
 */
export async function insertGiven(ctx: Now, tx: Db, share: OutgoingShare): Promise<void> {
  const { parentId, via } = share
  // In the order of all (`holdRow`).
  if (via !== undefined) await requireUpstream(ctx, tx, via.receivedId)
  if (parentId !== undefined) await requireParent(ctx, tx, parentId)
  await insertOutgoing(tx, share)
  const { push } = share
  if (push !== undefined) await insertPush(tx, { ...push, shareId: share.id, updatedAtMs: share.createdAtMs })
}

async function requireUpstream({ clock }: Now, tx: Db, receivedId: string): Promise<void> {
  await holdRow(tx, { receivedId })
  const upstream = await findReceivedById(tx, receivedId)
  const stands = upstream?.mayReshare === true && stateAt(upstream, clock.nowMs()) === 'accepted'
  if (!stands) throw ended()
}

async function requireParent({ clock }: Now, tx: Db, parentId: string): Promise<void> {
  await holdRow(tx, { givenId: parentId })
  const parent = await findOutgoing(tx, parentId)
  if (parent === undefined || !isLive(parent, clock.nowMs())) throw ended()
  if ((await countLiveChildren(tx, parentId)) < MAX_CHILDREN) return
  throw new TooManyRequestsError(
    `${parent.name} has been passed on ${MAX_CHILDREN} times by the same share; its owner can end some of them.`,
    { code: TOO_MANY_RESHARES },
  )
}

function ended(): ConflictError {
  return new ConflictError('The share that this one stands on has ended.', { code: 'SHARE_STATE' })
}
