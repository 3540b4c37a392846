import type { FileHandle } from 'node:fs/promises'
import type { HashThreads, RemoteHash } from '../hashing/hash-threads.ts'
import type { Checksums, ChecksumType } from '../types.ts'
import { Flusher } from './flusher.ts'

/** From here on it pays to let another thread compute the checksums. */
export const SHARED_FROM_BYTES = 4 * 1024 * 1024
const SLOT_BYTES = 512 * 1024
/** One is filled while the others are hashed and written. */
const SLOTS = 4

/** Memory that is done with, for the next body: fresh memory has to be cleared first. */
const spare: SharedArrayBuffer[] = []
const MAX_SPARE = 4

/** Whose checksums, and by which threads. */
export interface SharedHashing {
  threads: HashThreads
  types: readonly ChecksumType[]
}

/**
 * Writes a content while another thread computes its checksums: bytes are copied into slots of shared memory
 * that take turns, and each is hashed and written at the same time. To be closed in any case.
 */
export class SharedRing {
  private readonly handle: FileHandle
  private readonly hash: RemoteHash
  private readonly memory: SharedArrayBuffer
  private readonly flusher: Flusher
  private readonly slots: Uint8Array[]
  private readonly busy: Promise<unknown>[]
  private turn = 0
  private filledBytes = 0
  private position = 0

  private constructor(
    handle: FileHandle,
    { memory, hash, isFlushed }: { memory: SharedArrayBuffer; hash: RemoteHash; isFlushed: boolean },
  ) {
    this.handle = handle
    this.hash = hash
    this.memory = memory
    this.flusher = new Flusher(handle, isFlushed)
    this.slots = Array.from({ length: SLOTS }, (_, i) => new Uint8Array(memory, i * SLOT_BYTES, SLOT_BYTES))
    this.busy = this.slots.map(() => Promise.resolve())
  }

  /** For a file that is written from its start; undefined where there is no thread for it. */
  static open(
    handle: FileHandle,
    { threads, types }: SharedHashing,
    isFlushed: boolean,
  ): SharedRing | undefined {
    const memory = spare.pop() ?? new SharedArrayBuffer(SLOTS * SLOT_BYTES)
    const hash = threads.begin(memory, types)
    return hash && new SharedRing(handle, { memory, hash, isFlushed })
  }

  /** Takes bytes that are to be written; waits while all slots are in use. */
  add(chunk: Uint8Array): Promise<void> {
    return this.take(chunk, true)
  }

  /** Bytes that stand in the file already, and are only hashed; before the first `add`. */
  async keep(chunk: Uint8Array): Promise<void> {
    await this.take(chunk, false)
    this.ship(false)
  }

  /** Resolves when all that was taken is hashed and written. */
  async drain(): Promise<void> {
    this.ship(true)
    await Promise.all(this.busy)
    await this.flusher.idle()
  }

  /** Ends the hash; `drain` comes first. */
  checksums(): Promise<Checksums> {
    return this.hash.checksums()
  }

  /** Gives the memory back when neither file nor thread use it any more, whatever became of them. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.busy, this.flusher.idle()])
    this.hash.drop()
    if (spare.length < MAX_SPARE) spare.push(this.memory)
  }

  private async take(chunk: Uint8Array, isNew: boolean): Promise<void> {
    for (let taken = 0; taken < chunk.length; ) {
      if (this.filledBytes === 0) await this.busy[this.turn]
      const slot = this.slots[this.turn] as Uint8Array
      const piece = chunk.subarray(taken, taken + SLOT_BYTES - this.filledBytes)
      slot.set(piece, this.filledBytes)
      taken += piece.length
      this.filledBytes += piece.length
      if (this.filledBytes === SLOT_BYTES) this.ship(isNew)
    }
  }

  private ship(isNew: boolean): void {
    if (this.filledBytes === 0) return
    const slot = (this.slots[this.turn] as Uint8Array).subarray(0, this.filledBytes)
    const written = isNew ? writeAt(this.handle, slot, this.position) : undefined
    const hashed = this.hash.update(this.turn * SLOT_BYTES, slot.length)
    const both = Promise.allSettled([written, hashed]).then(() => Promise.all([written, hashed]))
    both.catch(() => undefined) // looked at when the slot is wanted again, or at the end
    this.busy[this.turn] = both
    if (isNew) this.flusher.written(slot.length)
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
