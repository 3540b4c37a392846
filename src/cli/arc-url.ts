import { CHECKSUM_TYPES, type ChecksumType, HEX_DIGITS } from './checksums.ts'
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
  /** ARC options after the authority: `;threads=2;overwrite=yes`, as they were written. */
  options: Map<string, string>
  checksum?: StatedChecksum
  /** Means something to file catalogues only; kept so that the URL stays whole. */
  guid?: string
  /** `user:password@`; never part of anything that is printed. */
  credentials?: { user: string; password: string }
}

/** The schemes we speak, and what each is on the wire. Ports left out are those of http and https. */
const SPOKEN: Readonly<Record<string, string>> = { http: 'http', https: 'https', dav: 'http', davs: 'https' }
/** The other schemes of ARC, and what can be done about each. */
const UNSPOKEN: Readonly<Record<string, string>> = {
  gsiftp: 'GridFTP is gone from most sites; ask for their davs:// address',
  ftp: 'ask the site for its https:// address',
  httpg: 'GSI over HTTP is gone; try https://',
  srm: 'ask the site for its davs:// address',
  root: 'ask the site for its davs:// address',
  rucio: 'name a replica by its davs:// address',
  ldap: 'that is a directory and holds no files',
  s3: 'define an endpoint at your node and order a transfer',
  sftp: 'define an endpoint at your node and order a transfer',
}
const METADATA = /(?::(?:checksumtype|checksumvalue|guid)=[^:/]*)+$/

/**
 * URLs as ARC writes them:
 * `proto://[user[:pass]@]host[:port][;option[=value]…]/path[:checksumtype=…:checksumvalue=…:guid=…][?query]`.
 * Which options mean something is not decided here. Anything wrong is a usage error without a secret in it.
 */
export function parseArcUrl(text: string): UrlLocation {
  const scheme = text.slice(0, text.indexOf('://')).toLowerCase()
  const rest = text.slice(scheme.length + 3)
  const protocol = getProtocol(scheme)
  checkNoIndex(scheme, rest)
  const [, authority = '', optionText = '', tail = ''] = /^([^;/?#]*)((?:;[^;/?#]*)*)(.*)$/s.exec(rest) ?? []
  const url = URL.parse(`${protocol}://${authority}/`)
  if (url === null || url.pathname !== '/') throw usageError(`${withoutSecret(text)} is not a URL.`)
  const [, rawPath = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(tail) ?? []
  const meta = METADATA.exec(rawPath)?.[0] ?? ''
  const path = rawPath.slice(0, rawPath.length - meta.length)
  return {
    kind: 'url',
    origin: url.origin,
    path: split(path, '/').map((name) => toName(name, text)),
    query,
    folder: path === '' || path.endsWith('/'),
    options: toOptions(optionText),
    ...toMetadata(meta),
    ...toCredentials(url, text),
  }
}

/** The URL again, without credentials: what `parseArcUrl` makes of it is the same but for those. */
export function formatArcUrl(location: UrlLocation): string {
  const { origin, options, path, folder, checksum, guid, query } = location
  const written = [...options].map(([name, value]) => (value === '' ? `;${name}` : `;${name}=${value}`))
  const names = path.map((name) => `/${encodeURIComponent(name)}`).join('')
  const meta = [
    checksum === undefined ? '' : `:checksumtype=${checksum.type}:checksumvalue=${checksum.value}`,
    guid === undefined ? '' : `:guid=${guid}`,
  ]
  return `${origin}${written.join('')}${names}${folder ? '/' : ''}${meta.join('')}${query}`
}

/** What the user wrote, fit for an error message: whatever stands before an `@` is left out. */
export function withoutSecret(text: string): string {
  return text.replace(/\/\/.*@/s, '//…@').replace(/[?#].*$/s, '')
}

/** Splits `;a=b;c` into names (lower-case) and values. */
export function toOptions(text: string): Map<string, string> {
  return new Map(split(text, ';').map(toOption))
}

/** Percent-decodes; a wrong percent sign is wrong usage of `whole`. */
export function decodeUrlPart(text: string, whole: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw usageError(`${withoutSecret(whole)} has a wrong percent sign; write a percent sign itself as %25.`)
  }
}

function getProtocol(scheme: string): string {
  if (Object.hasOwn(SPOKEN, scheme)) return SPOKEN[scheme] as string
  const remedy = Object.hasOwn(UNSPOKEN, scheme) ? ` To reach it: ${UNSPOKEN[scheme]}.` : ''
  throw usageError(`${scheme}:// is not spoken here; http, https, dav, davs and file are.${remedy}`)
}

/** `proto://;opt|url|url@host/lfn` names replicas in a catalogue, which no server of ours is. */
function checkNoIndex(scheme: string, rest: string): void {
  if (!/^;[^/@]*\||^[a-z][a-z0-9+]*:\/\/.*@|^[^/?#]*\|/is.test(rest)) return
  throw usageError(
    `An index URL (${scheme}://replica|replica@catalogue/name) needs a file catalogue, and none is spoken here; name the replica itself.`,
  )
}

function split(text: string, separator: string): string[] {
  return text.split(separator).filter((part) => part !== '')
}

function toOption(text: string): [string, string] {
  const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? []
  if (name === '') throw usageError(`";${text}" lacks the name of the option.`)
  return [name.toLowerCase(), value]
}

function toMetadata(meta: string): Pick<UrlLocation, 'checksum' | 'guid'> {
  const fields = new Map(split(meta, ':').map(toOption))
  const guid = fields.get('guid')
  const checksum = toChecksum(fields.get('checksumtype'), fields.get('checksumvalue'))
  return { ...(guid ? { guid } : {}), ...(checksum === undefined ? {} : { checksum }) }
}

/** A checksum that the user wrote. Leading zeros of the short ones get lost in the grid; they are given back. */
export function toChecksum(
  typeText: string | undefined,
  valueText: string | undefined,
): StatedChecksum | undefined {
  if (valueText === undefined || valueText === '') return undefined
  const type = CHECKSUM_TYPES.find((known) => known === typeText?.toLowerCase().replace('-', ''))
  if (type === undefined) throw usageError(`A checksum needs its type: ${CHECKSUM_TYPES.join(', ')}.`)
  const digits = HEX_DIGITS[type]
  const value = valueText.toLowerCase().padStart(digits === 8 ? 8 : 0, '0')
  if (!new RegExp(`^[0-9a-f]{${digits}}$`).test(value))
    throw usageError(`A checksum of type ${type} has ${digits} hexadecimal digits.`)
  return { type, value }
}

function toCredentials(url: URL, text: string): Pick<UrlLocation, 'credentials'> {
  if (url.username === '' && url.password === '') return {}
  const [user, password] = [url.username, url.password].map((part) => decodeUrlPart(part, text))
  return { credentials: { user: user ?? '', password: password ?? '' } }
}

function toName(encoded: string, whole: string): string {
  const name = decodeUrlPart(encoded, whole)
  if (name === '.' || name === '..' || /[/\0]/.test(name) || !name.isWellFormed())
    throw usageError(`${withoutSecret(whole)} holds a part that is no name.`)
  return name
}
