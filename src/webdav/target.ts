import { BadRequestError } from '../platform/errors.ts'
import { checkPath } from '../store/paths.ts'
import type { StorePath } from '../store/types.ts'

/** Where a request points: how it was written, and which names that means. */
export interface DavTarget {
  /** The path as the client wrote it, without scheme, host and query; hrefs in answers start with it. */
  rawPath: string
  /** The names, decoded once, empty ones dropped (`//` means `/` for lookup). */
  segments: StorePath
  /** What stands behind the question mark, as the client wrote it. */
  query?: string
  /** Lower-case authority when an absolute URL was sent. */
  authority?: string
  scheme?: string
}

const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s
const SCHEMES = new Set(['http', 'https', 'dav', 'davs'])

/**
 * Reads a request target, a `Destination` or a resource tag: a path, or an absolute URL (ARC sends
 * `PROPFIND dav://host/dir`). Percent-decoding happens once, here and nowhere else; `..`, encoded
 * slashes, NUL, a fragment and broken encodings are `BadRequestError`.
 */
export function parseTarget(text: string): DavTarget {
  const absolute = ABSOLUTE.exec(text)
  if (absolute === null) return { ...parseRawPath(text) }
  const [, scheme = '', authority = '', rest = ''] = absolute
  if (!SCHEMES.has(scheme.toLowerCase())) {
    throw new BadRequestError(`An address of the kind ${scheme}: is not one of WebDAV.`)
  }
  return {
    ...parseRawPath(rest === '' ? '/' : rest),
    scheme: scheme.toLowerCase(),
    authority: authority.slice(authority.lastIndexOf('@') + 1).toLowerCase(),
  }
}

/** Bytes that a client sent without encoding them, one character each; as UTF-8 they are encoded here. */
function encodeRawBytes(text: string): string {
  return text.replace(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}

function parseRawPath(sent: string): DavTarget {
  const text = encodeRawBytes(sent)
  // A fragment never travels in a request; deleting `/a` for `/a#b` would be the wrong resource.
  if (text.includes('#')) throw new BadRequestError('The address carries a fragment; write # as %23.')
  if (!text.startsWith('/')) throw new BadRequestError('The address must be an absolute path or URL.')
  const query = text.indexOf('?')
  const rawPath = query < 0 ? text : text.slice(0, query)
  const segments = rawPath.split('/').filter((segment) => segment !== '')
  const decoded = segments.map(decodeSegment)
  checkPath(decoded)
  return { rawPath, segments: decoded, ...(query < 0 ? {} : { query: text.slice(query + 1) }) }
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new BadRequestError('The address is not valid percent-encoded UTF-8.', { code: 'INVALID_ENCODING' })
  }
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  http: ':80',
  dav: ':80',
  https: ':443',
  davs: ':443',
}

/** True when the target names this node: by path only, or by one of its own hosts. */
export function isOwnTarget(target: DavTarget, ownHosts: readonly string[]): boolean {
  if (target.authority === undefined) return true
  const host = withoutDefaultPort(target.authority, DEFAULT_PORTS[target.scheme ?? ''] ?? '')
  return ownHosts.some((own) => own.toLowerCase().replace(/:(80|443)$/, '') === host)
}

function withoutDefaultPort(authority: string, port: string): string {
  return port !== '' && authority.endsWith(port) ? authority.slice(0, -port.length) : authority
}

const PLAIN_NAME = /^[A-Za-z0-9._~-]*$/

/** A name as one segment of a path in a URL. */
export function encodeName(name: string): string {
  return PLAIN_NAME.test(name) ? name : encodeURIComponent(name.toWellFormed())
}

/** The address of a folder: what was asked, with a slash at its end. */
export function folderHref(rawPath: string): string {
  return rawPath.endsWith('/') ? rawPath : `${rawPath}/`
}

/** The address `levels` names above the one that was asked, as it was written there. */
export function ancestorHref(rawPath: string, levels: number): string {
  let href = rawPath
  for (let i = 0; i < levels; i++) href = href.replace(/[^/]+\/*$/, '')
  return href
}
