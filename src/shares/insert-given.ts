import type { Db } from '../platform/db.ts'
import { ConflictError, TooManyRequestsError } from '../platform/errors.ts'
import { narrowed, type Terms, termsOf } from './change-shares.ts'
import type { ShareContext } from './context.ts'
import { holdGiven, holdReceived } from './held-shares.ts'
import { insertPush } from './offers/pushes-repo.ts'
import { countLiveChildren, insertOutgoing } from './outgoing-repo.ts'
import { isLive, stateAt } from './share-states.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'

/** Of one share: strangers ask for these, and each is a message of ours to a server they chose. */
const MAX_CHILDREN = 100

/** Code of the error when more are asked for. */
export const TOO_MANY_RESHARES = 'TOO_MANY_RESHARES'

type Now = Pick<ShareContext, 'clock'>

/**
 * Stores a new share in the caller's transaction, if what it stands on still stands: who ends that at the same
 * time has either done so already, or finds the new share; and so it is with who takes rights from it. Throws
 * `ConflictError`, and `TooManyRequestsError` when as many as may be stand on it.
 */
export async function insertGiven(ctx: Now, tx: Db, share: OutgoingShare): Promise<void> {
  const { parentId, via } = share
  // In the order of all (`holdRow`).
  if (via !== undefined) requireWithin(share, await getUpstream(ctx, tx, via.receivedId))
  if (parentId !== undefined) requireWithin(share, await getParent(ctx, tx, parentId))
  await insertOutgoing(tx, share)
  const { push } = share
  if (push !== undefined) await insertPush(tx, { ...push, shareId: share.id, updatedAtMs: share.createdAtMs })
}

async function getUpstream({ clock }: Now, tx: Db, receivedId: string): Promise<ReceivedShare> {
  const upstream = await holdReceived(tx, receivedId)
  if (upstream?.mayReshare && stateAt(upstream, clock.nowMs()) === 'accepted') return upstream
  throw ended()
}

async function getParent({ clock }: Now, tx: Db, parentId: string): Promise<OutgoingShare> {
  const parent = (await holdGiven(tx, parentId))?.share
  if (parent === undefined || !isLive(parent, clock.nowMs()) || !mayHaveChildren(parent)) throw ended()
  if ((await countLiveChildren(tx, parentId)) < MAX_CHILDREN) return parent
  throw new TooManyRequestsError(
    `${parent.name} has been passed on ${MAX_CHILDREN} times by the same share; its owner can end some of them.`,
    { code: TOO_MANY_RESHARES },
  )
}

/** Visitors may take along what a link shows; recipients ask for others only where that was allowed. */
function mayHaveChildren({ recipient, role, mayReshare }: OutgoingShare): boolean {
  return recipient.type === 'link' ? role !== 'uploader' : mayReshare === true
}

/** What was asked for was worked out before; it may be more by now than the other has. */
function requireWithin(share: OutgoingShare, above: Terms): void {
  const terms = termsOf(share)
  if (JSON.stringify(terms) === JSON.stringify(narrowed(terms, above))) return
  throw new ConflictError(
    `What ${share.name} allows was changed at this moment; look again, and try again.`,
    {
      code: 'SHARE_CHANGED',
    },
  )
}

function ended(): ConflictError {
  return new ConflictError('The share that this one stands on has ended.', { code: 'SHARE_STATE' })
}
