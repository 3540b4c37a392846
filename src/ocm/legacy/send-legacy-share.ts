import { formatAddress } from '../address.ts'
import { PeerError } from '../peer-error.ts'
import type { PeerInfo } from '../peer-info.ts'
import type { OcmShare } from '../types.ts'
import { postLegacy } from './post-legacy.ts'
import { shareNumber } from './share-number.ts'

/** Of Nextcloud's and ownCloud's numbers; the oldest pass it over. */
const USER_OF_ANOTHER_SERVER = '6'

/**
 * Sends a share to a server from before OCM: as a form, under a number, to be opened with the secret as the
 * user name of Basic at `/public.php/webdav` of `publicUrl`. What it cannot say is not sent: shares with
 * groups, and those that demand an exchange of tokens. Throws `PeerError`.
 */
export async function sendLegacyShare(
  room: Parameters<typeof postLegacy>[0],
  peer: PeerInfo,
  { share, publicUrl }: { share: OcmShare; publicUrl: string },
  signal?: AbortSignal,
): Promise<void> {
  checkTakes(peer, share)
  const form = {
    shareWith: share.shareWith.id,
    token: share.webdav.sharedSecret,
    name: share.name,
    remoteId: shareNumber(share.providerId),
    owner: share.owner.id,
    ownerFederatedId: formatAddress(share.owner),
    sharedBy: share.sender.id,
    sharedByFederatedId: formatAddress(share.sender),
    // With a slash at its end, as they write it: what follows is appended.
    remote: `${publicUrl.replace(/\/$/, '')}/`,
    shareType: USER_OF_ANOTHER_SERVER,
  }
  await postLegacy(room, peer, { subject: 'share', path: '', form }, signal)
}

function checkTakes({ host }: PeerInfo, { shareType, webdav }: OcmShare): void {
  const why =
    shareType === 'group'
      ? 'takes no shares with a group'
      : webdav.requirements?.length
        ? 'cannot exchange tokens, which this share demands'
        : undefined
  if (why !== undefined)
    throw new PeerError('unsupported', host, `${host} ${why}: it is older than Open Cloud Mesh.`)
}
