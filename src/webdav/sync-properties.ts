import { escapeText } from '../platform/xml.ts'
import { syncTokenOf } from '../store/catalogue/sync-token.ts'
import type { LiveProperty, PropertySource } from './live-property.ts'
import { DAV } from './wire.ts'

/** What makes a URI of a store's token (RFC 6578 4 asks for one). */
const URI_START = 'urn:causeway:sync:'

export function toSyncUri(token: string): string {
  return URI_START + token
}

/** The token in a URI of ours; undefined for any other. */
export function fromSyncUri(uri: string): string | undefined {
  return uri.startsWith(URI_START) ? uri.slice(URI_START.length) : undefined
}

function syncToken({ entry, syncToken: token }: PropertySource): string | undefined {
  if (entry.kind !== 'folder' || token === undefined) return undefined
  return escapeText(toSyncUri(syncTokenOf(entry.id, token)))
}

const SYNC_COLLECTION = '<d:supported-report><d:report><d:sync-collection/></d:report></d:supported-report>'

/** RFC 6578 4, RFC 3253 3.1.5. */
export const syncProperties: readonly LiveProperty[] = [
  { namespace: DAV, name: 'sync-token', isInAllprop: false, needs: 'sync', render: syncToken },
  {
    namespace: DAV,
    name: 'supported-report-set',
    isInAllprop: false,
    needs: 'sync',
    render: ({ entry, syncToken: token }) =>
      entry.kind === 'folder' && token !== undefined ? SYNC_COLLECTION : '',
  },
]
