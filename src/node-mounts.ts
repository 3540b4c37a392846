import type { FacesBase, Rooms } from './node-faces.ts'
import { linkMounts } from './node-link-mounts.ts'
import { shareMounts } from './node-share-mounts.ts'
import type { Principal } from './platform/principal.ts'
import { Resumables } from './store/uploads/resumable.ts'
import {
  bulkMounts,
  type DavMount,
  driveMounts,
  resumablePlace,
  trashMounts,
  tusMounts,
  uploadMounts,
  versionMounts,
} from './webdav/index.ts'

/** What WebDAV opens, and where. */
export function createMounts(
  { config, clock }: Pick<FacesBase, 'config' | 'clock'>,
  rooms: Rooms,
): DavMount[] {
  const openDrive = ({ userId }: Principal) => rooms.shares.drives.openDrive(userId)
  const basePath = new URL(config.publicUrl).pathname.replace(/\/$/, '')
  const tus = { uploads: new Resumables(rooms.uploads, clock), basePath }
  return [
    ...driveMounts(openDrive, (principal) => resumablePlace(tus, principal)),
    ...tusMounts({ ...tus, openDrive }),
    ...bulkMounts(openDrive),
    ...uploadMounts({ openDrive, areaOf: (userId) => rooms.uploads.areaOf(userId) }),
    ...trashMounts({ openDrive, trashOf: (userId) => rooms.spaces.trashOf(userId) }),
    ...versionMounts({ openDrive, ...versionsOf(rooms) }),
    ...shareMounts(rooms.shares),
    ...linkMounts(rooms.shares.links),
  ]
}

/** Versions of a user's own files; a file of another drive has none here, whoever asks. */
export function versionsOf({ spaces }: Rooms) {
  return {
    versionsOf: (userId: string) => spaces.versionsOf(userId),
    findPath: async (userId: string, fileId: string) => {
      const found = await spaces.findFile(fileId)
      return found?.ownerUserId === userId ? found.path : undefined
    },
  }
}
