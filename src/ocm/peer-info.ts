/** The forms of messages that servers take, named after who wants them (`ocm/dialects/`). */
export const DIALECTS = ['standard', 'older', 'nextcloud', 'owncloud10', 'ocis', 'reva'] as const
export type Dialect = (typeof DIALECTS)[number]

/** What discovery says about a peer, read leniently (OCM 1.4 API Discovery). */
export interface PeerInfo {
  host: string
  /** Where the document was found in the end; left out for one that was made up from the configuration. */
  foundAt?: string
  apiVersion: string
  provider: string
  /** Without trailing slash. */
  endPoint: string
  capabilities: string[]
  criteria: string[]
  resourceTypes: {
    name: string
    shareTypes: string[]
    webdavPath?: string
    /** `protocols.webdav-receive.uri`: the form of address this server can receive. */
    webdavReceive?: 'absolute' | 'relative'
    /** `protocols.datatx-receive`: makes copies of what it is offered, and tells how they end. */
    takesData?: boolean
  }[]
  /** Has no OCM, but the interface from before it: `endPoint` is where that takes shares (`ocm/legacy`). */
  isLegacy?: boolean
  /** The resource types stood in `shareTypes`, as ownCloud 10 has it. */
  hasShareTypes?: boolean
  inviteAcceptDialog?: string
  jwksUri?: string
  /** Where secrets are exchanged for access tokens (OCM 1.4 "Code Flow"). */
  tokenEndPoint?: string
  /** The key of draft-cavage signatures (Nextcloud 31 to 33); not in the text of OCM any more. */
  publicKey?: { keyId: string; publicKeyPem: string }
}
