import type { Db } from '../platform/db.ts'
import { changeOutgoingState, findOutgoing } from './outgoing-repo.ts'
import { changeReceivedState, findReceived, listReceivedFrom } from './received-repo.ts'
import { nextState, type ShareEvent, type ShareState } from './share-states.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'

/** A share after an event, and where it stood before. */
export interface Transition<S> {
  share: S
  from: ShareState
}

/** Lets an event happen to a share one of our users gave; undefined when there is none. */
export async function moveOutgoing(
  db: Db,
  id: string,
  event: ShareEvent,
): Promise<Transition<OutgoingShare> | undefined> {
  for (;;) {
    const share = await findOutgoing(db, id)
    if (share === undefined) return undefined
    const to = nextState(share.state, event)
    const isDone = to === share.state || (await changeOutgoingState(db, id, { from: share.state, to }))
    // Not done means that somebody changed the state since it was read: judge the new one.
    if (isDone) return { share: { ...share, state: to }, from: share.state }
  }
}

/** Lets an event happen to a share one of our users was given; `mountName` where it is accepted. */
export async function moveReceived(
  db: Db,
  key: { userId: string; id: string },
  event: ShareEvent,
  mountName?: string,
): Promise<Transition<ReceivedShare> | undefined> {
  for (;;) {
    const share = await findReceived(db, key.userId, key.id)
    if (share === undefined) return undefined
    const from = share.state
    const to = nextState(from, event)
    if (to === from) return { share, from }
    const mount = mountName === undefined ? {} : { mountName }
    if (await changeReceivedState(db, share.id, { from, to, ...mount })) {
      return { share: { ...share, state: to, mountName }, from }
    }
  }
}

/** The recipients' rows of a share within this node follow the owner's; a group has several. */
export async function moveLocalCounterparts(
  db: Db,
  shareId: string,
  event: ShareEvent,
): Promise<Transition<ReceivedShare>[]> {
  const moved: Transition<ReceivedShare>[] = []
  for (const received of await listReceivedFrom(db, '', shareId)) {
    const transition = await moveReceived(db, received, event)
    if (transition !== undefined) moved.push(transition)
  }
  return moved
}
