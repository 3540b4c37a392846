import type { Db } from '../platform/db.ts'
import type { Principal } from '../platform/principal.ts'
import { AppPasswordsRepo } from './app-passwords-repo.ts'
import { passwordMark } from './password.ts'
import { accountLocked, sessionEnded, wrongCredentials } from './refusals.ts'
import { SessionsRepo } from './sessions-repo.ts'
import { type UserRecord, UsersRepo } from './users-repo.ts'

/** The part of a principal that says by what it was proven. */
export interface Proof extends Pick<Principal, 'userId' | 'via' | 'appPasswordId' | 'session'> {
  passwordMark?: string | undefined
}

/**
 * For the transaction that gives somebody another way in. Between the proof and this moment the password may
 * have been changed (to prove one takes 60 ms), and all sessions ended: what is made then would outlive that.
 * Until the end of the transaction such a change waits. Throws `UnauthenticatedError` when the proof is not good
 * any more, and `ForbiddenError` for who is locked out.
 */
export async function requireStillProven(tx: Db, proof: Proof): Promise<UserRecord> {
  const record = await holdOpenUser(tx, proof.userId)
  if (proof.via === 'session') await requireSession(tx, proof)
  else if (proof.via === 'app-password') await requireAppPassword(tx, proof)
  else if (proof.passwordMark !== passwordMark(record.passwordHash)) throw wrongCredentials()
  return record
}

/** The same for somebody whom another vouches for. Throws `ForbiddenError` for who is locked out. */
export async function holdOpenUser(tx: Db, userId: string): Promise<UserRecord> {
  const record = await new UsersRepo(tx).hold(userId)
  if (record === undefined) throw wrongCredentials()
  if (record.isLocked) throw accountLocked()
  return record
}

async function requireSession(tx: Db, { userId, session }: Proof): Promise<void> {
  if (session === undefined || !(await new SessionsRepo(tx).has(userId, session.id))) throw sessionEnded()
}

async function requireAppPassword(tx: Db, { userId, appPasswordId }: Proof): Promise<void> {
  const found = appPasswordId === undefined ? undefined : await new AppPasswordsRepo(tx).find(appPasswordId)
  if (found?.password.userId !== userId) throw wrongCredentials()
}
