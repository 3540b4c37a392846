import { findHost, formatAddress, withoutHost } from '../address.ts'
import type { Dialect, PeerInfo } from '../peer-info.ts'
import type { OcmAddress, OcmShare, ResourceType } from '../types.ts'
import { dialectOf, isClassic } from './dialect.ts'

/** Nextcloud looks the permissions up under this name of a property; it is a constant of the form. */
const PERMISSIONS_PROPERTY = '{http://open-cloud-mesh.org/ns}share-permissions'

/** Below this path our shares lie, whatever stands before it; what follows is the relative form of an address. */
const OWN_PREFIX = '/dav/ocm/'

/**
 * Writes `POST /shares` in the form that `peer` takes. Sender and owner are named in every spelling,
 * for members beside `protocol` that are not known are passed over by all.
 */
export function writeShare(
  share: OcmShare,
  peer: PeerInfo,
  dialect: Dialect = dialectOf(peer),
): Record<string, unknown> {
  const sender = formatAddress(share.sender)
  return {
    shareWith: formatAddress(recipientFor(dialect, share.shareWith)),
    name: share.name,
    description: share.description,
    providerId: share.providerId,
    owner: formatAddress(share.owner),
    ownerDisplayName: share.ownerDisplayName,
    sender,
    senderDisplayName: share.senderDisplayName,
    sharedBy: sender,
    sharedByDisplayName: share.senderDisplayName,
    shareType: share.shareType,
    resourceType: resourceTypeFor(dialect, share.resourceType, peer),
    ...(share.expiresAtMs === undefined ? {} : { expiration: Math.floor(share.expiresAtMs / 1000) }),
    protocol: isClassic(dialect) ? classicProtocol(share) : multiProtocol(share, peer, dialect),
  }
}

function classicProtocol({ webdav }: OcmShare): object {
  return {
    name: 'webdav',
    options: { sharedSecret: webdav.sharedSecret, permissions: PERMISSIONS_PROPERTY },
  }
}

/** Members that only one form knows are left out of the others: oCIS and Reva refuse some of them. */
function multiProtocol({ webdav }: OcmShare, peer: PeerInfo, dialect: Dialect): object {
  const { sharedSecret, permissions, sizeBytes, requirements = [] } = webdav
  const uri = takesRelative(peer, dialect) ? relativeUri(webdav.uri) : webdav.uri
  return {
    name: 'multi',
    webdav: {
      uri,
      ...(dialect === 'ocis' ? { url: uri } : {}),
      sharedSecret,
      permissions,
      ...(offersTo(peer, dialect, webdav) ? { accessTypes: accessTypesOf(webdav) } : {}),
      ...(requirements.length === 0 || dialect === 'ocis' ? {} : { requirements }),
      ...(sizeBytes === undefined || dialect !== 'standard' ? {} : { size: sizeBytes }),
    },
  }
}

/**
 * Whether this form of the share says that its data may be taken. Only to who announces that it takes them: Reva
 * would begin a transfer of its own that cannot end, and strict readers refuse what they do not know. For all
 * others it is an ordinary share.
 */
export function offersTo(peer: PeerInfo, dialect: Dialect, webdav: OcmShare['webdav']): boolean {
  if (webdav.dataOffer === undefined || dialect !== 'standard') return false
  return takesData(peer)
}

/** Whether a peer announces that it makes copies of what it is offered, and tells and hears of them. */
export function takesData({ resourceTypes }: PeerInfo): boolean {
  return resourceTypes.some((type) => type.takesData === true)
}

/** OCM 1.3 and later; `remote` beside it lets people look before they take. */
function accessTypesOf({ dataOffer }: OcmShare['webdav']): string[] {
  return dataOffer === 'only' ? ['datatx'] : ['remote', 'datatx']
}

function takesRelative(peer: PeerInfo, dialect: Dialect): boolean {
  const isSpecified = dialect === 'standard' || dialect === 'older'
  return isSpecified && peer.resourceTypes.some((type) => type.webdavReceive === 'relative')
}

function relativeUri(uri: string): string {
  const at = uri.indexOf(OWN_PREFIX)
  return at < 0 ? uri : uri.slice(at + OWN_PREFIX.length)
}

/**
 * Nextcloud and ownCloud 10 know files only and take folders under that name, as does any peer that
 * lists nothing else; oCIS lists files only, but asks for a file and a folder at different addresses.
 */
function resourceTypeFor(dialect: Dialect, type: ResourceType, peer: PeerInfo): ResourceType {
  if (isClassic(dialect)) return 'file'
  if (dialect === 'ocis') return type
  const names = peer.resourceTypes.map((entry) => entry.name)
  return type === 'folder' && !names.includes('folder') && names.includes('file') ? 'file' : type
}

/** OpenCloud tells its people's ids as base64 of `id@https://host` and takes shares for the bare id only. */
export function recipientFor(dialect: Dialect, { id, host }: OcmAddress): OcmAddress {
  if (dialect !== 'ocis') return { id, host }
  const decoded = Buffer.from(id, 'base64').toString('utf8')
  const at = decoded.lastIndexOf('@')
  const isWrapped = /^[\x21-\x7e]+$/.test(decoded) && at > 0 && findHost(decoded.slice(at + 1)) === host
  return { id: withoutHost(isWrapped ? decoded : id, host), host }
}
