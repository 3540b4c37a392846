import type { Dialect, PeerInfo } from '../peer-info.ts'

/** The classic access point of Nextcloud and ownCloud 10. */
const PUBLIC_WEBDAV = /\/public\.php\/webdav\/?$/
/** Reva joins its paths, which eats the slash at the end. */
const REVA_WEBDAV = /\/remote\.php\/dav\/ocm$/
const OCIS_WEBDAV = /\/dav\/ocm\/?$/
const OCIS_NAMES = /opencloud|ocis|infinite scale/i

/**
 * Which form of messages a peer takes, by what its discovery says. Capabilities go before versions:
 * Reva tells Nextcloud another version than others, and Nextcloud 32 has three of them.
 */
export function dialectOf(peer: PeerInfo): Dialect {
  if (peer.hasShareTypes) return 'owncloud10'
  const path = peer.resourceTypes.find((type) => type.webdavPath !== undefined)?.webdavPath ?? ''
  const minor = minorVersion(peer.apiVersion)
  if (!takesProtocolObjects(peer)) {
    if (/^nextcloud\b/i.test(peer.provider)) return 'nextcloud'
    if (minor < 2 && PUBLIC_WEBDAV.test(path)) return 'nextcloud'
    if (OCIS_NAMES.test(peer.provider)) return 'ocis'
    if (minor < 2 && OCIS_WEBDAV.test(path) && peer.capabilities.includes('invites')) return 'ocis'
  }
  if (REVA_WEBDAV.test(path)) return 'reva'
  return minor < 4 ? 'older' : 'standard'
}

/** The form to try when a peer refuses the shape of a share: the other one of the two families. */
export function nextDialect(dialect: Dialect): Dialect {
  return isClassic(dialect) ? 'older' : 'nextcloud'
}

/** OCM 1.0: the secret alone, no address; requirements have no place in it. */
export function isClassic(dialect: Dialect): boolean {
  return dialect === 'nextcloud' || dialect === 'owncloud10'
}

function takesProtocolObjects(peer: PeerInfo): boolean {
  return (
    peer.capabilities.includes('protocol-object') ||
    peer.resourceTypes.some((type) => type.webdavReceive !== undefined)
  )
}

/** 4 for `1.4.0`, 0 for `1.0-proposal1`. */
function minorVersion(apiVersion: string): number {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(apiVersion) ?? []
  return Number(major ?? 1) > 1 ? Number.POSITIVE_INFINITY : Number(minor ?? 0)
}
