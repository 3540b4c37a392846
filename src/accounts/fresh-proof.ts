import { ForbiddenError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'

/** A session in a browser stands for the real password this long. */
const FRESH_MS = 3_600_000

/**
 * For what a stolen app password, or a browser left open, must not do: make a successor of itself. Throws
 * `ForbiddenError`, with the code `REAUTHENTICATE` when signing in once more is all that is missing.
 */
export function requireFreshProof({ via, session }: Principal, nowMs: number, refusal: string): void {
  if (via === 'password' || isFresh(session, nowMs)) return
  if (via !== 'session') throw new ForbiddenError(refusal)
  throw new ForbiddenError(
    'Only who proved within the last hour who they are may do this; sign in again to go on.',
    {
      code: 'REAUTHENTICATE',
    },
  )
}

/** True for a session that began (again) less than an hour ago. */
export function isFresh(session: Principal['session'], nowMs: number): boolean {
  return session !== undefined && nowMs - session.provenAtMs < FRESH_MS
}
