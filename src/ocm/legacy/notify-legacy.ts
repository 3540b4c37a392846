import type { NotificationType, OcmNotification } from '../notification.ts'
import { PeerError } from '../peer-error.ts'
import type { PeerInfo } from '../peer-info.ts'
import { postLegacy } from './post-legacy.ts'
import { shareNumber } from './share-number.ts'

interface Notice {
  action: string
  /** It is about a share of ours, which they know by its number. */
  isOurs: boolean
}

/** One who leaves declines, so `SHARE_UNSHARED` comes from senders only. */
const NOTICES: Partial<Record<NotificationType, Notice>> = {
  SHARE_ACCEPTED: { action: 'accept', isOurs: false },
  SHARE_DECLINED: { action: 'decline', isOurs: false },
  SHARE_UNSHARED: { action: 'unshare', isOurs: true },
  RESHARE_CHANGE_PERMISSION: { action: 'permissions', isOurs: true },
  SHARE_CHANGE_PERMISSION: { action: 'permissions', isOurs: true },
}

const BITS = { read: 1, write: 2 + 4 + 8, share: 16 } as const

/** Tells a server from before OCM about a share. Throws `PeerError`. */
export async function notifyLegacy(
  room: Parameters<typeof postLegacy>[0],
  peer: PeerInfo,
  { type, providerId, sharedSecret, permissions = [] }: OcmNotification,
  signal?: AbortSignal,
): Promise<void> {
  const notice = NOTICES[type]
  if (notice === undefined || sharedSecret === undefined) {
    throw new PeerError('unsupported', peer.host, `${peer.host} takes no such notice: it is older than OCM.`)
  }
  const { action, isOurs } = notice
  const id = isOurs ? shareNumber(providerId) : encodeURIComponent(providerId)
  const bits = permissions.reduce((sum, word) => sum + BITS[word], 0)
  const more: Record<string, string> = action === 'permissions' ? { permissions: String(bits) } : {}
  const form = { token: sharedSecret, ...more }
  await postLegacy(room, peer, { subject: 'notification', path: `/${id}/${action}`, form }, signal)
}
