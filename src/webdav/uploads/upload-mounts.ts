import type { Principal } from '../../platform/principal.ts'
import type { UploadArea } from '../../store/uploads/upload-area.ts'
import { UploadsStore } from '../../store/uploads/uploads-store.ts'
import type { DavMount, Drive } from '../mount.ts'
import { areaPrefixes, enterOwn } from '../own-area.ts'
import { uploadMethods } from './upload-methods.ts'

export interface UploadMountDeps {
  areaOf(userId: string): UploadArea
  openDrive(principal: Principal): Promise<Drive>
}

/** Unfinished uploads at `/dav/uploads/<user>/<id>/<part>`; another user's are not there (404). */
export function uploadMounts({ areaOf, openDrive }: UploadMountDeps): DavMount[] {
  return areaPrefixes('uploads').map((prefix) => ({
    prefix,
    async open(request) {
      const { principal, path } = await enterOwn(request, 'There are no such uploads, or they are not yours.')
      const { userId } = principal
      const area = areaOf(userId)
      const limitBytes = async () => wholeDrive(await openDrive(principal))
      const store = new UploadsStore(area, limitBytes)
      return { key: `uploads:${userId}`, store: () => store, path, userId, methods: uploadMethods(area) }
    },
  }))
}

/** Unfinished uploads may hold as much as the whole drive; a file that replaces another needs no more. */
async function wholeDrive(drive: Drive): Promise<number | undefined> {
  const { usedBytes, availableBytes } = await drive.store([]).quota()
  return availableBytes === undefined ? undefined : usedBytes + availableBytes
}
