import type { Principal } from '../platform/principal.ts'
import type { DavMount, DavSession, Drive, ResumablePlace } from './mount.ts'
import { areaPrefixes, enterOwn } from './own-area.ts'
import { limitedTo } from './scopes/scoped-session.ts'

/** Addresses that name the user in the path, and the older ones of the sync clients that do not. */
const WITH_USER = areaPrefixes('files')
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
    takesScopes: true,
    async open(request) {
      const { principal, path } = hasUser
        ? await enterOwn(request, 'There is no such drive, or it is not yours.')
        : { principal: await request.authenticate(), path: request.segments }
      const drive = await openDrive(principal)
      const session: DavSession = {
        key: drive.key,
        store: (lockTokens) => drive.store(lockTokens),
        ...(drive.sharedAs === undefined ? {} : { sharedAs: drive.sharedAs }),
        ...(resumableOf === undefined ? {} : { resumable: resumableOf(principal) }),
        path,
        userId: principal.userId,
        isOwner: true,
        isThirdPartyCopied: true,
        asker: principal,
      }
      return principal.scope === undefined ? session : limitedTo(principal.scope, session)
    },
  }
}
