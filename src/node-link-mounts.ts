import { parseAuthorization } from './accounts/credentials.ts'
import type { PublicLinks } from './shares/index.ts'
import { type DavMount, type DavOpenRequest, type DavSession, dropMethods } from './webdav/index.ts'

/** Visitors are nobody whom the owner could ask to unlock. */
const MAX_LOCK_SECONDS = 600

/** Public links as WebDAV, by the token in the address; a password comes with Basic, under any name. */
export function linkMounts(links: PublicLinks): DavMount[] {
  return ['/public.php/dav/files/', '/dav/public/'].map((prefix) => ({
    prefix,
    open(request) {
      const [token = '', ...names] = request.segments
      return openLink(links, token, { ...request, segments: names })
    },
  }))
}

/** One visitor at one link, whose token stands in the address or, as with Nextcloud, is the name of Basic. */
export async function openLink(
  links: PublicLinks,
  token: string,
  { segments, authorization, clientAddress }: DavOpenRequest,
): Promise<DavSession> {
  const credentials = parseAuthorization(authorization)
  const password = credentials?.scheme === 'basic' ? credentials.password : undefined
  const visit = await links.visit(await links.open(token, { address: clientAddress, password }))
  return {
    key: visit.key,
    store: visit.store,
    path: visit.pathOf(segments),
    userId: visit.lockUserId,
    maxLockSeconds: MAX_LOCK_SECONDS,
    ...(visit.isDrop ? { methods: dropMethods } : {}),
  }
}
