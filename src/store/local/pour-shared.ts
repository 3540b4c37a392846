import type { FileHandle } from 'node:fs/promises'
import type { HashThreads, RemoteHash } from '../hashing/hash-threads.ts'
import type { Checksums, ChecksumType } from '../types.ts'
import { checkLength, Flusher, type PourOptions } from './pour.ts'

/** From here on it pays to let another thread compute the checksums. */
export const SHARED_FROM_BYTES = 4 * 1024 * 1024
const SLOT_BYTES = 512 * 1024
/** One is filled while the others are hashed and written. */
const SLOTS = 4

/** Memory that is done with, for the next body: fresh memory has to be cleared first. */
const spare: SharedArrayBuffer[] = []
const MAX_SPARE = 4

export interface SharedPour {
  threads: HashThreads
  types: readonly ChecksumType[]
}

/**
 * Writes a large body as `pour` does, with the checksums computed beside: bytes are copied into memory that
 * a thread reads, too. Undefined, and nothing taken from the source, when there is no thread for it.
 */
export async function pourShared(
  source: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  { threads, types }: SharedPour,
  options: PourOptions,
): Promise<{ sizeBytes: number; checksums: Checksums } | undefined> {
  const memory = spare.pop() ?? new SharedArrayBuffer(SLOTS * SLOT_BYTES)
  const hash = threads.begin(memory, types)
  if (hash === undefined) return undefined
  const ring = new Ring(memory, { handle, hash, isFlushed: options.isFlushed })
  const { declaredBytes = Number.POSITIVE_INFINITY } = options
  let sizeBytes = 0
  try {
    for await (const chunk of source) {
      sizeBytes += chunk.length
      if (sizeBytes > declaredBytes) checkLength(sizeBytes, declaredBytes)
      await ring.add(chunk)
    }
    await ring.end()
    return { sizeBytes, checksums: await hash.checksums() }
  } finally {
    await ring.idle() // neither file nor memory may be given away under those who still use them
    hash.drop()
    if (spare.length < MAX_SPARE) spare.push(memory)
  }
}

interface RingDeps {
  handle: FileHandle
  hash: RemoteHash
  isFlushed: boolean
}

/** Shared memory in slots that take turns: filled, then hashed and written at the same time. */
class Ring {
  private readonly slots: Uint8Array[]
  private readonly busy: Promise<unknown>[]
  private readonly deps: RingDeps
  private readonly flusher: Flusher
  private turn = 0
  private filledBytes = 0
  private position = 0

  constructor(memory: SharedArrayBuffer, deps: RingDeps) {
    this.deps = deps
    this.flusher = new Flusher(deps.handle, deps.isFlushed)
    this.slots = Array.from({ length: SLOTS }, (_, i) => new Uint8Array(memory, i * SLOT_BYTES, SLOT_BYTES))
    this.busy = this.slots.map(() => Promise.resolve())
  }

  async add(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.length; ) {
      if (this.filledBytes === 0) await this.busy[this.turn]
      const slot = this.slots[this.turn] as Uint8Array
      const piece = chunk.subarray(taken, taken + SLOT_BYTES - this.filledBytes)
      slot.set(piece, this.filledBytes)
      taken += piece.length
      this.filledBytes += piece.length
      if (this.filledBytes === SLOT_BYTES) this.ship()
    }
  }

  /** Resolves when all is hashed and written. */
  async end(): Promise<void> {
    if (this.filledBytes > 0) this.ship()
    await Promise.all(this.busy)
    await this.flusher.idle()
  }

  /** Resolves when nobody uses memory or file any more, whatever became of it. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.busy, this.flusher.idle()])
  }

  private ship(): void {
    const { handle, hash } = this.deps
    const slot = (this.slots[this.turn] as Uint8Array).subarray(0, this.filledBytes)
    const written = writeAt(handle, slot, this.position)
    const hashed = hash.update(this.turn * SLOT_BYTES, slot.length)
    const both = Promise.allSettled([written, hashed]).then(() => Promise.all([written, hashed]))
    both.catch(() => undefined) // looked at when the slot is wanted again, or at the end
    this.busy[this.turn] = both
    this.flusher.written(slot.length)
    this.position += slot.length
    this.filledBytes = 0
    this.turn = (this.turn + 1) % SLOTS
  }
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}
