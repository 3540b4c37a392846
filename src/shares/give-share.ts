import type { User } from '../accounts/types.ts'
import type { OcmShare } from '../ocm/types.ts'
import { inTransaction } from '../platform/db.ts'
import { newId, newSecret, sha256Hex } from '../platform/ids.ts'
import type { ShareContext } from './context.ts'
import { deleteOutgoing, insertOutgoing, setRecipientName } from './outgoing-repo.ts'
import { mayHaveArrived, toPeerAppError } from './peer-failures.ts'
import { insertReceived } from './received-repo.ts'
import { publishReceived } from './share-events.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'

/** Gives a share to a user of this node: both rows or none. */
export async function giveHere(ctx: ShareContext, owner: User, share: OutgoingShare): Promise<void> {
  const person = { id: owner.name, host: ctx.config.ownHost, displayName: owner.displayName }
  const received: ReceivedShare = {
    id: newId(),
    userId: share.recipient.userId ?? '',
    source: 'local',
    peerHost: '',
    providerId: share.id,
    owner: person,
    sender: person,
    name: share.name,
    kind: share.kind,
    role: share.role,
    note: share.note,
    webdavUri: undefined,
    secretSealed: undefined,
    state: 'pending',
    mountName: undefined,
    rootFacts: undefined,
    createdAtMs: share.createdAtMs,
    expiresAtMs: share.expiresAtMs,
  }
  await inTransaction(ctx.db, async (tx) => {
    await insertOutgoing(tx, share)
    await insertReceived(tx, received)
  })
  publishReceived(ctx, received)
}

/**
 * Gives a share to somebody on another server. The row stands before the message goes, because the peer
 * may look at the files before it answers; when the peer refuses, the row goes again.
 */
export async function giveThere(
  ctx: ShareContext,
  owner: User,
  share: OutgoingShare,
  sizeBytes: number,
): Promise<void> {
  const secret = newSecret(32)
  await insertOutgoing(ctx.db, { ...share, secretHash: sha256Hex(secret) })
  const message = toOcmShare(ctx, owner, share, { secret, sizeBytes })
  const answer = await ctx.ocm.sendShare(message).catch(async (error: unknown) => {
    await takeBack(ctx, share, error)
    throw toPeerAppError(error)
  })
  if (answer.recipientDisplayName) await setRecipientName(ctx.db, share.id, answer.recipientDisplayName)
}

/** The peer may hold the share although its answer was lost: then it is told that there is none. */
async function takeBack(ctx: ShareContext, share: OutgoingShare, error: unknown): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await deleteOutgoing(tx, share.id)
    if (!mayHaveArrived(error)) return
    await ctx.notices.enqueue(tx, {
      peerHost: share.recipient.host,
      type: 'SHARE_UNSHARED',
      resourceType: share.kind,
      providerId: share.id,
    })
  })
  ctx.notices.wake()
}

function toOcmShare(
  ctx: ShareContext,
  owner: User,
  share: OutgoingShare,
  { secret, sizeBytes }: { secret: string; sizeBytes: number },
): OcmShare {
  const address = { id: owner.name, host: ctx.config.ownHost }
  return {
    shareWith: { id: share.recipient.id, host: share.recipient.host },
    name: share.name,
    description: share.note,
    providerId: share.id,
    owner: address,
    ownerDisplayName: owner.displayName,
    sender: address,
    senderDisplayName: owner.displayName,
    shareType: 'user',
    resourceType: share.kind,
    ...(share.expiresAtMs === undefined ? {} : { expiresAtMs: share.expiresAtMs }),
    webdav: {
      uri: `${ctx.config.publicUrl}/dav/ocm/${share.id}`,
      sharedSecret: secret,
      permissions: share.role === 'editor' ? ['read', 'write'] : ['read'],
      sizeBytes,
    },
  }
}
