import { BadRequestError } from '../../platform/errors.ts'

/** `dav` and `davs` are http and https of servers that are known to speak WebDAV. */
const SCHEMES: Record<string, string> = {
  'http:': 'http:',
  'https:': 'https:',
  'dav:': 'http:',
  'davs:': 'https:',
}

/** A place on the web that a user named. */
export interface WebUrl {
  /** Always http or https. */
  href: string
  origin: string
  /** The host as people know it, with its port when that is an unusual one. */
  host: string
  /** The decoded names of its path; undefined where it cannot be taken apart (a query, `%2F` in a name). */
  segments: readonly string[] | undefined
}

/**
 * Reads a URL that a user gave. Throws `BadRequestError`: for other schemes, and for a user name or
 * password in it, which would be stored and shown with every job. Its messages never repeat the URL.
 */
export function parseWebUrl(text: string): WebUrl {
  const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(text.trim())?.[1]?.toLowerCase()
  if (scheme === undefined)
    throw refused('INVALID_URL', 'The URL is not absolute; it begins with https:// or the like.')
  const known = SCHEMES[scheme]
  if (known === undefined) throw unknownScheme(scheme)
  // Only a scheme of the web is taken apart like one.
  const url = URL.parse(known + text.trim().slice(scheme.length))
  if (url === null || url.hostname === '') throw refused('INVALID_URL', 'The URL is not well-formed.')
  if (url.username !== '' || url.password !== '') throw hasCredentials(url.host)
  url.hash = ''
  return { href: url.href, origin: url.origin, host: url.host, segments: segmentsOf(url) }
}

function segmentsOf(url: URL): string[] | undefined {
  if (url.search !== '') return undefined
  try {
    const segments = url.pathname.split('/').filter(Boolean).map(decodeURIComponent)
    return segments.some((segment) => segment.includes('/')) ? undefined : segments
  } catch {
    return undefined
  }
}

function unknownScheme(scheme: string): BadRequestError {
  const remedy =
    'http, https, dav and davs are; for S3, SFTP and other storage define an endpoint ("causeway endpoint add").'
  return refused('UNKNOWN_SCHEME', `${scheme}// is not a kind of URL that this node copies: ${remedy}`)
}

function hasCredentials(host: string): BadRequestError {
  return refused(
    'URL_WITH_CREDENTIALS',
    `The URL of ${host} holds a user name or password, which would be stored and shown with the job. Define an endpoint with it ("causeway endpoint add"), and give the URL without it.`,
  )
}

function refused(code: string, message: string): BadRequestError {
  return new BadRequestError(message, { code, fields: [{ field: 'url', message: 'cannot be used' }] })
}
