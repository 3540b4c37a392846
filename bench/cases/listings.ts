import { expectStatus } from '../clients/exchange.ts'
import { makeCollection, remove, seedFiles } from '../clients/seed.ts'
import type { Case, RunningPeer, Sizes } from '../types.ts'

/** What a file manager asks for. */
const FILE_MANAGER = `<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:"><d:prop>
<d:resourcetype/><d:getcontentlength/><d:getlastmodified/><d:getetag/>
</d:prop></d:propfind>`

/** What the desktop client of Nextcloud asks for (version 3.7); servers that know no oc: say so or nothing. */
const SYNC_CLIENT = `<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop>
<d:resourcetype/><d:getlastmodified/><d:getcontentlength/><d:getetag/>
<oc:size/><oc:id/><oc:fileid/><oc:downloadURL/><oc:dDC/><oc:permissions/><oc:checksums/><oc:share-types/>
</d:prop></d:propfind>`
const REPEATS = 3

export const listUsual = listing('propfind-1000', FILE_MANAGER, (sizes) => sizes.listing.usual)
export const listLarge = listing('propfind-10000', FILE_MANAGER, (sizes) => sizes.listing.large)
export const listForSync = listing('propfind-oc', SYNC_CLIENT, (sizes) => sizes.listing.large)

/** A folder with that many files listed by PROPFIND, Depth 1. */
function listing(name: string, body: string, entriesOf: (sizes: Sizes) => number): Case {
  const what = body === SYNC_CLIENT ? ', with oc: properties' : ''
  return {
    name,
    group: 'webdav',
    title: (sizes) => `PROPFIND Depth 1, ${entriesOf(sizes).toLocaleString('en')} entries${what}`,
    unit: 'ms',
    compares: ['server'],
    async open({ peers, stack, sizes }) {
      const entries = entriesOf(sizes)
      const urls = new Map<string, string>()
      for (const peer of peers) {
        const url = await makeCollection(peer, `listing-${name}`)
        stack.defer(() => remove(peer, url))
        await seedFiles(peer, url, { prefix: 'file-', count: entries, sizeBytes: 16 })
        urls.set(peer.name, url)
      }
      return peers.map((peer) => ({
        ...peer,
        measure: () => list(peer, { url: urls.get(peer.name) ?? '', entries, body, repeats: REPEATS }),
      }))
    },
  }
}

export interface Listing {
  url: string
  /** How many members the answer must hold, besides the folder itself. */
  entries: number
  repeats: number
  body?: string
}

/** The mean of some listings one after the other, in milliseconds; every answer is counted. */
export async function list(peer: RunningPeer, listing: Listing): Promise<number> {
  const { url, entries, repeats, body = FILE_MANAGER } = listing
  const headers = { ...peer.headers, Depth: '1', 'Content-Type': 'application/xml' }
  let seconds = 0
  for (let repeat = 0; repeat < repeats; repeat++) {
    const outcome = await expectStatus({ method: 'PROPFIND', url, headers, body, keep: true }, 207)
    seconds += outcome.seconds
    const found = outcome.text.match(/<\/(?:\w+:)?response>/g)?.length ?? 0
    // A chunk's border may lie within a tag and hide it.
    if (found < entries * 0.98 || found > entries + 1) {
      throw new Error(`PROPFIND of ${url} listed ${found} entries instead of ${entries + 1}`)
    }
  }
  return (seconds / repeats) * 1000
}
