import type { User } from '../accounts/types.ts'
import { InboxRefusedError } from '../ocm/mesh-inbox.ts'
import { PeerError } from '../ocm/peer-error.ts'
import type { OcmPerson } from '../ocm/types.ts'
import { BadRequestError, ConflictError, ForbiddenError } from '../platform/errors.ts'
import { sha256Hex } from '../platform/ids.ts'
import { storeContact, toPerson } from './contacts.ts'
import { listContacts } from './contacts-repo.ts'
import { getActor, type ShareContext } from './context.ts'
import { findInvitationByTokenHash } from './invitations-repo.ts'
import { toPeerAppError } from './peer-failures.ts'
import type { Contact } from './types.ts'
import { useInvitation } from './use-invitation.ts'

/** Accepts an invitation of somebody else: asks the inviting server and stores who invited as a contact. */
export async function acceptInvitation(
  ctx: ShareContext,
  userId: string,
  invite: { token: string; provider: string },
): Promise<Contact> {
  const user = await getActor(ctx, userId)
  if (invite.provider === ctx.config.ownHost)
    return storeContact(ctx, userId, invite.provider, await acceptHere(ctx, user, invite.token))
  try {
    const recipient = toPerson(user)
    const person = await ctx.ocm.acceptInvite(invite.provider, { token: invite.token, recipient })
    return await storeContact(ctx, userId, invite.provider, person)
  } catch (error) {
    if (isAlreadyKnown(error)) return await getKnownContact(ctx, userId, invite.provider)
    throw toRefusal(invite.provider, error)
  }
}

async function acceptHere(ctx: ShareContext, user: User, token: string): Promise<OcmPerson> {
  const invitation = await findInvitationByTokenHash(ctx.db, sha256Hex(token))
  if (invitation?.userId === user.id) {
    throw new BadRequestError('This is your own invitation; send it to somebody else.', {
      code: 'OWN_INVITATION',
    })
  }
  try {
    const recipientProvider = ctx.config.ownHost
    return await useInvitation(ctx, { token, recipientProvider, recipient: toPerson(user) })
  } catch (error) {
    if (!(error instanceof InboxRefusedError)) throw error
    throw error.reason === 'already-accepted' ? usedInvitation() : invalidInvitation(ctx.config.ownHost)
  }
}

/** Reva says 409 not of an invitation that was used but of a person who is a contact already. */
function isAlreadyKnown(error: unknown): boolean {
  return error instanceof PeerError && error.status === 409 && /already (?:known|exist)/i.test(error.said)
}

/** Which of several people there invited is not told, so only a single contact can be the one. */
async function getKnownContact(ctx: ShareContext, userId: string, host: string): Promise<Contact> {
  const contacts = (await listContacts(ctx.db, userId)).filter((contact) => contact.host === host)
  const [contact] = contacts
  if (contacts.length === 1 && contact !== undefined) return contact
  const message =
    contact === undefined
      ? `Somebody at ${host} has you as a contact already; ask to be removed there and invited again.`
      : `Who invited you from ${host} has you as a contact already; see your contacts.`
  throw new ConflictError(message, { code: 'ALREADY_CONTACTS' })
}

function toRefusal(provider: string, error: unknown): unknown {
  const status = error instanceof PeerError ? error.status : undefined
  // Servers differ in how they say "no such token" (OCM 1.1: 404, OCM 1.4: 400, others: 410).
  if (status === 400 || status === 404 || status === 410) {
    const isOfSignature = error instanceof PeerError && error.reason === 'signature-refused'
    return isOfSignature ? toPeerAppError(error) : invalidInvitation(provider)
  }
  if (status === 409) return usedInvitation()
  if (status !== 403) return toPeerAppError(error)
  return new ForbiddenError(
    `${provider} does not take invitations to be accepted from here: it does not trust this node. Ask its operators.`,
    { code: 'PEER_REFUSED', cause: error },
  )
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
