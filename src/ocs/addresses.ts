import type { OcsVersion } from '../platform/ocs-envelope.ts'

/** What an address of this room means. */
export type OcsPlace =
  | { kind: 'status' }
  | { kind: 'no-content' }
  | { kind: 'operation'; version: OcsVersion; path: string }
  | { kind: 'login-start' }
  | { kind: 'login-poll' }
  | { kind: 'login-flow'; token: string }
  | { kind: 'share-info' }

const FIXED: ReadonlyMap<string, OcsPlace> = new Map([
  ['/status.php', { kind: 'status' }],
  ['/204', { kind: 'no-content' }],
  ['/login/v2', { kind: 'login-start' }],
  ['/login/v2/poll', { kind: 'login-poll' }],
  ['/apps/files_sharing/shareinfo', { kind: 'share-info' }],
])

/** Reads a path below `basePath` (the path of `publicUrl`); `/index.php` in front changes nothing. */
export function findPlace(fullPath: string, basePath: string): OcsPlace | undefined {
  const own = fullPath.startsWith(`${basePath}/`) ? fullPath.slice(basePath.length) : fullPath
  const path = own.replace(/\/{2,}/g, '/').replace(/^\/index\.php(?=\/)/, '')
  const fixed = FIXED.get(path)
  if (fixed !== undefined) return fixed
  const [, version, below] = /^\/ocs\/v([12])\.php\/(.+?)\/?$/.exec(path) ?? []
  if (below !== undefined) return { kind: 'operation', version: version === '1' ? '1' : '2', path: below }
  const [, token] = /^\/login\/v2\/flow\/([A-Za-z0-9_-]{1,200})$/.exec(path) ?? []
  return token === undefined ? undefined : { kind: 'login-flow', token }
}
