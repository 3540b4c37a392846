import type { Outbound } from '../platform/outbound.ts'
import { DavClient } from '../store/webdav-client/dav-client.ts'
import type { CredentialSource } from './credential.ts'
import { shareErrors } from './remote-errors.ts'

export interface RemoteDavOptions {
  /** Host of the peer, as people know it. */
  host: string
  rootUrl: string
  credentials: CredentialSource
  outbound: Outbound
}

/** Speaks WebDAV to the server of one share: no redirects, errors as `AppError`s. */
export class RemoteDav extends DavClient<CredentialSource> {
  constructor(options: RemoteDavOptions) {
    super({ ...options, errors: shareErrors })
  }
}
