import { withoutHost } from '../ocm/address.ts'
import { InboxRefusedError } from '../ocm/mesh-inbox.ts'
import type { OcmNotification } from '../ocm/notification.ts'
import { equalSecrets, sha256Hex } from '../platform/ids.ts'
import type { ShareContext } from './context.ts'
import { findAsMember } from './groups/group-shares-repo.ts'
import { findOutgoing } from './outgoing-repo.ts'
import { secretOf } from './receive-share.ts'
import { findReceivedFrom } from './received-repo.ts'
import type { OutgoingShare, ReceivedShare } from './types.ts'

/** A share we gave to somebody there. Who names a grantee and no secret speaks as a sender. */
export async function findGivenTo(
  ctx: ShareContext,
  { providerId, sharedSecret, grantee }: OcmNotification,
  peerHost: string,
): Promise<OutgoingShare | undefined> {
  if (sharedSecret === undefined && grantee !== undefined) return undefined
  const share = await findOutgoing(ctx.db, providerId)
  const isTheirs = share?.recipient.type === 'remote' && share.recipient.host === peerHost
  return isTheirs && isOpenedBy(share, sharedSecret) ? share : undefined
}

/** A share that somebody there asked us to give to a third person, with the share it stands on. */
export async function findPassedFor(
  ctx: ShareContext,
  { providerId, sharedSecret }: OcmNotification,
  peerHost: string,
): Promise<{ share: OutgoingShare; parent: OutgoingShare } | undefined> {
  const share = await findOutgoing(ctx.db, providerId)
  if (share?.parentId === undefined || !isOpenedBy(share, sharedSecret)) return undefined
  const parent = await findOutgoing(ctx.db, share.parentId)
  return parent?.recipient.type === 'remote' && parent.recipient.host === peerHost
    ? { share, parent }
    : undefined
}

/** A share one of our users was given from there; throws `InboxRefusedError`. */
export async function getTakenFrom(
  ctx: ShareContext,
  notice: OcmNotification,
  peerHost: string,
): Promise<ReceivedShare> {
  const share =
    (await findReceivedFrom(ctx.db, peerHost, notice.providerId)) ??
    // Given to a group that has no member at present.
    (await findAsMember(ctx.db, { peerHost, providerId: notice.providerId }))
  const isMeant =
    share !== undefined && share.source === 'remote' && isSecretOf(ctx, share, notice.sharedSecret)
  if (!isMeant || !(await isGrantee(ctx, share, notice))) throw new InboxRefusedError('share-unknown')
  return share
}

/** Without a secret, whoever is named must be the one who was given the share. */
async function isGrantee(
  ctx: ShareContext,
  { userId }: ReceivedShare,
  { grantee, sharedSecret }: OcmNotification,
): Promise<boolean> {
  if (grantee === undefined || sharedSecret !== undefined) return true
  const user = await ctx.users.findUserById(userId)
  const named = withoutHost(grantee, ctx.config.ownHost)
  return user !== undefined && (named === user.name || named === user.id)
}

/** Without a secret the signature alone has proven who speaks. */
export function isOpenedBy(share: OutgoingShare, secret: string | undefined): boolean {
  return secret === undefined || equalSecrets(sha256Hex(secret), share.secretHash ?? '')
}

/** The same of a share we were given. */
export function isSecretOf(
  ctx: ShareContext,
  share: Pick<ReceivedShare, 'secretSealed'>,
  secret: string | undefined,
): boolean {
  return secret === undefined || equalSecrets(secret, secretOf(ctx, share))
}
