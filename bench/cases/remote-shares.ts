import { makeCollection, remove, seedFiles } from '../clients/seed.ts'
import { callApi, type Mesh, startMesh } from '../peers/mesh.ts'
import type { Bench, Case, Contestant, RunningPeer } from '../types.ts'
import { formatBytes } from '../units.ts'
import { get, put } from './large-files.ts'
import { list } from './listings.ts'

const FOLDER = 'shared'
/** A second folder with the same: what is shared anew each time cannot be shared already. */
const FRESH_FOLDER = 'shared-anew'
const FILE = 'large'
const REPEATS = 3

/** A folder at another node listed by its recipient, and at that node by its owner. */
export const remoteList: Case = {
  name: 'remote-list',
  group: 'shares',
  title: ({ listing }) => `PROPFIND Depth 1 of a share, ${listing.large.toLocaleString('en')} entries`,
  unit: 'ms',
  compares: [],
  async open(bench) {
    const entries = bench.sizes.listing.large
    const mesh = await startMesh(bench.folder, bench.stack)
    const files = { prefix: 'file-', count: entries, sizeBytes: 16 }
    const url = await makeCollection(mesh.from, FOLDER)
    await seedFiles(mesh.from, url, files)
    await seedFiles(mesh.from, await makeCollection(mesh.from, FRESH_FOLDER), files)
    const share = await mesh.share(`/${FOLDER}`)
    return [
      remote(mesh, () => list(mesh.to, { url: `${share.url}/`, entries, repeats: REPEATS })),
      firstTime(mesh, entries),
      direct(mesh, () => list(mesh.from, { url, entries, repeats: REPEATS })),
    ]
  },
}

/** One large file at another node down, by its recipient and by its owner. */
export const remoteRead: Case = {
  name: 'remote-read',
  group: 'shares',
  title: ({ largeBytes }) => `GET ${formatBytes(largeBytes)} of a share`,
  unit: 's',
  compares: [],
  async open(bench) {
    const { largeBytes } = bench.sizes
    const { mesh, url, shareUrl } = await openShared(bench)
    await put(mesh.from, `${url}${FILE}`, largeBytes)
    return [
      remote(mesh, () => get(mesh.to, `${shareUrl}${FILE}`, largeBytes)),
      direct(mesh, () => get(mesh.from, `${url}${FILE}`, largeBytes)),
    ]
  },
}

/** One file up to another node under a new name, by the recipient of a folder there and by its owner. */
export const remoteWrite: Case = {
  name: 'remote-write',
  group: 'shares',
  title: ({ remoteWriteBytes }) => `PUT ${formatBytes(remoteWriteBytes)} into a share`,
  unit: 's',
  compares: [],
  async open(bench) {
    const { mesh, url, shareUrl } = await openShared(bench)
    const upload = (peer: RunningPeer, folderUrl: string, prefix: string) => ({
      measure: (round: number) => put(peer, `${folderUrl}${prefix}-${round}`, bench.sizes.remoteWriteBytes),
      tidy: (round: number) => remove(mesh.from, `${url}${prefix}-${round}`),
    })
    const [through, owner] = [upload(mesh.to, shareUrl, 'remote'), upload(mesh.from, url, 'direct')]
    return [
      { ...remote(mesh, through.measure), tidy: through.tidy },
      { ...direct(mesh, owner.measure), tidy: owner.tidy },
    ]
  },
}

/** An empty folder of the first node that the user of the second may read and write. */
async function openShared({ folder, stack }: Bench): Promise<{ mesh: Mesh; url: string; shareUrl: string }> {
  const mesh = await startMesh(folder, stack)
  const url = await makeCollection(mesh.from, FOLDER)
  const share = await mesh.share(`/${FOLDER}`, 'editor')
  return { mesh, url, shareUrl: `${share.url}/` }
}

function remote({ to }: Mesh, measure: Contestant['measure']): Contestant {
  return { name: 'remote', label: 'through a remote share', pid: to.pid, measure }
}

function direct({ from }: Mesh, measure: Contestant['measure']): Contestant {
  return { name: 'direct', label: 'from its own node', pid: from.pid, measure }
}

/** What the recipient waits for who opens a share that was accepted a moment ago. */
function firstTime(mesh: Mesh, entries: number): Contestant {
  let givenId = ''
  return {
    name: 'remote-first',
    label: 'through a remote share, first time',
    pid: mesh.to.pid,
    async measure() {
      const share = await mesh.share(`/${FRESH_FOLDER}`)
      givenId = share.givenId
      return await list(mesh.to, { url: `${share.url}/`, entries, repeats: 1 })
    },
    tidy: () => callApi(mesh.from, 'DELETE', `/shares/${givenId}`),
  }
}
