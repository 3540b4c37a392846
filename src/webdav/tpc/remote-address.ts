import { BadRequestError } from '../../platform/errors.ts'
import type { DavContext } from '../call.ts'

const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)/
const SCHEMES: Readonly<Record<string, string>> = { http: 'http', https: 'https', dav: 'http', davs: 'https' }

/**
 * The address of another server in `Source` or `Destination`, as http or https; undefined for a path, and for
 * an address of this node. Throws `BadRequestError` for other schemes, user names and what is no URL.
 */
export function parseRemoteAddress(text: string, context: Pick<DavContext, 'isOwn'>): URL | undefined {
  const match = ABSOLUTE.exec(text.trim())
  if (match === null) return undefined
  const [start, scheme = '', authority = ''] = match
  const spoken = SCHEMES[scheme.toLowerCase()]
  if (spoken === undefined) throw wrong(`An address of the kind ${scheme}: cannot be copied from or to.`)
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase()
  if (context.isOwn({ rawPath: '/', segments: [], authority: host, scheme: scheme.toLowerCase() })) {
    return undefined
  }
  return checked(URL.parse(`${spoken}://${authority}${text.trim().slice(start.length)}`))
}

function checked(url: URL | null): URL {
  if (url === null || url.hostname === '') throw wrong('The address of the other server is not a URL.')
  if (url.username !== '' || url.password !== '') {
    throw wrong('An address must not carry a name or a password; send TransferHeaderAuthorization.')
  }
  if (url.hash !== '') throw wrong('The address carries a fragment; write # as %23.')
  return url
}

function wrong(message: string): BadRequestError {
  return new BadRequestError(message, { code: 'INVALID_REMOTE_ADDRESS' })
}
