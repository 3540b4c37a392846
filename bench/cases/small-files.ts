import { type Load, runLoad } from '../clients/load.ts'
import { makeCollection, remove, seedFiles } from '../clients/seed.ts'
import type { Bench, Case, Contestant, RunningPeer } from '../types.ts'
import { formatBytes } from '../units.ts'

/** Many small files down, over and over. */
export const getSmall: Case = {
  name: 'get-small',
  group: 'webdav',
  title: ({ smallBytes, connections }) => `GET ${formatBytes(smallBytes)}, ${connections} connections`,
  unit: 'req/s',
  compares: ['server', 'reader'],
  async open(bench) {
    const { sizes, peers, stack } = bench
    const contestants: Contestant[] = []
    for (const peer of peers) {
      const url = await makeCollection(peer, 'small-get')
      stack.defer(() => remove(peer, url))
      await seedFiles(peer, url, { prefix: 'f', count: sizes.smallFiles, sizeBytes: sizes.smallBytes })
      const load = loadOf(bench, peer, {
        method: 'GET',
        path: `${new URL(url).pathname}f`,
        among: sizes.smallFiles,
      })
      contestants.push({ ...peer, measure: () => runLoad(load) })
    }
    return contestants
  },
}

/** Many small files up, each under a new name, all in one folder. */
export const putSmall: Case = {
  name: 'put-small',
  group: 'webdav',
  title: ({ smallBytes, connections }) => `PUT ${formatBytes(smallBytes)}, ${connections} connections`,
  unit: 'req/s',
  compares: ['server'],
  open: async (bench) => bench.peers.map((peer) => uploader(bench, peer)),
}

function uploader(bench: Bench, peer: RunningPeer): Contestant {
  const nameOf = (round: number) => `small-put-${round}`
  return {
    ...peer,
    async measure(round) {
      const url = await makeCollection(peer, nameOf(round))
      return runLoad(loadOf(bench, peer, { method: 'PUT', path: `${new URL(url).pathname}f` }))
    },
    tidy: (round) => remove(peer, `${peer.baseUrl}${nameOf(round)}/`),
  }
}

function loadOf(
  { sizes, folder }: Bench,
  peer: RunningPeer,
  what: Pick<Load, 'method' | 'path' | 'among'>,
): Load {
  return {
    peer,
    folder,
    connections: sizes.connections,
    seconds: sizes.loadSeconds,
    bodyBytes: sizes.smallBytes,
    ...what,
  }
}
