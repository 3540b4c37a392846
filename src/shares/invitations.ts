import type { User } from '../accounts/types.ts'
import { formatAddress } from '../ocm/address.ts'
import { encodeInvite, wayfLink } from '../ocm/invite-string.ts'
import { ConflictError, NotFoundError } from '../platform/errors.ts'
import { newId, newSecret, sha256Hex } from '../platform/ids.ts'
import type { PageAsk } from '../platform/paging.ts'
import { getActor, type InvitationMailer, type ShareContext } from './context.ts'
import { type InvitationMail, invitationMail } from './invitation-text.ts'
import {
  findInvitation,
  findInvitationByTokenHash,
  insertInvitation,
  listInvitations,
  markInvitationRevoked,
} from './invitations-repo.ts'
import type { Invitation } from './types.ts'

const DAY_MS = 86_400_000

/** An invitation with what its maker hands on. */
export interface ShownInvitation extends Omit<Invitation, 'state'> {
  state: Invitation['state'] | 'expired'
  token: string
  inviteString: string
  /** The page on which the invited person picks a server. */
  link: string
  mail: InvitationMail
  /** Just now, by this node. */
  isMailed?: boolean
}

/** Makes an invitation that one person abroad can accept, once and in time. */
export async function createInvitation(
  ctx: ShareContext,
  userId: string,
  input: { description?: string; email?: string },
): Promise<ShownInvitation> {
  const user = await getActor(ctx, userId)
  const { email = '' } = input
  const mails = email === '' ? undefined : ctx.invitationMails?.()
  await mails?.check(userId, email)
  const token = newSecret()
  const nowMs = ctx.clock.nowMs()
  const invitation: Invitation = {
    id: newId(),
    userId,
    tokenHash: sha256Hex(token),
    tokenSealed: ctx.seal.seal(token),
    description: input.description ?? '',
    email,
    state: 'open',
    createdAtMs: nowMs,
    expiresAtMs: nowMs + Math.round(ctx.config.invitationDays * DAY_MS),
    acceptedContactId: undefined,
  }
  await insertInvitation(ctx.db, invitation)
  const shown = toShown(ctx, user, invitation)
  if (mails !== undefined) await mailInvitation(ctx, mails, user, shown)
  return { ...shown, isMailed: mails !== undefined }
}

/** What cannot be mailed is not left lying about: whoever made it was told that it failed. */
async function mailInvitation(
  ctx: ShareContext,
  mails: InvitationMailer,
  user: User,
  invitation: ShownInvitation,
): Promise<void> {
  const { ownHost: host } = ctx.config
  const { id, userId, email, link, inviteString, token, expiresAtMs } = invitation
  try {
    await mails.send({
      ...{ userId, email, link, inviteString, token, host, expiresAtMs },
      inviterName: user.displayName || user.name,
      inviterAddress: formatAddress({ id: user.name, host }),
    })
  } catch (error) {
    await markInvitationRevoked(ctx.db, userId, id)
    throw error
  }
}

/** All invitations of a user, newest first. */
export async function listShownInvitations(
  ctx: ShareContext,
  userId: string,
  page?: PageAsk,
): Promise<ShownInvitation[]> {
  const user = await getActor(ctx, userId)
  return (await listInvitations(ctx.db, userId, page)).map((invitation) => toShown(ctx, user, invitation))
}

/** Ends an invitation that nobody has accepted. */
export async function revokeInvitation(ctx: ShareContext, userId: string, id: string): Promise<void> {
  if (await markInvitationRevoked(ctx.db, userId, id)) return
  if ((await findInvitation(ctx.db, userId, id)) === undefined) {
    throw new NotFoundError('There is no such invitation.')
  }
  throw new ConflictError('The invitation has been accepted; delete the contact instead.')
}

/** What a token stands for; undefined when it is none of ours. */
export async function findInvitationState(
  ctx: ShareContext,
  token: string,
): Promise<ShownInvitation['state'] | undefined> {
  const invitation = await findInvitationByTokenHash(ctx.db, sha256Hex(token))
  return invitation && stateOf(ctx, invitation)
}

function toShown(ctx: ShareContext, user: User, invitation: Invitation): ShownInvitation {
  const { ownHost, publicUrl } = ctx.config
  const token = ctx.seal.open(invitation.tokenSealed)
  const shown = {
    token,
    inviteString: encodeInvite({ token, provider: ownHost }),
    link: wayfLink(publicUrl, token),
  }
  const mail = invitationMail({
    ...shown,
    inviterName: user.displayName || user.name,
    inviterAddress: formatAddress({ id: user.name, host: ownHost }),
    host: ownHost,
    expiresAtMs: invitation.expiresAtMs,
  })
  return { ...invitation, ...shown, state: stateOf(ctx, invitation), mail }
}

function stateOf(ctx: ShareContext, invitation: Invitation): ShownInvitation['state'] {
  const isOver = invitation.state === 'open' && invitation.expiresAtMs <= ctx.clock.nowMs()
  return isOver ? 'expired' : invitation.state
}
