import type { User } from '../accounts/types.ts'
import type { OcmShare } from '../ocm/types.ts'
import { inTransaction } from '../platform/db.ts'
import { newId, newSecret, sha256Hex } from '../platform/ids.ts'
import { addressOf, permissionsOf } from './change-shares.ts'
import type { ShareContext } from './context.ts'
import { secretOfGiven, unsharedMessage } from './end-shares.ts'
import { insertGiven } from './insert-given.ts'
import type { Attempt } from './message-attempt.ts'
import { createMessageEnds } from './message-ends.ts'
import { deleteMessage } from './messages-repo.ts'
import { deleteOutgoing } from './outgoing-repo.ts'
import { mayHaveArrived, toPeerAppError } from './peer-failures.ts'
import { insertReceived } from './received-repo.ts'
import { publish, publishReceived } from './share-events.ts'
import type { OutgoingMessage, OutgoingShare, ReceivedShare } from './types.ts'

/** A share of this node as one of its recipients has it, before they answered. */
export function receivedHere(
  ctx: ShareContext,
  owner: User,
  share: OutgoingShare,
  userId: string,
): ReceivedShare {
  const person = { id: owner.name, host: ctx.config.ownHost, displayName: owner.displayName }
  return {
    id: newId(),
    userId,
    source: 'local',
    peerHost: '',
    providerId: share.id,
    owner: person,
    sender: person,
    name: share.name,
    kind: share.kind,
    role: share.role === 'editor' ? 'editor' : 'viewer',
    mayReshare: share.mayReshare ?? false,
    note: share.note,
    webdavUri: undefined,
    secretSealed: undefined,
    ...(share.push === undefined ? {} : { dataOffer: 'beside' }),
    state: 'pending',
    mountName: undefined,
    rootFacts: undefined,
    createdAtMs: share.createdAtMs,
    expiresAtMs: share.expiresAtMs,
  }
}

/** Gives a share to a user of this node: both rows or none. */
export async function giveHere(ctx: ShareContext, owner: User, share: OutgoingShare): Promise<void> {
  const received = receivedHere(ctx, owner, share, share.recipient.userId ?? '')
  await inTransaction(ctx.db, async (tx) => {
    await insertGiven(ctx, tx, share)
    await insertReceived(tx, received)
  })
  publish(ctx, share)
  publishReceived(ctx, received)
}

/** How long whoever shares waits for the other server; after that the share is on its way without them. */
const PATIENCE_MS = 10_000

/**
 * Gives a share to somebody on another server. Share and message stand before the message goes, because the
 * peer may look at the files before it answers, and we may die before that. When the peer refuses while
 * somebody waits for it, both go again and the refusal is thrown; when it is away, it gets the share later.
 */
export async function giveThere(
  ctx: ShareContext,
  owner: User,
  share: OutgoingShare,
  sizeBytes: number,
): Promise<void> {
  const secret = newSecret(32)
  const secrets = { secretHash: sha256Hex(secret), secretSealed: ctx.seal.seal(secret) }
  const sent: OutgoingShare = { ...share, ...secrets, state: 'sending' }
  const content = { share: toOcmShare(ctx, owner, sent, { secret, sizeBytes }) }
  const about = {
    userId: owner.id,
    side: 'given',
    subjectId: share.id,
    peerHost: share.recipient.host,
  } as const
  const message = await inTransaction(ctx.db, async (tx) => {
    await insertGiven(ctx, tx, sent)
    return await ctx.messages.enqueueClaimed(tx, { ...about, content })
  })
  const attempt = await firstAttempt(ctx, sent, message)
  if (attempt?.result === 'refused') throw toPeerAppError(attempt.error)
  if (attempt?.result !== 'arrived') publish(ctx, sent)
}

/** Undefined when it takes too long; what becomes of it is then written to the share. */
async function firstAttempt(
  ctx: ShareContext,
  share: OutgoingShare,
  message: OutgoingMessage,
): Promise<Attempt | undefined> {
  let isWaiting = true
  const over = new AbortController()
  const attempt = ctx.messages.attempt(message, async (error) => {
    if (isWaiting) await takeBack(ctx, share, message, error)
    else await createMessageEnds(() => ctx).givenUp(message, error)
  })
  attempt.catch((err: unknown) => ctx.log.error({ err, shareId: share.id }, 'share could not be sent'))
  const patience = ctx.clock.wait(PATIENCE_MS, over.signal).then(() => {
    isWaiting = false
    return undefined
  })
  patience.catch(() => undefined)
  try {
    return await Promise.race([attempt, patience])
  } finally {
    over.abort()
  }
}

/** The peer may hold the share although its answer was lost: then it is told that there is none. */
async function takeBack(
  ctx: ShareContext,
  share: OutgoingShare,
  message: OutgoingMessage,
  error: unknown,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    await deleteMessage(tx, message.id)
    await deleteOutgoing(tx, share.id)
    if (mayHaveArrived(error)) {
      await ctx.messages.enqueue(tx, unsharedMessage(share, secretOfGiven(ctx, share)))
    }
  })
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
    shareType: share.recipient.isGroup ? 'group' : 'user',
    resourceType: share.kind,
    ...(share.expiresAtMs === undefined ? {} : { expiresAtMs: share.expiresAtMs }),
    webdav: {
      uri: addressOf(ctx, share),
      sharedSecret: secret,
      permissions: permissionsOf(share),
      sizeBytes,
      ...(share.push === undefined ? {} : { dataOffer: 'beside' }),
    },
  }
}
