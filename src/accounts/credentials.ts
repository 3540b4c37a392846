/** What an `Authorization` header holds, not yet proven. */
export type Credentials =
  | { scheme: 'basic'; name: string; password: string }
  | { scheme: 'bearer'; token: string }

/** Marks our app passwords, so that logs and secret scanners can recognise one. */
const PREFIX = 'cw'
const TOKEN_PREFIX = 'cwt'

/** Reads `Basic` (RFC 7617, UTF-8) and `Bearer` (RFC 6750); undefined for anything else. */
export function parseAuthorization(header: string | undefined): Credentials | undefined {
  const match = /^(Basic|Bearer)\s+(\S+)\s*$/i.exec(header ?? '')
  if (match === null) return undefined
  const value = match[2] as string
  if (match[1]?.toLowerCase() === 'bearer') return { scheme: 'bearer', token: value }
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  return { scheme: 'basic', name: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The text a person copies: `cw_<id>_<secret>`; the id finds the row without a search over hashes. */
export function formatAppPassword(id: string, secret: string): string {
  return format(PREFIX, id, secret)
}

/** The parts of an app password, or undefined when the text has not its form. */
export function parseAppPassword(text: string): { id: string; secret: string } | undefined {
  return parse(PREFIX, text)
}

/** A token of limited power: `cwt_<id>_<secret>`. */
export function formatToken(id: string, secret: string): string {
  return format(TOKEN_PREFIX, id, secret)
}

export function parseToken(text: string): { id: string; secret: string } | undefined {
  return parse(TOKEN_PREFIX, text)
}

function format(prefix: string, id: string, secret: string): string {
  return `${prefix}_${id.replaceAll('-', '')}_${secret}`
}

function parse(prefix: string, text: string): { id: string; secret: string } | undefined {
  const match = /^([a-z]+)_([0-9a-f]{32})_([A-Za-z0-9_-]{20,})$/.exec(text)
  if (match === null || match[1] !== prefix) return undefined
  const hex = match[2] as string
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { id, secret: match[3] as string }
}
