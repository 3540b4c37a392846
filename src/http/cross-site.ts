import type { IncomingMessage } from 'node:http'
import { ForbiddenError } from '../platform/errors.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
const OWN_SITES = new Set(['same-origin', 'none'])

/**
 * A browser that knows a password sends it along with whatever form a page of another site posts here. It
 * says where the request comes from, though: `Sec-Fetch-Site`, or `Origin` in older ones. Programs that are
 * no browsers send neither. Throws `ForbiddenError` for a change that a page of another origin asked for.
 */
export function checkSameOrigin({ method, headers }: IncomingMessage, publicUrl: string): void {
  if (SAFE_METHODS.has(method ?? '')) return
  const site = headers['sec-fetch-site']
  const isOwn = site === undefined ? isOwnOrigin(headers, publicUrl) : OWN_SITES.has(String(site))
  if (isOwn) return
  throw new ForbiddenError('A page of another site may not change anything here.', {
    code: 'CROSS_SITE_REQUEST',
  })
}

/** Behind a proxy the request may have another Host than the node has in public; both are our own. */
function isOwnOrigin({ origin, host }: IncomingMessage['headers'], publicUrl: string): boolean {
  if (origin === undefined) return true
  if (!URL.canParse(origin)) return false
  const asked = new URL(origin)
  return asked.origin === new URL(publicUrl).origin || asked.host === host?.toLowerCase()
}
