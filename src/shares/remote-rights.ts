import type { Rights } from '../store/types.ts'
import {
  type DavResource,
  OPEN_CLOUD_MESH,
  OPEN_COLLABORATION,
  OWNCLOUD,
} from '../store/webdav-client/multistatus.ts'

/** Nextcloud's bits; beside these 8 is delete. */
const READ = 1
const UPDATE = 2
const CREATE = 4
const SHARE = 16

/** The properties that say what may be done with a share, the plainest first; of its root. */
export const RIGHTS_PROPERTIES = '<ocm:share-permissions/><ocs:share-permissions/><oc:permissions/>'

/**
 * What the server of a share says of our rights in one of the three ways; undefined when it says nothing.
 * Where a part of writing is allowed it counts as writing, and the server refuses the rest.
 */
export function findRights({ properties }: DavResource): Rights | undefined {
  return (
    fromWords(properties.get(`${OPEN_CLOUD_MESH}share-permissions`)) ??
    fromNumber(properties.get(`${OPEN_COLLABORATION}share-permissions`)) ??
    fromLetters(properties.get(`${OWNCLOUD}permissions`))
  )
}

/** `["share","read","write"]` */
function fromWords(text = ''): Rights | undefined {
  if (!text.startsWith('[')) return undefined
  const has = (word: string) => text.includes(`"${word}"`)
  return { read: has('read'), write: has('write'), share: has('share') }
}

function fromNumber(text = ''): Rights | undefined {
  if (!/^\d{1,3}$/.test(text)) return undefined
  const bits = Number(text)
  return { read: (bits & READ) > 0, write: (bits & (UPDATE | CREATE)) > 0, share: (bits & SHARE) > 0 }
}

/** `RGDNVW`; ownCloud 10 has no letter for reading, which goes without saying there. */
function fromLetters(text = ''): Rights | undefined {
  if (!/^[A-Z]+$/.test(text)) return undefined
  return { read: true, write: /[WCK]/.test(text), share: text.includes('R') }
}
