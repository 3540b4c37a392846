import type { OidcConfig } from '../../config/sign-in.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Db, inTransaction } from '../../platform/db.ts'
import { ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import { isPasswordHash } from '../password.ts'
import { accountLocked } from '../refusals.ts'
import type { User } from '../types.ts'
import { changeUser } from '../user-admin-repo.ts'
import { type UserRecord, UsersRepo } from '../users-repo.ts'
import type { OidcPerson } from './claims.ts'
import { findIdentity, type Identity, noteIdentityUse } from './identities-repo.ts'

export interface UpToDateDeps {
  db: Db
  clock: Clock
  config: OidcConfig
}

type Claimed = Partial<Pick<User, 'displayName' | 'email' | 'isAdmin'>>

/**
 * Makes the account of somebody what their provider says. The account is read in the transaction that writes it,
 * and only what the provider says otherwise is written: what an administrator changes at the same moment stays.
 * Throws `NotFoundError`, and `ForbiddenError` for who is locked out or was disconnected just now.
 */
export function bringUpToDate(deps: UpToDateDeps, userId: string, person: OidcPerson): Promise<User> {
  const { db, clock, config } = deps
  return inTransaction(db, async (tx) => {
    const record = await new UsersRepo(tx).hold(userId)
    if (record === undefined) throw new NotFoundError('This account does not exist any more.')
    if (record.isLocked) throw accountLocked()
    // Read only now: who comes in with it in another tab at the same moment holds the user, too.
    const identity = await findIdentity(tx, person)
    if (identity?.userId !== userId) throw disconnected(config)
    const claimed = claimsOtherwise(record, person)
    const { isAdmin, madeAdmin } = rankOf(config, { user: record.user, identity, person })
    if (isAdmin !== record.user.isAdmin) claimed.isAdmin = isAdmin
    await changeUser(tx, userId, claimed)
    const label = person.name ?? person.email ?? person.subject
    await noteIdentityUse(tx, identity.id, { label, madeAdmin, lastUsedAtMs: clock.nowMs() })
    return { ...record.user, ...claimed }
  })
}

/** Of accounts with a password here, their people and administrators say what they are called. */
function claimsOtherwise({ user, passwordHash }: UserRecord, { displayName, email }: OidcPerson): Claimed {
  if (isPasswordHash(passwordHash)) return {}
  return {
    ...(displayName === undefined || displayName === user.displayName ? {} : { displayName }),
    ...(email === undefined || email === user.email ? {} : { email }),
  }
}

/** `madeAdmin`: it is the group that makes them one, so that leaving it takes that back. */
function rankOf(
  { adminGroup }: OidcConfig,
  { user, identity, person }: { user: User; identity: Identity; person: OidcPerson },
): { isAdmin: boolean; madeAdmin: boolean } {
  const isInAdminGroup = adminGroup !== undefined && person.groups.includes(adminGroup)
  return {
    isAdmin: isInAdminGroup || (user.isAdmin && !identity.madeAdmin),
    madeAdmin: isInAdminGroup && (identity.madeAdmin || !user.isAdmin),
  }
}

function disconnected({ label }: OidcConfig): ForbiddenError {
  return new ForbiddenError(
    `Your account here was disconnected from that at ${label} just now; sign in another way.`,
    { code: 'NO_ACCOUNT' },
  )
}
