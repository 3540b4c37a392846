import { setTimeout as delay } from 'node:timers/promises'
import { Pool } from 'undici'
import type { RunningPeer } from '../types.ts'
import { exchange, expectStatus } from './exchange.ts'

/** Makes a collection below the base of a server. */
export async function makeCollection(peer: RunningPeer, name: string): Promise<string> {
  const url = `${peer.baseUrl}${name}/`
  await expectStatus({ method: 'MKCOL', url, headers: peer.headers }, 201)
  return url
}

/**
 * Removes a file or collection, by WebDAV, so that no server is surprised by it. A load generator that
 * ends leaves uploads behind that are still being written; some servers fail to remove a folder then, so
 * it is tried until it is gone, for at most 10 s.
 */
export async function remove(peer: RunningPeer, url: string): Promise<void> {
  const deadline = performance.now() + 10_000
  const request = { method: 'DELETE', url, headers: peer.headers }
  while (performance.now() < deadline) {
    const { status } = await exchange(request)
    if (status === 200 || status === 204 || status === 404) return
    await delay(100)
  }
  await expectStatus(request, 200, 204, 404)
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
