import { NotFoundError } from '../platform/errors.ts'
import type { Principal } from '../platform/principal.ts'
import type { DavMount, Drive, ResumablePlace } from './mount.ts'

/** Addresses that name the user in the path, and the older ones of the sync clients that do not. */
const WITH_USER = ['/dav/files/', '/remote.php/dav/files/']
const WITHOUT_USER = ['/remote.php/webdav/', '/webdav/']

type OpenDrive = (principal: Principal) => Promise<Drive>

/** The drives of the node's users at all their addresses. Another user's drive is not there (404). */
export function driveMounts(
  openDrive: OpenDrive,
  resumableOf?: (principal: Principal) => ResumablePlace,
): DavMount[] {
  const options = { openDrive, resumableOf }
  return [
    ...WITH_USER.map((prefix) => driveMount(prefix, options, true)),
    ...WITHOUT_USER.map((prefix) => driveMount(prefix, options, false)),
  ]
}

interface DriveOptions {
  openDrive: OpenDrive
  resumableOf: ((principal: Principal) => ResumablePlace) | undefined
}

function driveMount(prefix: string, { openDrive, resumableOf }: DriveOptions, hasUser: boolean): DavMount {
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
        ...(resumableOf === undefined ? {} : { resumable: resumableOf(principal) }),
        path: hasUser ? segments.slice(1) : segments,
        userId: principal.userId,
      }
    },
  }
}
