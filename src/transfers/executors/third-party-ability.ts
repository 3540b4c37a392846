import type { Outbound } from '../../platform/outbound.ts'
import { followRedirects } from '../../store/webdav-client/follow-redirects.ts'
import { askEnd, type CopyDeps, type FarEnd } from './third-party-ends.ts'

/** Servers that copy with others, as they name themselves. */
const COPIERS = /xrootd|dcache|storm|dpm|lcgdm|\beos\b|echo|teapot|http-tpc/i
/** What such a server answers to a COPY that says neither from where nor to where; plain WebDAV knows no Source. */
const ASKS_FOR_SOURCE = /\bsource\b[^.]{0,20}\b(or|nor|and)\b[^.]{0,20}\bdestination\b/i
const MAX_TEXT_BYTES = 16 * 1024

/**
 * Whether a server copies with others (WLCG HTTP-TPC): what its owner says of it, what was learnt lately, else
 * what it answers to OPTIONS and to a COPY without any address. Neither shows it a secret of another server.
 */
export async function canCopy(deps: CopyDeps, end: FarEnd, signal: AbortSignal): Promise<boolean> {
  const { memory } = deps
  const known = end.abilities.thirdPartyCopy ?? memory.canCopy(end.origin)
  if (known !== undefined) return known && memory.canCopy(end.origin) !== false
  const can = await asked(deps.outbound, end, signal)
  if (can !== undefined) memory.learnCopy(end.origin, can)
  return can === true
}

/** Undefined: it does not let us in, or is out of order, which says nothing of what it can. */
async function asked(outbound: Outbound, end: FarEnd, signal: AbortSignal): Promise<boolean | undefined> {
  const options = await askEnd(end, { method: 'OPTIONS', headers: {}, signal }, (request) =>
    followRedirects(outbound, request),
  )
  options.body.on('error', () => undefined).destroy()
  // What is allowed is often told of the very address, where nothing is yet.
  const { server = '', dav = '' } = options.headers
  if (options.status < 300 && (COPIERS.test(server) || COPIERS.test(dav))) return true
  const headers = await end.credentials.headers()
  const { status, text } = await outbound.requestText(
    { method: 'COPY', url: end.url, headers, signal },
    MAX_TEXT_BYTES,
  )
  if (status === 401 || status === 403 || (status >= 500 && status !== 501)) return undefined
  return status === 400 && ASKS_FOR_SOURCE.test(text)
}
