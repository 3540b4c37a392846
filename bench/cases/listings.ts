import { expectStatus } from '../clients/exchange.ts'
import { makeCollection, remove, seedFiles } from '../clients/seed.ts'
import type { Case, RunningPeer } from '../types.ts'

/** What a file manager asks for. */
const BODY = `<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:"><d:prop>
<d:resourcetype/><d:getcontentlength/><d:getlastmodified/><d:getetag/>
</d:prop></d:propfind>`
const REPEATS = 3

/** A folder with that many files listed by PROPFIND, Depth 1. */
export function listing(entries: number): Case {
  return {
    name: `propfind-${entries}`,
    title: () => `PROPFIND Depth 1, ${entries.toLocaleString('en')} entries`,
    unit: 'ms',
    usesPeers: true,
    async open({ peers, stack }) {
      const urls = new Map<string, string>()
      for (const peer of peers) {
        const url = await makeCollection(peer, `listing-${entries}`)
        stack.defer(() => remove(peer, url))
        await seedFiles(peer, url, { prefix: 'file-', count: entries, sizeBytes: 16 })
        urls.set(peer.name, url)
      }
      return peers.map((peer) => ({
        ...peer,
        measure: () => list(peer, urls.get(peer.name) ?? '', entries),
      }))
    },
  }
}

/** The mean of some listings one after the other, in milliseconds; every answer is counted. */
async function list(peer: RunningPeer, url: string, entries: number): Promise<number> {
  const headers = { ...peer.headers, Depth: '1', 'Content-Type': 'application/xml' }
  let seconds = 0
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const outcome = await expectStatus({ method: 'PROPFIND', url, headers, body: BODY, keep: true }, 207)
    seconds += outcome.seconds
    const found = outcome.text.match(/<\/(?:\w+:)?response>/g)?.length ?? 0
    // A chunk's border may lie within a tag and hide it.
    if (found < entries * 0.98 || found > entries + 1) {
      throw new Error(`PROPFIND of ${url} listed ${found} entries instead of ${entries + 1}`)
    }
  }
  return (seconds / REPEATS) * 1000
}
