import { parentPort } from 'node:worker_threads'
import { ContentHash } from '../../platform/running-hash.ts'
import { answerLine } from '../../platform/thread-line.ts'
import type { Checksums, ChecksumType } from '../types.ts'

/** What the thread is told. `id` names one content; the messages about it are taken in their order. */
export type HashRequest =
  | { id: number; kind: 'begin'; types: readonly ChecksumType[]; memory: SharedArrayBuffer }
  | { id: number; kind: 'update'; start: number; length: number }
  | { id: number; kind: 'end' }
  | { id: number; kind: 'drop' }

interface Running {
  hash: ContentHash
  bytes: Uint8Array
}

/** The program of the thread: checksums of contents that lie in shared memory. Those of `end` are the answer. */
export function createHashing(): (request: HashRequest) => Checksums {
  const running = new Map<number, Running>()
  return (request) => {
    const { id } = request
    if (request.kind === 'begin') {
      const hash = new ContentHash(request.types)
      running.set(id, { hash, bytes: new Uint8Array(request.memory) })
      return {}
    }
    const content = running.get(id)
    if (content === undefined) return {}
    if (request.kind === 'update') {
      content.hash.update(content.bytes.subarray(request.start, request.start + request.length))
      return {}
    }
    running.delete(id)
    return request.kind === 'end' ? content.hash.checksums() : {}
  }
}

if (parentPort !== null) answerLine(parentPort, createHashing())
