import { InboxRefusedError } from '../ocm/mesh-inbox.ts'
import type { AcceptedInvite, OcmPerson } from '../ocm/types.ts'
import { inTransaction } from '../platform/db.ts'
import { sha256Hex } from '../platform/ids.ts'
import { toContact, toPerson } from './contacts.ts'
import { saveContact } from './contacts-repo.ts'
import type { ShareContext } from './context.ts'
import { findInvitationByTokenHash, markInvitationAccepted } from './invitations-repo.ts'
import type { Invitation } from './types.ts'

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
