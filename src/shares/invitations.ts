import type { User } from '../accounts/types.ts'
import { findAddress } from '../ocm/address.ts'
import { encodeInvite, inviteLink } from '../ocm/invite-string.ts'
import { PeerError } from '../ocm/peer-error.ts'
import { type AcceptedInvite, InboxRefusedError, type OcmPerson } from '../ocm/types.ts'
import { inTransaction } from '../platform/db.ts'
import { BadRequestError, ConflictError, NotFoundError } from '../platform/errors.ts'
import { newId, newSecret, sha256Hex } from '../platform/ids.ts'
import { deleteContact, saveContact } from './contacts-repo.ts'
import { getActor, type ShareContext } from './context.ts'
import {
  findInvitation,
  findInvitationByTokenHash,
  insertInvitation,
  listInvitations,
  markInvitationAccepted,
  markInvitationRevoked,
} from './invitations-repo.ts'
import { toPeerAppError } from './peer-failures.ts'
import type { Contact, Invitation } from './types.ts'

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

/** Forgets a contact; shares with that person stay as they are. */
export async function removeContact(ctx: ShareContext, userId: string, id: string): Promise<void> {
  if (!(await deleteContact(ctx.db, userId, id))) throw new NotFoundError('There is no such contact.')
  ctx.events.publish('contact', { userId, contactId: id })
}

/**
 * Somebody used an invitation of ours (OCM 1.4 Invite Acceptance): stores them as a contact of the
 * inviter and answers who that is. Throws `InboxRefusedError`.
 */
export async function useInvitation(ctx: ShareContext, invite: AcceptedInvite): Promise<OcmPerson> {
  const invitation = await findInvitationByTokenHash(ctx.db, sha256Hex(invite.token))
  const inviter = invitation && (await ctx.users.findUserById(invitation.userId))
  if (invitation === undefined || inviter === undefined) throw new InboxRefusedError('token-invalid')
  checkUsable(invitation, ctx.clock.nowMs())
  const contact = toContact(ctx, inviter.id, invite.recipientProvider, invite.recipient)
  const saved = await inTransaction(ctx.db, async (tx) => {
    const stored = await saveContact(tx, contact)
    const use = { contactId: stored.id, nowMs: ctx.clock.nowMs() }
    // Of two that arrive together only one may win; the other's contact is taken back with the transaction.
    if (!(await markInvitationAccepted(tx, invitation.id, use)))
      throw new InboxRefusedError('already-accepted')
    return stored
  })
  ctx.events.publish('contact', { userId: inviter.id, contactId: saved.id })
  return toPerson(inviter)
}

function checkUsable(invitation: Invitation, nowMs: number): void {
  if (invitation.state === 'accepted') throw new InboxRefusedError('already-accepted')
  if (invitation.state === 'revoked' || invitation.expiresAtMs <= nowMs)
    throw new InboxRefusedError('token-invalid')
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

async function storeContact(
  ctx: ShareContext,
  userId: string,
  host: string,
  person: OcmPerson,
): Promise<Contact> {
  const saved = await saveContact(ctx.db, toContact(ctx, userId, host, person))
  ctx.events.publish('contact', { userId, contactId: saved.id })
  return saved
}

function toContact(ctx: ShareContext, userId: string, host: string, person: OcmPerson): Contact {
  const remoteUserId = bareUserId(person.userId, host)
  return {
    id: newId(),
    userId,
    remoteUserId,
    host,
    displayName: person.displayName || remoteUserId,
    email: person.email,
    createdAtMs: ctx.clock.nowMs(),
  }
}

/** Some servers append their own name, even twice (reva #5695): `id@host@host`. */
function bareUserId(userId: string, host: string): string {
  const address = findAddress(userId)
  return address?.host === host ? bareUserId(address.id, host) : userId
}

function toPerson(user: User): OcmPerson {
  return { userId: user.name, displayName: user.displayName, email: user.email }
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
