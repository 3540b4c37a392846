import { type AccessScope, type Activity, isGranted } from '../../platform/access-scope.ts'
import { ForbiddenError } from '../../platform/errors.ts'
import type { ResourceKey } from '../../store/types.ts'
import type { DavSession } from '../mount.ts'
import { ScopedStore } from './scoped-store.ts'

const LOCKERS: readonly Activity[] = ['UPLOAD', 'MANAGE']
const ANY: readonly Activity[] = ['LIST', 'DOWNLOAD', 'UPLOAD', 'MANAGE', 'DELETE']

/** What the method needs at the address itself; of other paths it names, the store decides. */
const NEEDED: ReadonlyMap<string, readonly Activity[]> = new Map([
  ['OPTIONS', ANY],
  ['GET', ['DOWNLOAD']],
  ['HEAD', ['LIST', 'DOWNLOAD']],
  ['PROPFIND', ['LIST']],
  ['REPORT', ['LIST']],
  ['PUT', ['UPLOAD']],
  ['MKCOL', ['UPLOAD', 'MANAGE']],
  ['DELETE', ['DELETE']],
  ['PROPPATCH', ['MANAGE']],
  ['MOVE', ['MANAGE']],
  ['LOCK', LOCKERS],
  ['UNLOCK', LOCKERS],
])

/** The session of an asker with a token of limited power: its store says no to everything else. */
export function limitedTo(scope: AccessScope, session: DavSession): DavSession {
  const { resumable: _post, sharedAs: _shares, isOwner: _ends, ...rest } = session
  return { ...rest, scope, store: (lockTokens) => new ScopedStore(session.store(lockTokens), scope) }
}

/** Throws `ForbiddenError` when the token of the session is not for this method at this address. */
export function checkScope(
  { scope, path }: DavSession,
  method: string,
  header: (name: string) => string | undefined,
): void {
  if (scope === undefined) return
  if (isGranted(scope, path, neededBy(method, header))) return
  throw new ForbiddenError(`Your token is not for ${method} at this address; ask for one that is.`, {
    code: 'OUT_OF_SCOPE',
  })
}

/** Throws `ForbiddenError` where the token of the session may make a file, but not replace the one that is there. */
export function checkReplacing({ scope, path }: DavSession): void {
  if (scope === undefined || isGranted(scope, path, ['MANAGE', 'DELETE'])) return
  throw new ForbiddenError('Your token may make files here but not replace them; ask for one that may.', {
    code: 'OUT_OF_SCOPE',
  })
}

/**
 * A lock covers what lies below its root, and whoever may write there learns its token. Throws `ForbiddenError`
 * where the token of the session is not for the root of a lock that covers its address.
 */
export function checkLockRoot({ scope, path }: DavSession, here: ResourceKey, root: ResourceKey): void {
  if (scope === undefined) return
  const levelsUp = Math.max(0, here.path.length - root.path.length)
  if (isGranted(scope, path.slice(0, Math.max(0, path.length - levelsUp)), LOCKERS)) return
  throw new ForbiddenError('The lock is of a folder above; your token is not for that one.', {
    code: 'OUT_OF_SCOPE',
  })
}

function neededBy(method: string, header: (name: string) => string | undefined): readonly Activity[] {
  if (method === 'COPY') return header('source') === undefined ? ['DOWNLOAD'] : ['UPLOAD']
  return NEEDED.get(method) ?? []
}
