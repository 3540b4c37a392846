import { ACTIVITIES, type AccessScope, type Activity, type Grant } from '../../platform/access-scope.ts'
import { BadRequestError } from '../../platform/errors.ts'
import type { StorePath } from '../../store/types.ts'
import { parseTarget } from '../target.ts'
import { parseActivity } from './activities.ts'

/** The capabilities of the WLCG token profile, by what they let a bearer do. */
const CAPABILITIES: ReadonlyMap<string, readonly Activity[]> = new Map([
  ['storage.stat', ['LIST']],
  ['storage.read', ['LIST', 'DOWNLOAD']],
  ['storage.stage', ['LIST', 'DOWNLOAD']],
  ['storage.create', ['UPLOAD']],
  ['storage.modify', ['UPLOAD', 'MANAGE', 'DELETE']],
])

export const SCOPE_NAMES = [...CAPABILITIES.keys()]

/** The addresses of drives, for clients that name files by address and not by their place in the drive. */
const DRIVES = [
  ['dav', 'files', ''],
  ['remote.php', 'dav', 'files', ''],
  ['remote.php', 'webdav'],
  ['webdav'],
]

const MAX_SCOPES = 32

/**
 * The `scope` of a token request: `storage.read:/x` with a path in the drive, or `DOWNLOAD:/dav/files/ann/x` as
 * gfal writes it. Scopes that are about no files (`openid`) are passed over. Throws `BadRequestError` when
 * nothing is left, or a path is none.
 */
export function parseScopes(text: string, userName: string): AccessScope {
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (words.length > MAX_SCOPES) throw wrong(`More than ${MAX_SCOPES} scopes are not possible.`)
  const grants = words.flatMap((word) => parseScope(word, userName))
  if (grants.length > 0) return grants
  throw wrong('The scope names no files; write storage.read:/path or storage.modify:/path.')
}

function parseScope(word: string, userName: string): Grant[] {
  const [, name = '', address] = /^([^:]+):(\/.*)$/.exec(word) ?? [undefined, word, undefined]
  const isActivity = ACTIVITIES.some((one) => one === name.toUpperCase()) || /_METADATA$/i.test(name)
  const activities = isActivity ? [parseActivity(name)] : CAPABILITIES.get(name)
  if (activities === undefined) return []
  if (address === undefined) throw wrong(`The scope ${name} needs a path, as in ${name}:/path.`)
  const { segments } = parseTarget(address)
  return [{ path: [...(isActivity ? inDrive(segments, userName) : segments)], activities }]
}

function inDrive(segments: StorePath, userName: string): StorePath {
  const prefix = DRIVES.find((names) =>
    names.every((name, index) => segments[index] === (name === '' ? userName : name)),
  )
  return segments.slice(prefix?.length ?? 0)
}

function wrong(message: string): BadRequestError {
  return new BadRequestError(message, { code: 'INVALID_SCOPE' })
}

/** The words of a scope that was given, as they stand in the answer. */
export function formatScopes(scope: AccessScope): string {
  return scope.map(formatGrant).join(' ')
}

function formatGrant({ path, activities }: Grant): string {
  const text = `/${path.map(encodeURIComponent).join('/')}`
  const known = [...CAPABILITIES].find(
    ([, all]) => all.length === activities.length && all.every((one) => activities.includes(one)),
  )
  const names = known === undefined ? activities : [known[0]]
  return names.map((name) => `${name}:${text}`).join(' ')
}
