import { NotFoundError } from '../../platform/errors.ts'
import type { Principal } from '../../platform/principal.ts'
import type { DavMethod, DavMount, Drive } from '../mount.ts'
import { options } from '../options.ts'
import { bulkUpload } from './bulk.ts'

const PREFIXES = ['/dav/bulk/', '/remote.php/dav/bulk/']

const methods: ReadonlyMap<string, DavMethod> = new Map([
  ['OPTIONS', options],
  ['POST', bulkUpload],
])

/** `/dav/bulk`: many small files at once, into the drive of who asks. */
export function bulkMounts(openDrive: (principal: Principal) => Promise<Drive>): DavMount[] {
  return PREFIXES.map((prefix) => ({
    prefix,
    async open({ segments, authenticate }) {
      const principal = await authenticate()
      if (segments.length > 0) throw new NotFoundError('There is nothing below this address.')
      const drive = await openDrive(principal)
      const store = (lockTokens: readonly string[]) => drive.store(lockTokens)
      return { key: drive.key, store, path: [], userId: principal.userId, methods }
    },
  }))
}
