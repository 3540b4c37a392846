import { expectStatus } from '../clients/exchange.ts'
import { remove } from '../clients/seed.ts'
import { TREE_FOLDER } from '../peers/tree.ts'
import { type Case, type Contestant, type RunningPeer, TREE_FOLDER_FILES } from '../types.ts'
import { list } from './listings.ts'

const REPEATS = 20
const FILE_BYTES = 1024
const ETAG = `<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/></d:prop></d:propfind>`

/** One folder out of ever more is listed. */
export const treeList = treeCase('tree-list', `list a folder of ${TREE_FOLDER_FILES} files`, (peer) => ({
  ...peer,
  measure: () =>
    list(peer, { url: `${peer.baseUrl}${TREE_FOLDER}`, entries: TREE_FOLDER_FILES, repeats: REPEATS }),
  remark: () => peer.startNote,
}))

/** A small file goes into a folder three levels deep. */
export const treePut = treeCase('tree-put', 'PUT of 1 KiB three levels deep', (peer) =>
  uploader(peer, async () => undefined),
)

/** The same, until the root of the drive shows another etag: what a sync client looks at. */
export const treeEtag = treeCase('tree-etag', 'PUT, and the new etag of the root is read', (peer) => {
  let last: string | undefined
  return uploader(peer, async () => {
    const etag = await rootEtag(peer)
    if (etag === last) throw new Error('the etag of the root is the one before the PUT')
    last = etag
  })
})

function treeCase(name: string, title: string, contestantOf: (peer: RunningPeer) => Contestant): Case {
  return {
    name,
    group: 'webdav',
    title: () => title,
    unit: 'ms',
    compares: ['tree'],
    open: async ({ peers }) => peers.map(contestantOf),
  }
}

/** Uploads one after the other; the mean in milliseconds of each with what comes after it. */
function uploader(peer: RunningPeer, andThen: () => Promise<void>): Contestant {
  const urlOf = (round: number, index: number) => `${peer.baseUrl}${TREE_FOLDER}new-${round}-${index}`
  const indexes = Array.from({ length: REPEATS }, (_, index) => index)
  return {
    ...peer,
    async measure(round) {
      const started = performance.now()
      for (const index of indexes) {
        const url = urlOf(round, index)
        await expectStatus({ method: 'PUT', url, headers: peer.headers, sendBytes: FILE_BYTES }, 201)
        await andThen()
      }
      return (performance.now() - started) / REPEATS
    },
    async tidy(round) {
      for (const index of indexes) await remove(peer, urlOf(round, index))
    },
  }
}

async function rootEtag(peer: RunningPeer): Promise<string> {
  const headers = { ...peer.headers, Depth: '0', 'Content-Type': 'application/xml' }
  const request = { method: 'PROPFIND', url: peer.baseUrl, headers, body: ETAG, keep: true }
  const found = /getetag>([^<]+)</.exec((await expectStatus(request, 207)).text)?.[1]
  if (found === undefined) throw new Error('the root of the drive has no etag')
  return found
}
