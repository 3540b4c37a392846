import { decodeUrlPart, parseArcUrl, toOptions, type UrlLocation, withoutSecret } from './arc-url.ts'
import { usageError } from './exit.ts'

export type Location =
  /** `options`: those of ARC, written behind the host: `file://localhost;exec=yes/data/x`. */
  | { kind: 'local'; path: string; folder: boolean; options?: Map<string, string> }
  /** `-`: standard input or output. */
  | { kind: 'standard' }
  /** A drive of a profile, or of the login in force when `profile` is undefined. */
  | { kind: 'drive'; profile: string | undefined; path: string[]; folder: boolean }
  | UrlLocation

export type RemoteLocation = Exclude<Location, { kind: 'local' } | { kind: 'standard' }>

/**
 * One side of `cp`: `drive:/a/b`, `PROFILE:/a/b` and http, https, dav and davs URLs are remote, `-` is
 * standard input or output, and everything else is a local path (`file:///a/b` too).
 */
export function parseLocation(text: string, profiles: ReadonlySet<string>): Location {
  if (text === '') throw usageError('An empty location means nothing.')
  if (text === '-') return { kind: 'standard' }
  if (/^[#@]|^urllist:\/\//i.test(text))
    throw usageError(
      `${withoutSecret(text)} is no place; lists are read by cp only, and a file of that name begins with ./`,
    )
  const prefix = /^([A-Za-z0-9][\w+.-]*):/.exec(text)?.[1]
  if (prefix === undefined) return toLocal(text)
  if (/^file:\/\//i.test(text)) return parseFileUrl(text)
  if (text.startsWith(`${prefix}://`)) return parseArcUrl(text)
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

/** `file://[localhost][;option…]/path`: a path of this machine. */
function parseFileUrl(text: string): Location {
  const [, host = '', options = '', path = ''] = /^file:\/\/([^/;]*)((?:;[^/;]*)*)(.*)$/is.exec(text) ?? []
  if (!/^(localhost)?$/i.test(host) || path === '')
    throw usageError('A file URL names a path of this machine: file:///path.')
  const location = toLocal(decodeUrlPart(path, text))
  return options === '' ? location : { ...location, options: toOptions(options) }
}

function toLocal(path: string): Extract<Location, { kind: 'local' }> {
  return { kind: 'local', path, folder: /[/\\]$/.test(path) || /(^|[/\\])\.{1,2}$/.test(path) }
}

function toDrive(path: string, profile: string | undefined): RemoteLocation {
  return { kind: 'drive', profile, path: parseDrivePath(path), folder: path === '' || path.endsWith('/') }
}
