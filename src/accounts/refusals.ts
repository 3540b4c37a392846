import { ForbiddenError, UnauthenticatedError } from '../platform/errors.ts'

/** The same words whatever was wrong, so that names cannot be probed. */
export function wrongCredentials(): UnauthenticatedError {
  return new UnauthenticatedError('The user name or the password is wrong.')
}

/** Told only to whom the password is known, or whom an identity provider vouches for. */
export function accountLocked(): ForbiddenError {
  return new ForbiddenError('This account is locked; an administrator can open it again.', {
    code: 'ACCOUNT_LOCKED',
  })
}

export function sessionEnded(): UnauthenticatedError {
  return new UnauthenticatedError('Your session is over; sign in again.', { code: 'SESSION_ENDED' })
}
