import { Pool } from 'undici'
import type { RunningPeer } from '../types.ts'
import { expectStatus } from './exchange.ts'

/** Makes a collection below the base of a server. */
export async function makeCollection(peer: RunningPeer, name: string): Promise<string> {
  const url = `${peer.baseUrl}${name}/`
  await expectStatus({ method: 'MKCOL', url, headers: peer.headers }, 201)
  return url
}

/** Removes a file or collection, by WebDAV, so that no server is surprised by it. */
export async function remove(peer: RunningPeer, url: string): Promise<void> {
  await expectStatus({ method: 'DELETE', url, headers: peer.headers }, 200, 204)
}

/** Uploads `count` files named `<prefix><number>` into a collection. */
export async function seedFiles(
  peer: RunningPeer,
  collectionUrl: string,
  files: { prefix: string; count: number; sizeBytes: number },
): Promise<void> {
  const { origin, pathname } = new URL(collectionUrl)
  const pool = new Pool(origin, { connections: 16, pipelining: 1 })
  const body = Buffer.alloc(files.sizeBytes, 'x')
  let next = 0
  const worker = async () => {
    while (next < files.count) {
      const path = `${pathname}${files.prefix}${next++}`
      const answer = await pool.request({ method: 'PUT', path, body, headers: peer.headers })
      const text = await answer.body.text()
      if (answer.statusCode >= 300) throw new Error(`PUT ${path}: ${answer.statusCode} ${text.slice(0, 300)}`)
    }
  }
  try {
    await Promise.all(Array.from({ length: 16 }, worker))
  } finally {
    await pool.destroy()
  }
}
