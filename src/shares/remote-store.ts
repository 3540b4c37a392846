import { ForbiddenError } from '../platform/errors.ts'
import type { Entry, Rights, StorePath } from '../store/types.ts'
import { ENTRY_PROPERTIES, propfindBody } from '../store/webdav-client/dav-client.ts'
import { toDavEntry } from '../store/webdav-client/dav-entry.ts'
import { DavStore } from '../store/webdav-client/dav-store.ts'
import type { RemoteDav } from './remote-dav.ts'
import { findRights, RIGHTS_PROPERTIES } from './remote-rights.ts'

const ROOT_BODY = propfindBody(ENTRY_PROPERTIES + RIGHTS_PROPERTIES)

export interface RemoteShareOptions {
  /** Id of the received share. */
  shareId: string
  rights: Rights
  dav: RemoteDav
  /** Called after every change made through this store. */
  onChange?: () => void
}

/** A share on another server. Code `SHARE_GONE` of its errors: the server no longer lets us in. */
export class RemoteShareStore extends DavStore {
  constructor({ shareId, ...options }: RemoteShareOptions) {
    super({ ...options, scope: `share:${shareId}` })
  }

  /**
   * What the root is now, with the rights that its server tells, where it tells any; the signal ends the wait
   * for a server that is slow.
   */
  async statRoot(signal: AbortSignal): Promise<Entry> {
    const { self } = await this.options.dav.propfind([], '0', { body: ROOT_BODY, signal })
    return { ...toDavEntry(self, [], this.options), rights: findRights(self) ?? this.options.rights }
  }

  /** The root belongs to the owner; leaving the share is another thing and done elsewhere. */
  protected override refuseRoot(path: StorePath): void {
    if (path.length > 0) return
    throw new ForbiddenError(
      'The root of a share cannot be replaced, moved or deleted; leave the share instead.',
    )
  }
}
