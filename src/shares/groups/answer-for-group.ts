import type { Db } from '../../platform/db.ts'
import { findOutgoing } from '../outgoing-repo.ts'
import type { ShareEvent } from '../share-states.ts'
import { moveOutgoing, type Transition } from '../transitions.ts'
import type { OutgoingShare, ReceivedShare } from '../types.ts'
import { findGroupShare, setAccepted } from './group-shares-repo.ts'

/**
 * The recipient's answer, as the share itself has it. A group has taken it as soon as one member has; that
 * others refuse or leave changes nothing for the rest. Undefined where nothing moved.
 */
export async function moveAnswered(
  db: Db,
  shareId: string,
  event: ShareEvent,
): Promise<Transition<OutgoingShare> | undefined> {
  const share = await findOutgoing(db, shareId)
  const isOfGroup = share?.recipient.isGroup === true
  if (isOfGroup && (event !== 'accept' || share?.state === 'accepted')) return undefined
  return await moveOutgoing(db, shareId, event)
}

/**
 * Whether the sender's server is told of an answer: of a member of a group only that the first one took it.
 * The others still have it, or may yet take it.
 */
export async function isToldToSender(db: Db, share: ReceivedShare, event: ShareEvent): Promise<boolean> {
  if ((await findGroupShare(db, share)) === undefined) return true
  return event === 'accept' && (await setAccepted(db, share))
}
