import { type Db, isUniqueViolation } from '../../platform/db.ts'

interface IdentityRow {
  id: string
  issuer: string
  subject: string
  user_id: string
  label: string
  made_admin: number
  created_at_ms: number | string
  last_used_at_ms: number | string
}

/** An account at an identity provider that opens an account here. */
export interface Identity {
  id: string
  issuer: string
  subject: string
  userId: string
  /** What the provider called them when they came last. */
  label: string
  /** Its groups made them an administrator here. */
  madeAdmin: boolean
  createdAtMs: number
  lastUsedAtMs: number
}

/** Stores a new one; one that is there already is a unique violation. */
export async function insertIdentity(db: Db, identity: Identity): Promise<void> {
  await db<IdentityRow>('user_identities').insert({
    id: identity.id,
    issuer: identity.issuer,
    subject: identity.subject,
    user_id: identity.userId,
    label: identity.label,
    made_admin: Number(identity.madeAdmin),
    created_at_ms: identity.createdAtMs,
    last_used_at_ms: identity.lastUsedAtMs,
  })
}

export async function findIdentity(
  db: Db,
  { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>,
): Promise<Identity | undefined> {
  const row = await db<IdentityRow>('user_identities').where({ issuer, subject }).first()
  return row && toIdentity(row)
}

export async function listIdentitiesOf(db: Db, userId: string): Promise<Identity[]> {
  const rows = await db<IdentityRow>('user_identities').where({ user_id: userId }).orderBy('created_at_ms')
  return rows.map(toIdentity)
}

/** True when there was one to remove. */
export async function deleteIdentity(db: Db, userId: string, id: string): Promise<boolean> {
  return (await db<IdentityRow>('user_identities').where({ user_id: userId, id }).delete()) > 0
}

export async function noteIdentityUse(
  db: Db,
  id: string,
  { label, madeAdmin, lastUsedAtMs }: Pick<Identity, 'label' | 'madeAdmin' | 'lastUsedAtMs'>,
): Promise<void> {
  await db<IdentityRow>('user_identities')
    .where({ id })
    .update({ label, made_admin: Number(madeAdmin), last_used_at_ms: lastUsedAtMs })
}

/** True for the first who says that this sign-in came back. */
export async function useOnce(db: Db, stateHash: string, expiresAtMs: number): Promise<boolean> {
  try {
    await db('used_sign_ins').insert({ state_hash: stateHash, expires_at_ms: expiresAtMs })
    return true
  } catch (error) {
    if (isUniqueViolation(error)) return false
    throw error
  }
}

export async function removeUsed(db: Db, nowMs: number): Promise<void> {
  await db('used_sign_ins').where('expires_at_ms', '<=', nowMs).delete()
}

function toIdentity(row: IdentityRow): Identity {
  return {
    id: row.id,
    issuer: row.issuer,
    subject: row.subject,
    userId: row.user_id,
    label: row.label,
    madeAdmin: row.made_admin === 1,
    createdAtMs: Number(row.created_at_ms),
    lastUsedAtMs: Number(row.last_used_at_ms),
  }
}
