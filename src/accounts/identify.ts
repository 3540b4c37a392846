import type { IncomingMessage } from 'node:http'
import { ForbiddenError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'
import type { Authenticator } from './authenticator.ts'
import { sessionEnded } from './refusals.ts'
import type { SessionCookie } from './session-cookie.ts'
import type { SessionUser } from './session-types.ts'
import { isCsrfTokenOf, type Sessions } from './sessions.ts'

/** Who sends a request; throws `UnauthenticatedError`, and `ForbiddenError` for a forged one. */
export type Identify = (request: IncomingMessage) => Promise<Principal>

export interface IdentifyDeps {
  authenticator: Authenticator
  sessions: Sessions
  cookie: SessionCookie
  /** Of the client, not of a reverse proxy before us. */
  clientAddress(request: IncomingMessage): string
  /** Throws for a change that a page of another site asked for. */
  checkSameOrigin(request: IncomingMessage): void
}

/** What changes nothing, so a page of another site gains nothing by having it asked. */
const READING = new Set(['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'REPORT', 'SEARCH'])

/** By `Authorization` when there is one, else by the session of the browser. */
export function createIdentify(deps: IdentifyDeps): Identify {
  const { authenticator, sessions, cookie, clientAddress } = deps
  return async (request) => {
    const { authorization } = request.headers
    const secret = authorization ? undefined : cookie.read(request.headers)
    if (secret === undefined) return authenticator.authenticate(authorization, () => clientAddress(request))
    const found = await sessions.find(secret)
    if (found === undefined) throw sessionEnded()
    checkForged(deps, request, secret)
    return principalOf(found)
  }
}

/** Who is behind a session. */
export function principalOf({ session, userName, isAdmin }: SessionUser): Principal {
  const { id, userId, provenAtMs } = session
  return { userId, userName, isAdmin, via: 'session', session: { id, provenAtMs } }
}

/**
 * A browser sends the cookie along with whatever a page of another site makes it send; the token and where it
 * comes from show that the page is ours.
 */
function checkForged({ checkSameOrigin }: IdentifyDeps, request: IncomingMessage, secret: string): void {
  if (READING.has(request.method ?? '')) return
  checkSameOrigin(request)
  checkCsrfToken(secret, String(request.headers['x-csrf-token'] ?? ''))
}

/** Throws `ForbiddenError` for a token that is not of this session. */
export function checkCsrfToken(secret: string, token: string): void {
  if (isCsrfTokenOf(secret, token)) return
  throw new ForbiddenError('The request has no token of this session; load the page again.', {
    code: 'CSRF_TOKEN',
  })
}
