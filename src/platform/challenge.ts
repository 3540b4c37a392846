import type { IncomingHttpHeaders } from 'node:http'

/** What a 401 asks for (RFC 7617). */
export const BASIC_CHALLENGE = 'Basic realm="Causeway", charset="UTF-8"'

/** The cookie of a session, also of a node on a port of its own. */
const SESSION_COOKIE = /(?:__Host-causeway|causeway_session)(?:_\d+)?=/

/**
 * True for a request of our own page, which says so or brings a session: at a challenge the browser would ask
 * for a password by itself.
 */
export function isFromPage(headers: IncomingHttpHeaders): boolean {
  if (headers['x-requested-with'] === 'Causeway') return true
  return headers.authorization === undefined && SESSION_COOKIE.test(headers.cookie ?? '')
}
