import { expectStatus } from '../clients/exchange.ts'
import { remove } from '../clients/seed.ts'
import type { Bench, Case, Contestant, RunningPeer } from '../types.ts'
import { formatBytes } from '../units.ts'

/** One large file down. It was just read once, so it comes from memory on every server. */
export const getLarge: Case = {
  name: 'get-large',
  group: 'webdav',
  title: ({ largeBytes }) => `GET ${formatBytes(largeBytes)}`,
  unit: 's',
  compares: ['server'],
  async open({ peers, sizes, stack }) {
    for (const peer of peers) {
      const url = `${peer.baseUrl}large-get`
      await put(peer, url, sizes.largeBytes)
      stack.defer(() => remove(peer, url))
    }
    return peers.map((peer) => ({
      ...peer,
      measure: () => get(peer, `${peer.baseUrl}large-get`, sizes.largeBytes),
    }))
  },
}

/** One large file up, under a new name. */
export const putLarge: Case = {
  name: 'put-large',
  group: 'webdav',
  title: ({ largeBytes }) => `PUT ${formatBytes(largeBytes)}`,
  unit: 's',
  compares: ['server'],
  open: async ({ peers, sizes }: Bench) => peers.map((peer) => uploader(peer, sizes.largeBytes)),
}

function uploader(peer: RunningPeer, sizeBytes: number): Contestant {
  const urlOf = (round: number) => `${peer.baseUrl}large-put-${round}`
  return {
    ...peer,
    measure: (round) => put(peer, urlOf(round), sizeBytes),
    tidy: (round) => remove(peer, urlOf(round)),
  }
}

/** Uploads that many bytes; gives the seconds it took. */
export async function put(peer: RunningPeer, url: string, sizeBytes: number): Promise<number> {
  const request = { method: 'PUT', url, headers: peer.headers, sendBytes: sizeBytes }
  return (await expectStatus(request, 200, 201, 204)).seconds
}

/** Downloads a file of that size; gives the seconds it took. Throws when less comes. */
export async function get(peer: RunningPeer, url: string, sizeBytes: number): Promise<number> {
  const outcome = await expectStatus({ method: 'GET', url, headers: peer.headers }, 200)
  if (outcome.bodyBytes < sizeBytes) throw new Error(`GET ${url}: only ${outcome.bodyBytes} bytes came`)
  return outcome.seconds
}
