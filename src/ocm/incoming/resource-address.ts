import { OutboundError } from '../../platform/outbound-error.ts'
import { trimmedOf } from '../../platform/trim.ts'
import { findHost } from '../address.ts'
import type { PeerInfo } from '../peer-info.ts'
import type { DataOffer, OcmShare } from '../types.ts'
import { OcmRefusal } from './ocm-answer.ts'
import type { Reception } from './reception.ts'

/** Where Nextcloud and ownCloud 10 serve their shares, should their discovery not say it. */
const CLASSIC_PREFIX = '/public.php/webdav/'

/**
 * The absolute address of what was shared. One that we could never open is refused now, while the sender
 * is there to be told. Throws `OcmRefusal`, or `PeerError` when the sender's prefix is not to be had.
 */
export async function resourceAddress(
  room: Pick<Reception, 'discovery' | 'outbound' | 'log'>,
  share: OcmShare,
  peerHost: string,
): Promise<string> {
  const { uri } = share.webdav
  const isAbsolute = /^[a-z][a-z0-9+.-]*:/i.test(uri)
  const url = isAbsolute ? uri : composed(await room.discovery.discover(peerHost), share)
  // Reva has sent addresses with the scheme twice; `https` would be the name of the server.
  if (/^https?:\/*https?:/i.test(url)) throw invalid(share)
  try {
    await room.outbound.check(url)
  } catch (error) {
    if (isForbidden(error)) throw invalid(share)
    room.log.info({ peer: peerHost, err: error }, 'shared resource is not reachable yet')
  }
  return url
}

function invalid({ webdav }: OcmShare, message = 'INVALID_FORMAT'): OcmRefusal {
  return OcmRefusal.invalid({ name: webdav.uriMember ?? 'protocol.webdav.uri', message })
}

/**
 * The offer of data that lies at `url`. What is to be copied in bulk, perhaps without anybody looking, comes from the
 * sender's own host or from that of its announced end point, and from nowhere else: for the rest it is an ordinary
 * share. Throws `OcmRefusal` where it would be nothing else.
 */
export async function offerAt(
  { discovery }: Pick<Reception, 'discovery'>,
  share: OcmShare,
  { peerHost, url }: { peerHost: string; url: string },
): Promise<DataOffer | undefined> {
  const { dataOffer } = share.webdav
  if (dataOffer === undefined || findHost(url) === peerHost) return dataOffer
  const peer = await discovery.discover(peerHost).catch(() => undefined)
  if (peer !== undefined && findHost(url) === findHost(peer.endPoint)) return dataOffer
  if (dataOffer === 'only') throw invalid(share, 'HOST_NOT_ALLOWED')
  return undefined
}

function isForbidden(error: unknown): boolean {
  return error instanceof OutboundError && (error.reason === 'bad-url' || error.reason === 'address-refused')
}

/** A relative URI is a key below the sender's WebDAV prefix (OCM 1.4 "Resource Access"). */
function composed(peer: PeerInfo, share: OcmShare): string {
  const isClassic = share.webdav.access === 'basic'
  const prefix = findPrefix(peer, share.resourceType) ?? (isClassic ? CLASSIC_PREFIX : undefined)
  if (prefix === undefined) throw invalid(share)
  const { uri } = share.webdav
  const origin = `${new URL(peer.endPoint).protocol}//${peer.host}`
  const root = trimmedOf(prefix, '/')
  // In the old form the prefix is the root of the share itself.
  if (uri === '') return `${origin}/${root}/`
  // Reva takes what begins with a slash for a path of its host; ours must at least lie below the prefix.
  const key = trimmedOf(uri, '/')
  const isWhole = uri.startsWith('/') && (key === root || key.startsWith(`${root}/`))
  const path = isWhole ? [key] : [root, key]
  return `${origin}/${path.filter((part) => part !== '').join('/')}`
}

/** Of the share's own resource type, or of any: files and folders lie at the same place. */
function findPrefix({ resourceTypes }: PeerInfo, name: string): string | undefined {
  const withPath = resourceTypes.filter((type) => type.webdavPath !== undefined)
  const own = withPath.find((type) => type.name === name) ?? withPath.find((type) => type.name === 'file')
  return (own ?? withPath[0])?.webdavPath
}
