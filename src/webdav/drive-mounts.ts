import { NotFoundError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'
import type { DavMount, Drive } from './mount.ts'

/** Addresses that name the user in the path, and the older ones of the sync clients that do not. */
const WITH_USER = ['/dav/files/', '/remote.php/dav/files/']
const WITHOUT_USER = ['/remote.php/webdav/', '/webdav/']

/** The drives of the node's users at all their addresses. Another user's drive is not there (404). */
export function driveMounts(openDrive: (principal: Principal) => Promise<Drive>): DavMount[] {
  return [
    ...WITH_USER.map((prefix) => driveMount(prefix, openDrive, true)),
    ...WITHOUT_USER.map((prefix) => driveMount(prefix, openDrive, false)),
  ]
}

function driveMount(
  prefix: string,
  openDrive: (principal: Principal) => Promise<Drive>,
  hasUser: boolean,
): DavMount {
  return {
    prefix,
    async open({ segments, authenticate }) {
      const principal = await authenticate()
      const owner = hasUser ? segments[0] : principal.userName
      if (owner !== principal.userName && owner !== principal.userId) {
        throw new NotFoundError('There is no such drive, or it is not yours.')
      }
      const drive = await openDrive(principal)
      return {
        key: drive.key,
        store: (lockTokens) => drive.store(lockTokens),
        ...(drive.sharedAs === undefined ? {} : { sharedAs: drive.sharedAs }),
        path: hasUser ? segments.slice(1) : segments,
        userId: principal.userId,
      }
    },
  }
}
