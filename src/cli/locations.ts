import type { ChecksumType } from './checksums.ts'
import { usageError } from './exit.ts'

/** A checksum that the user wrote behind a URL; lower-case hex. */
export interface StatedChecksum {
  type: ChecksumType
  value: string
}

export type Location =
  | { kind: 'local'; path: string; folder: boolean }
  /** `-`: standard input or output. */
  | { kind: 'standard' }
  /** A drive of a profile, or of the login in force when `profile` is undefined. */
  | { kind: 'drive'; profile: string | undefined; path: string[]; folder: boolean }
  | UrlLocation

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

export type RemoteLocation = Exclude<Location, { kind: 'local' } | { kind: 'standard' }>

const DAV_SCHEMES: Record<string, string> = { http: 'http', https: 'https', dav: 'http', davs: 'https' }
const CHECKSUM_TYPES: readonly ChecksumType[] = ['sha256', 'sha1', 'md5', 'adler32']

/**
 * One side of `cp`: `drive:/a/b`, `PROFILE:/a/b` and http, https, dav and davs URLs are remote, `-` is
 * standard input or output, and everything else is a local path (`file:///a/b` too).
 */
export function parseLocation(text: string, profiles: ReadonlySet<string>): Location {
  if (text === '') throw usageError('An empty location means nothing.')
  if (text === '-') return { kind: 'standard' }
  const prefix = /^([A-Za-z0-9][\w+.-]*):/.exec(text)?.[1]
  if (prefix === undefined) return toLocal(text)
  if (text.startsWith(`${prefix}://`)) return parseUrl(text, prefix.toLowerCase())
  if (prefix === 'drive') return toDrive(text.slice(prefix.length + 1), undefined)
  if (profiles.has(prefix)) return toDrive(text.slice(prefix.length + 1), prefix)
  return toLocal(text)
}

/** The location of a command that only knows drives: as for `cp`, but a path alone is one in the drive. */
export function parseRemoteLocation(text: string, profiles: ReadonlySet<string>): RemoteLocation {
  const location = parseLocation(text === '' ? '/' : text, profiles)
  if (location.kind === 'standard') throw usageError('"-" is no place in a drive.')
  if (location.kind !== 'local') return location
  if (/^file:/i.test(text)) throw usageError(`${text} is a local path; this command works on drives.`)
  return toDrive(text, undefined)
}

/** The names of a path in a drive: `/a//b/` → a, b. Dots and NUL are refused. */
export function parseDrivePath(text: string): string[] {
  const names = text.split('/').filter((name) => name !== '')
  for (const name of names) {
    if (name === '.' || name === '..')
      throw usageError(`${text} holds "${name}"; write the path of a drive in full.`)
    if (name.includes('\0')) throw usageError('A path cannot hold NUL.')
  }
  return names
}

/** `/a/b` of its names; `/` of none. */
export function formatDrivePath(path: readonly string[]): string {
  return `/${path.join('/')}`
}

/** What a transfer copies: `share:ID`, `share:ID/path`, or a path in one's drive. */
export function parseTransferSource(text: string): { path: string } | { shareId: string; path?: string } {
  if (!text.startsWith('share:')) return { path: parseDriveOnly(text) }
  const [shareId = '', ...below] = text.slice('share:'.length).split('/')
  if (shareId === '') throw usageError(`${text} lacks the id of the share: share:ID or share:ID/path.`)
  const path = parseDrivePath(below.join('/'))
  return path.length === 0 ? { shareId } : { shareId, path: formatDrivePath(path) }
}

/** A path in the drive of the login in force, for commands that the node itself carries out. */
export function parseDriveOnly(text: string): string {
  if (/^[a-z]+:\/\//i.test(text))
    throw usageError(`${text} is a URL; name a path in your drive, such as drive:/data.`)
  return formatDrivePath(parseDrivePath(text.replace(/^drive:/, '')))
}

function toLocal(path: string): Location {
  return { kind: 'local', path, folder: /[/\\]$/.test(path) || /(^|[/\\])\.{1,2}$/.test(path) }
}

function toDrive(path: string, profile: string | undefined): RemoteLocation {
  return { kind: 'drive', profile, path: parseDrivePath(path), folder: path === '' || path.endsWith('/') }
}

/**
 * URLs as ARC writes them: `proto://host[:port][;option=value…]/path[:checksumtype=…:checksumvalue=…]`.
 * An option may stand without a value; unknown ones are kept and mean nothing to us.
 */
function parseUrl(text: string, scheme: string): Location {
  if (scheme === 'file') return toLocal(decode(text.replace(/^file:\/\/(localhost(?=\/))?/i, ''), text))
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

function decode(text: string, whole: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw usageError(`${whole} has a wrong percent sign; write a percent sign itself as %25.`)
  }
}

function toName(encoded: string, whole: string): string {
  const name = decode(encoded, whole)
  if (name === '.' || name === '..' || /[/\0]/.test(name))
    throw usageError(`${whole} holds a part that is no name.`)
  return name
}
