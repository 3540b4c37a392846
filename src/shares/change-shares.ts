import type { OcmPermission, OcmShare } from '../ocm/types.ts'
import type { Db } from '../platform/db.ts'
import type { ShareContext } from './context.ts'
import { type Changes, endGiven, endPassedOn, secretOfGiven } from './end-shares.ts'
import { holdRow } from './held-rows-repo.ts'
import { listMessagesOf, replaceBody } from './kept-messages-repo.ts'
import { deleteMessage } from './messages-repo.ts'
import { changeOutgoing, findOutgoing, listDownstream } from './outgoing-repo.ts'
import { changeReceived, listReceivedFrom } from './received-repo.ts'
import { LIVE_STATES } from './share-states.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'

/** What of a share may change while it lives. */
export type Terms = Pick<OutgoingShare, 'role' | 'note' | 'expiresAtMs' | 'mayReshare'>

/**
 * Changes a share one of our users gave, which the caller holds (`holdGiven`): our own access control at once, the other server as soon as it is
 * reachable, and what stands on the share where that would have more than the share itself.
 */
export async function changeGiven(
  ctx: ShareContext,
  tx: Db,
  { share, terms }: { share: OutgoingShare; terms: Terms },
  changes: Changes,
): Promise<void> {
  const changed = { ...share, ...terms }
  await changeOutgoing(tx, share.id, terms)
  changes.given.push(changed)
  if (share.recipient.type === 'remote') await tellTerms(ctx, tx, changed)
  for (const counterpart of await listReceivedFrom(tx, '', share.id)) {
    await changeTaken(ctx, tx, { share: counterpart, terms }, changes)
  }
  for (const child of await listDownstream(tx, { parentId: share.id })) {
    await narrow(ctx, tx, { id: child.id, above: terms }, changes)
  }
}

/** Changes a share one of our users was given, which the caller holds; what was passed on of it never has more than it. */
export async function changeTaken(
  ctx: ShareContext,
  tx: Db,
  { share, terms }: { share: ReceivedShare; terms: Terms },
  changes: Changes,
): Promise<void> {
  const role = terms.role === 'editor' ? 'editor' : 'viewer'
  await changeReceived(tx, share.id, { ...terms, role })
  changes.received.push({ ...share, ...terms, role })
  if (!terms.mayReshare) return endPassedOn(ctx, tx, share.id, changes)
  for (const child of await listDownstream(tx, { receivedId: share.id })) {
    await narrow(ctx, tx, { id: child.id, above: terms }, changes)
  }
}

/** A share that stands on another, with no more than that one has. */
export function narrowed(terms: Terms, above: Terms): Terms {
  return {
    ...terms,
    role: above.role === 'viewer' ? 'viewer' : terms.role,
    expiresAtMs: earlier(terms.expiresAtMs, above.expiresAtMs),
    mayReshare: (terms.mayReshare ?? false) && (above.mayReshare ?? false),
  }
}

async function narrow(
  ctx: ShareContext,
  tx: Db,
  { id, above }: { id: string; above: Terms },
  changes: Changes,
): Promise<void> {
  await holdRow(tx, { givenId: id })
  const share = await findOutgoing(tx, id)
  if (share === undefined || !LIVE_STATES.includes(share.state)) return
  // Whoever brings files only must not be let in to read them instead.
  const isTooMuch = share.role === 'uploader' && above.role === 'viewer'
  if (!above.mayReshare || isTooMuch) return endGiven(ctx, tx, share.id, changes)
  const terms = narrowed(termsOf(share), above)
  if (JSON.stringify(terms) === JSON.stringify(termsOf(share))) return
  await changeGiven(ctx, tx, { share, terms }, changes)
}

export function termsOf({ role, note, expiresAtMs, mayReshare = false }: Terms): Terms {
  return { role, note, expiresAtMs, mayReshare }
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

/** The words of OCM for what a share allows. */
export function permissionsOf({ role, mayReshare = false }: Pick<Terms, 'role' | 'mayReshare'>) {
  const all: OcmPermission[] = ['read']
  if (role === 'editor') all.push('write')
  if (mayReshare) all.push('share')
  return all
}

/** The message itself is changed while nobody has seen it; the last of several changes is enough. */
async function tellTerms(ctx: ShareContext, tx: Db, share: OutgoingShare): Promise<void> {
  const nowMs = ctx.clock.nowMs()
  for (const message of await listMessagesOf(tx, { side: 'given', subjectId: share.id })) {
    if ((message.claimedUntilMs ?? 0) > nowMs) continue
    if (message.type === 'SHARE_CHANGE_PERMISSION') await deleteMessage(tx, message.id)
    const isUnseen = message.type === 'SHARE' && share.state === 'sending'
    if (isUnseen && (await replaceBody(tx, message.id, withTerms(message.body, share), nowMs))) return
  }
  if (share.state === 'failed') return
  const sharedSecret = secretOfGiven(ctx, share)
  await ctx.messages.enqueue(tx, {
    ...{ userId: share.ownerUserId, side: 'given', subjectId: share.id, peerHost: share.recipient.host },
    content: {
      notification: {
        ...{ type: 'SHARE_CHANGE_PERMISSION', resourceType: share.kind, providerId: share.id },
        ...{ grantee: share.recipient.id, permissions: permissionsOf(share) },
        ...{ webdavUri: addressOf(ctx, share), expiresAtMs: share.expiresAtMs ?? 0, note: share.note },
        ...(sharedSecret === undefined ? {} : { sharedSecret }),
      },
    },
  })
}

function withTerms(body: string, share: OutgoingShare): string {
  const { expiresAtMs: _, ...message } = JSON.parse(body) as OcmShare
  return JSON.stringify({
    ...message,
    description: share.note,
    ...(share.expiresAtMs === undefined ? {} : { expiresAtMs: share.expiresAtMs }),
    webdav: { ...message.webdav, permissions: permissionsOf(share) },
  })
}

/** Where the recipient's server finds what was shared. */
export function addressOf(ctx: ShareContext, { id }: Pick<OutgoingShare, 'id'>): string {
  return `${ctx.config.publicUrl}/dav/ocm/${id}`
}
