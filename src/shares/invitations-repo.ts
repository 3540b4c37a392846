import type { Db } from '../platform/db.ts'
import { applyPage, NEWEST_FIRST, type PageAsk } from '../platform/paging.ts'
import type { Invitation } from './types.ts'

interface Row {
  id: string
  user_id: string
  token_hash: string
  token_sealed: string
  description: string
  email: string
  state: Invitation['state']
  created_at_ms: number
  expires_at_ms: number
  accepted_contact_id: string | null
}

function toInvitation(row: Row): Invitation {
  return {
    id: row.id,
    userId: row.user_id,
    tokenHash: row.token_hash,
    tokenSealed: row.token_sealed,
    description: row.description,
    email: row.email,
    state: row.state,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    acceptedContactId: row.accepted_contact_id ?? undefined,
  }
}

/** Stores a new invitation. */
export async function insertInvitation(db: Db, invitation: Invitation): Promise<void> {
  const row: Row = {
    id: invitation.id,
    user_id: invitation.userId,
    token_hash: invitation.tokenHash,
    token_sealed: invitation.tokenSealed,
    description: invitation.description,
    email: invitation.email,
    state: invitation.state,
    created_at_ms: invitation.createdAtMs,
    expires_at_ms: invitation.expiresAtMs,
    accepted_contact_id: invitation.acceptedContactId ?? null,
  }
  await db('invitations').insert(row)
}

/** The invitation whose token has this hash. */
export async function findInvitationByTokenHash(db: Db, tokenHash: string): Promise<Invitation | undefined> {
  const row = await db<Row>('invitations').where({ token_hash: tokenHash }).first()
  return row && toInvitation(row)
}

/** All invitations of a user, newest first. */
export async function listInvitations(db: Db, userId: string, page?: PageAsk): Promise<Invitation[]> {
  const query = db('invitations').where({ user_id: userId })
  const rows: Row[] = await applyPage(query, ['created_at_ms', 'id'], NEWEST_FIRST, page)
  return rows.map(toInvitation)
}

/** True for the one caller that used the invitation; false when it is used, revoked or over. */
export async function markInvitationAccepted(
  db: Db,
  id: string,
  use: { contactId: string; nowMs: number },
): Promise<boolean> {
  const changed = await db('invitations')
    .where({ id, state: 'open' })
    .where('expires_at_ms', '>', use.nowMs)
    .update({ state: 'accepted', accepted_contact_id: use.contactId })
  return changed > 0
}

/** Ends an open invitation of the user. True when there is such an invitation and it is not used. */
export async function markInvitationRevoked(db: Db, userId: string, id: string): Promise<boolean> {
  const changed = await db('invitations')
    .where({ id, user_id: userId })
    .whereIn('state', ['open', 'revoked'])
    .update({ state: 'revoked' })
  return changed > 0
}

/** The user's invitation by its id. */
export async function findInvitation(db: Db, userId: string, id: string): Promise<Invitation | undefined> {
  const row = await db<Row>('invitations').where({ id, user_id: userId }).first()
  return row && toInvitation(row)
}
