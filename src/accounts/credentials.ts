/** What an `Authorization` header holds, not yet proven. */
export type Credentials =
  | { scheme: 'basic'; name: string; password: string }
  | { scheme: 'bearer'; token: string }

/** Marks our app passwords, so that logs and secret scanners can recognise one. */
const PREFIX = 'cw'

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
  return `${PREFIX}_${id.replaceAll('-', '')}_${secret}`
}

/** The parts of an app password, or undefined when the text has not its form. */
export function parseAppPassword(text: string): { id: string; secret: string } | undefined {
  const match = /^cw_([0-9a-f]{32})_([A-Za-z0-9_-]{20,})$/.exec(text)
  if (match === null) return undefined
  const hex = match[1] as string
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { id, secret: match[2] as string }
}
