import { type MessagePort, parentPort } from 'node:worker_threads'
import type { Checksums, ChecksumType } from '../types.ts'
import { ContentHash } from './content-hash.ts'

/** What the thread is told. `id` names one content; the messages about it are taken in their order. */
export type HashRequest =
  | { id: number; kind: 'begin'; types: readonly ChecksumType[]; memory: SharedArrayBuffer }
  | { id: number; kind: 'update'; start: number; length: number }
  | { id: number; kind: 'end' }
  | { id: number; kind: 'drop' }

/** One for each `update` and `end`; the checksums after the latter. */
export interface HashReply {
  id: number
  checksums?: Checksums
}

interface Running {
  hash: ContentHash
  bytes: Uint8Array
}

/** The program of the thread: checksums of contents that lie in shared memory. */
export function serveHashes(port: MessagePort): void {
  const running = new Map<number, Running>()
  const reply = (answer: HashReply) => port.postMessage(answer)
  port.on('message', (request: HashRequest) => {
    const { id } = request
    if (request.kind === 'begin') {
      const hash = new ContentHash({}, request.types)
      running.set(id, { hash, bytes: new Uint8Array(request.memory) })
      return
    }
    const content = running.get(id)
    if (content === undefined) return
    if (request.kind === 'update') {
      content.hash.update(content.bytes.subarray(request.start, request.start + request.length))
      return reply({ id })
    }
    running.delete(id)
    if (request.kind === 'end') reply({ id, checksums: content.hash.checksums() })
  })
}

if (parentPort !== null) serveHashes(parentPort)
