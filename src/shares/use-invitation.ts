import { InboxRefusedError } from '../ocm/mesh-inbox.ts'
import type { AcceptedInvite, OcmPerson } from '../ocm/types.ts'
import { inTransaction } from '../platform/db.ts'
import { sha256Hex } from '../platform/ids.ts'
import { toContact, toPerson } from './contacts.ts'
import { findContact, saveContact } from './contacts-repo.ts'
import type { ShareContext } from './context.ts'
import { findInvitation, findInvitationByTokenHash, markInvitationAccepted } from './invitations-repo.ts'
import type { Contact, Invitation } from './types.ts'

/**
 * Somebody used an invitation of ours (OCM 1.4 Invite Acceptance): stores them as a contact of the inviter and
 * answers who that is. Who used it already is answered again, because without our first answer they do not have the
 * inviter as a contact. Throws `InboxRefusedError`.
 */
export async function useInvitation(ctx: ShareContext, invite: AcceptedInvite): Promise<OcmPerson> {
  const invitation = await findInvitationByTokenHash(ctx.db, sha256Hex(invite.token))
  const inviter = invitation && (await ctx.users.findUserById(invitation.userId))
  if (invitation === undefined || inviter === undefined) throw new InboxRefusedError('token-invalid')
  const contact = toContact(ctx, inviter.id, invite.recipientProvider, invite.recipient)
  const saved = invitation.state === 'open' ? await take(ctx, invitation, contact) : undefined
  if (saved !== undefined) ctx.events.publish('contact', { userId: inviter.id, contactId: saved.id })
  else await checkTakenBy(ctx, invitation, contact)
  return toPerson(inviter)
}

/** Undefined when the invitation cannot be used any more; then nothing is stored. */
async function take(ctx: ShareContext, { id }: Invitation, contact: Contact): Promise<Contact | undefined> {
  const nowMs = ctx.clock.nowMs()
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const stored = await saveContact(tx, contact)
      // Of two that arrive together only one may win; the other's contact is taken back with the transaction.
      if (!(await markInvitationAccepted(tx, id, { contactId: stored.id, nowMs })))
        throw new InboxRefusedError('already-accepted')
      return stored
    })
  } catch (error) {
    if (error instanceof InboxRefusedError) return undefined
    throw error
  }
}

/** By its id: a contact that was removed since, and perhaps made anew by another invitation, is not this one. */
async function checkTakenBy(ctx: ShareContext, { userId, id }: Invitation, contact: Contact): Promise<void> {
  // Read again: it may have been used or revoked at this very moment.
  const invitation = await findInvitation(ctx.db, userId, id)
  if (invitation?.state !== 'accepted') throw new InboxRefusedError('token-invalid')
  const known = await findContact(ctx.db, contact)
  if (known === undefined || known.id !== invitation.acceptedContactId)
    throw new InboxRefusedError('already-accepted')
}
