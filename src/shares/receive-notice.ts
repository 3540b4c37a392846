import { InboxRefusedError } from '../ocm/mesh-inbox.ts'
import type { NotificationAnswer, NotificationType, OcmNotification } from '../ocm/notification.ts'
import { inTransaction } from '../platform/db.ts'
import { contactRemoved } from './contacts.ts'
import type { ShareContext } from './context.ts'
import { type Changes, endGiven, endPassedOn, publishChanges } from './end-shares.ts'
import { moveAnswered } from './groups/answer-for-group.ts'
import { setOver } from './groups/group-shares-repo.ts'
import { findGivenTo, findPassedFor, getTakenFrom } from './notice-subject.ts'
import { heardOfCopy } from './offers/push.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { receiveChange } from './receive-change.ts'
import { listReceivedFrom } from './received-repo.ts'
import { reshareFor } from './reshare-requests.ts'
import { findNextState, type ShareEvent } from './share-states.ts'
import { moveReceived } from './transitions.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'

type Handler = (
  ctx: ShareContext,
  notice: OcmNotification,
  peerHost: string,
) => Promise<NotificationAnswer | undefined>

const handlers: Record<NotificationType, Handler> = {
  SHARE_ACCEPTED: (ctx, notice, peerHost) => answered(ctx, notice, peerHost, 'accept'),
  SHARE_DECLINED: (ctx, notice, peerHost) => answered(ctx, notice, peerHost, 'decline'),
  SHARE_UNSHARED: unshared,
  RESHARE_UNDO: undone,
  REQUEST_RESHARE: requested,
  RESHARE_CHANGE_PERMISSION: receiveChange,
  SHARE_CHANGE_PERMISSION: receiveChange,
  USER_REMOVED: contactRemoved,
  DATA_TRANSFER: heardOfCopy,
}

/** From the other side of a share, about a share we gave or were given. Throws `InboxRefusedError`. */
export function receiveNotice(
  ctx: ShareContext,
  notice: OcmNotification,
  peerHost: string,
): Promise<NotificationAnswer | undefined> {
  return handlers[notice.type](ctx, notice, peerHost)
}

async function answered(
  ctx: ShareContext,
  notice: OcmNotification,
  peerHost: string,
  event: ShareEvent,
): Promise<undefined> {
  const share = await findGivenTo(ctx, notice, peerHost)
  if (share === undefined) throw new InboxRefusedError('share-unknown')
  await recipientSaid(ctx, share, event)
}

/** An answer that comes too late, such as an acceptance of what was revoked, changes nothing. */
async function recipientSaid(ctx: ShareContext, { id }: OutgoingShare, event: ShareEvent): Promise<void> {
  const changes: Changes = { given: [], received: [] }
  await inTransaction(ctx.db, async (tx) => {
    const share = await findOutgoing(tx, id)
    if (share === undefined || findNextState(share.state, event) === undefined) return
    const moved = await moveAnswered(tx, id, event)
    if (moved !== undefined && moved.from !== moved.share.state) changes.given.push(moved.share)
  })
  publishChanges(ctx, changes)
}

/** From the recipient: it left. From the sender: the share is withdrawn. */
async function unshared(ctx: ShareContext, notice: OcmNotification, peerHost: string): Promise<undefined> {
  const given = await findGivenTo(ctx, notice, peerHost)
  if (given !== undefined) return void (await recipientSaid(ctx, given, 'leave'))
  await revokeTaken(ctx, await getTakenFrom(ctx, notice, peerHost))
}

/** From who asked us to pass a share on; or, of a share that we asked for, from its sender. */
async function undone(ctx: ShareContext, notice: OcmNotification, peerHost: string): Promise<undefined> {
  const passed = await findPassedFor(ctx, notice, peerHost)
  if (passed === undefined) return await revokeTaken(ctx, await getTakenFrom(ctx, notice, peerHost))
  const changes: Changes = { given: [], received: [] }
  await inTransaction(ctx.db, (tx) => endGiven(ctx, tx, passed.share.id, changes))
  publishChanges(ctx, changes)
}

async function requested(
  ctx: ShareContext,
  notice: OcmNotification,
  peerHost: string,
): Promise<NotificationAnswer> {
  const share = await findGivenTo(ctx, notice, peerHost)
  if (share === undefined || notice.sharedSecret === undefined) throw new InboxRefusedError('share-unknown')
  return await reshareFor(ctx, share, notice)
}

async function revokeTaken(ctx: ShareContext, share: ReceivedShare): Promise<undefined> {
  const changes: Changes = { given: [], received: [] }
  await inTransaction(ctx.db, async (tx) => {
    for (const one of await listReceivedFrom(tx, share.peerHost, share.providerId)) {
      const moved = await moveReceived(tx, one, 'revoke')
      if (moved === undefined || moved.from === moved.share.state) continue
      changes.received.push({ ...moved.share, before: moved.from })
      await endPassedOn(ctx, tx, one.id, changes)
    }
    await setOver(tx, share)
  })
  publishChanges(ctx, changes)
}
