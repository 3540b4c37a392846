import type { User } from '../accounts/types.ts'
import { encodeInvite, inviteLink } from '../ocm/invite-string.ts'
import { PeerError } from '../ocm/peer-error.ts'
import { InboxRefusedError, type OcmPerson } from '../ocm/types.ts'
import { BadRequestError, ConflictError, NotFoundError } from '../platform/errors.ts'
import { newId, newSecret, sha256Hex } from '../platform/ids.ts'
import { storeContact, toPerson } from './contacts.ts'
import { getActor, type ShareContext } from './context.ts'
import {
  findInvitation,
  findInvitationByTokenHash,
  insertInvitation,
  listInvitations,
  markInvitationRevoked,
} from './invitations-repo.ts'
import { toPeerAppError } from './peer-failures.ts'
import type { Contact, Invitation } from './types.ts'
import { useInvitation } from './use-invitation.ts'

const DAY_MS = 86_400_000

/** An invitation with what its maker hands on. */
export interface ShownInvitation extends Omit<Invitation, 'state'> {
  state: Invitation['state'] | 'expired'
  token: string
  inviteString: string
  link: string
}

/** Makes an invitation that one person abroad can accept, once and in time. */
export async function createInvitation(
  ctx: ShareContext,
  userId: string,
  input: { description?: string; email?: string },
): Promise<ShownInvitation> {
  const token = newSecret()
  const nowMs = ctx.clock.nowMs()
  const invitation: Invitation = {
    id: newId(),
    userId,
    tokenHash: sha256Hex(token),
    tokenSealed: ctx.seal.seal(token),
    description: input.description ?? '',
    email: input.email ?? '',
    state: 'open',
    createdAtMs: nowMs,
    expiresAtMs: nowMs + Math.round(ctx.config.invitationDays * DAY_MS),
    acceptedContactId: undefined,
  }
  await insertInvitation(ctx.db, invitation)
  return toShown(ctx, invitation)
}

/** All invitations of a user, newest first. */
export async function listShownInvitations(ctx: ShareContext, userId: string): Promise<ShownInvitation[]> {
  return (await listInvitations(ctx.db, userId)).map((invitation) => toShown(ctx, invitation))
}

/** Ends an invitation that nobody has accepted. */
export async function revokeInvitation(ctx: ShareContext, userId: string, id: string): Promise<void> {
  if (await markInvitationRevoked(ctx.db, userId, id)) return
  if ((await findInvitation(ctx.db, userId, id)) === undefined) {
    throw new NotFoundError('There is no such invitation.')
  }
  throw new ConflictError('The invitation has been accepted; delete the contact instead.')
}

/** Accepts an invitation of somebody else: asks the inviting server and stores who invited as a contact. */
export async function acceptInvitation(
  ctx: ShareContext,
  userId: string,
  invite: { token: string; provider: string },
): Promise<Contact> {
  const user = await getActor(ctx, userId)
  const person =
    invite.provider === ctx.config.ownHost
      ? await acceptHere(ctx, user, invite.token)
      : await acceptThere(ctx, user, invite)
  return await storeContact(ctx, userId, invite.provider, person)
}

async function acceptHere(ctx: ShareContext, user: User, token: string): Promise<OcmPerson> {
  const invitation = await findInvitationByTokenHash(ctx.db, sha256Hex(token))
  if (invitation?.userId === user.id) {
    throw new BadRequestError('This is your own invitation; send it to somebody else.', {
      code: 'OWN_INVITATION',
    })
  }
  try {
    return await useInvitation(ctx, {
      token,
      recipientProvider: ctx.config.ownHost,
      recipient: toPerson(user),
    })
  } catch (error) {
    if (!(error instanceof InboxRefusedError)) throw error
    throw error.reason === 'already-accepted' ? usedInvitation() : invalidInvitation(ctx.config.ownHost)
  }
}

async function acceptThere(
  ctx: ShareContext,
  user: User,
  { token, provider }: { token: string; provider: string },
): Promise<OcmPerson> {
  try {
    return await ctx.ocm.acceptInvite(provider, { token, recipient: toPerson(user) })
  } catch (error) {
    const status = error instanceof PeerError ? error.status : undefined
    // Servers differ in how they say "no such token" (OCM 1.1: 404, OCM 1.4: 400, others: 410).
    if (status === 400 || status === 404 || status === 410) throw invalidInvitation(provider)
    if (status === 409) throw usedInvitation()
    throw toPeerAppError(error)
  }
}

function toShown(ctx: ShareContext, invitation: Invitation): ShownInvitation {
  const token = ctx.seal.open(invitation.tokenSealed)
  const parts = { token, provider: ctx.config.ownHost }
  const isOver = invitation.state === 'open' && invitation.expiresAtMs <= ctx.clock.nowMs()
  return {
    ...invitation,
    state: isOver ? 'expired' : invitation.state,
    token,
    inviteString: encodeInvite(parts),
    link: inviteLink(`${ctx.config.publicUrl}/accept-invite`, parts),
  }
}

function invalidInvitation(host: string): BadRequestError {
  return new BadRequestError(
    `${host} does not know this invitation: it is over, was revoked, or is not complete. Ask for a new one.`,
    { code: 'INVITATION_INVALID' },
  )
}

function usedInvitation(): ConflictError {
  return new ConflictError('The invitation has been used already; ask for a new one.', {
    code: 'INVITATION_USED',
  })
}
