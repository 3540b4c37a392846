import type { ChecksumType } from './checksums.ts'
import { usageError } from './exit.ts'

/** A checksum that the user wrote behind a URL; lower-case hex. */
export interface StatedChecksum {
  type: ChecksumType
  value: string
}

/** A place on a web server, as its URL names it. */
export interface UrlLocation {
  kind: 'url'
  origin: string
  path: string[]
  query: string
  folder: boolean
  /** ARC options after the authority: `;threads=2;overwrite=yes`. */
  options: Map<string, string>
  checksum?: StatedChecksum
}

const DAV_SCHEMES: Record<string, string> = { http: 'http', https: 'https', dav: 'http', davs: 'https' }
const CHECKSUM_TYPES: readonly ChecksumType[] = ['sha256', 'sha1', 'md5', 'adler32']

/**
 * URLs as ARC writes them: `proto://host[:port][;option=value…]/path[:checksumtype=…:checksumvalue=…]`.
 * An option may stand without a value; unknown ones are kept and mean nothing to us.
 */
export function parseArcUrl(text: string): UrlLocation {
  const scheme = text.slice(0, text.indexOf('://')).toLowerCase()
  const protocol = DAV_SCHEMES[scheme]
  if (protocol === undefined)
    throw usageError(`${scheme}:// is not spoken here; http, https, dav, davs and file are.`)
  const rest = text.slice(scheme.length + 3)
  const [, authority = '', optionText = '', tail = ''] = /^([^;/?#]*)((?:;[^;/]*)*)(.*)$/s.exec(rest) ?? []
  const url = URL.parse(`${protocol}://${authority}/`)
  if (url === null) throw usageError(`${text} is not a URL.`)
  if (authority.includes('@'))
    throw usageError('A URL must not hold a user name or password; log in or use the environment.')
  const [, rawPath = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(tail) ?? []
  const meta = /(?::(?:checksumtype|checksumvalue|guid)=[^:/]*)+$/.exec(rawPath)?.[0] ?? ''
  const path = rawPath.slice(0, rawPath.length - meta.length)
  const location: UrlLocation = {
    kind: 'url',
    origin: url.origin,
    path: path
      .split('/')
      .filter((name) => name !== '')
      .map((name) => toName(name, text)),
    query,
    folder: path === '' || path.endsWith('/'),
    options: new Map(
      optionText
        .split(';')
        .filter((option) => option !== '')
        .map(toOption),
    ),
  }
  const checksum = toChecksum(meta)
  if (checksum !== undefined) location.checksum = checksum
  return location
}

function toOption(text: string): [string, string] {
  const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? []
  return [name.toLowerCase(), value]
}

function toChecksum(meta: string): StatedChecksum | undefined {
  const fields = new Map(
    meta
      .split(':')
      .filter((field) => field !== '')
      .map(toOption),
  )
  const value = fields.get('checksumvalue')?.toLowerCase()
  const type = CHECKSUM_TYPES.find((known) => known === fields.get('checksumtype')?.toLowerCase())
  if (value === undefined || value === '') return undefined
  if (type === undefined) throw usageError(`A checksum needs its type: ${CHECKSUM_TYPES.join(', ')}.`)
  return { type, value }
}

/** Percent-decodes; a wrong percent sign is wrong usage of `whole`. */
export function decodeUrlPart(text: string, whole: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw usageError(`${whole} has a wrong percent sign; write a percent sign itself as %25.`)
  }
}

function toName(encoded: string, whole: string): string {
  const name = decodeUrlPart(encoded, whole)
  if (name === '.' || name === '..' || /[/\0]/.test(name))
    throw usageError(`${whole} holds a part that is no name.`)
  return name
}
