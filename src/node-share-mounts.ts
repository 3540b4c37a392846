import { openLink } from './node-link-mounts.ts'
import { isLinkToken, type Shares } from './shares/index.ts'
import type { DavMount } from './webdav/index.ts'

/** `isOld`: the secret came as the user name of Basic, by which OCM 1.0 names a share. */
interface Presented {
  secret: string
  isOld: boolean
}

/**
 * Shares as their recipients on other servers read them; the secret of the share, or a token for it, is the
 * only key. At the second kind of address the secret alone names the share, whose root is the address itself.
 */
export function shareMounts(shares: Shares): DavMount[] {
  return [
    ...['/dav/ocm/', '/remote.php/dav/ocm/'].map((prefix) => mountById(prefix, shares)),
    mountBySecret('/public.php/webdav/', shares),
  ]
}

/** Who knows OCM 1.0 only takes the prefix of discovery for the root of its share here, too. */
function mountById(prefix: string, shares: Shares): DavMount {
  return {
    prefix,
    async open({ segments, authorization }) {
      const { secret, isOld } = presented(authorization)
      const [shareId = '', ...names] = segments
      const access = await shares.openShareAccess(secret, isOld ? undefined : shareId)
      const inside = access.shareId === shareId ? names : segments
      return { ...access, path: access.pathOf(inside), userId: access.lockUserId }
    },
  }
}

function mountBySecret(prefix: string, shares: Shares): DavMount {
  return {
    prefix,
    async open(request) {
      const { segments, authorization } = request
      const { secret, isOld } = presented(authorization)
      // Public links have the same address, as at Nextcloud; their tokens have a form of their own.
      if (isOld && isLinkToken(secret)) return await openLink(shares.links, secret, request)
      const access = await shares.openShareAccess(secret)
      return { ...access, path: access.pathOf(segments), userId: access.lockUserId }
    },
  }
}

/** Of `Bearer`, or the user name of `Basic` (OCM 1.0, Reva), with which servers send any password or none. */
function presented(authorization = ''): Presented {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization.trim()) ?? []
  if (scheme.toLowerCase() === 'bearer') return { secret: value, isOld: false }
  return { secret: Buffer.from(value, 'base64').toString('utf8').split(':', 1)[0] ?? '', isOld: true }
}
