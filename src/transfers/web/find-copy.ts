import type { Outbound } from '../../platform/outbound.ts'
import { followRedirects } from '../../store/webdav-client/follow-redirects.ts'
import type { RemoteSource } from '../endpoints.ts'

/** Servers that copy with others; every WebDAV server has a COPY, which for most is one within itself. */
const COPIERS = /xrootd|dcache|storm|dpm|lcgdm|\beos\b|echo|causeway|http-tpc/i

/** Whether the server says that it takes COPY with `Source` or `Destination` elsewhere (WLCG HTTP-TPC). */
export async function findThirdPartyCopy(outbound: Outbound, remote: RemoteSource): Promise<boolean> {
  const headers = await remote.credentials.headers()
  const answer = await followRedirects(outbound, { method: 'OPTIONS', url: remote.urlOf([]), headers })
  answer.body.on('error', () => undefined).destroy()
  if (answer.status >= 300) return false
  const { allow = '', server = '', dav = '' } = answer.headers
  return /\bCOPY\b/.test(allow) && (COPIERS.test(server) || COPIERS.test(dav))
}
