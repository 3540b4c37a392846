import type { FileHandle } from 'node:fs/promises'
import { ContentHash } from '../../platform/running-hash.ts'
import type { HashThreads } from '../../store/hashing/hash-threads.ts'
import { GatheredWriter } from '../../store/local/gathered-writer.ts'
import { SHARED_FROM_BYTES, SharedRing } from '../../store/local/shared-ring.ts'
import type { Checksums, ChecksumType } from '../../store/types.ts'

/** Where the bytes of a part file go: to the disk and through the checksums. To be closed in any case. */
export interface PartSink {
  /** Bytes that stand in the file already; before the first `add`. */
  keep(chunk: Uint8Array): Promise<void>
  /** Takes a chunk, which must not change afterwards. Waits when writing is slower than receiving. */
  add(chunk: Uint8Array): Promise<void>
  /** Resolves when everything taken is in the hands of the file system. */
  drain(): Promise<void>
  /** Ends the hash; `drain` comes first. */
  checksums(): Promise<Checksums>
  /** Resolves when nobody uses the file any more. */
  close(): Promise<void>
}

export interface SinkOptions {
  types: readonly ChecksumType[]
  /** How long the file will be. */
  sizeBytes: number
  /** The file is to be on the disk when it is complete. */
  isFlushed: boolean
  /** Compute the checksums of large files; without them it is done on the main thread. */
  threads?: HashThreads | undefined
}

/** For a file that is written from its start, or from behind what is kept. */
export function openSink(handle: FileHandle, options: SinkOptions): PartSink {
  const { types, sizeBytes, isFlushed, threads } = options
  const isShared = threads !== undefined && sizeBytes >= SHARED_FROM_BYTES
  const shared = isShared ? SharedRing.open(handle, { threads, types }, isFlushed) : undefined
  return shared ?? new PlainSink(handle, types, isFlushed)
}

/** Hashes on the main thread, and writes in large pieces. */
class PlainSink implements PartSink {
  private readonly hash: ContentHash
  private readonly writer: GatheredWriter

  constructor(handle: FileHandle, types: readonly ChecksumType[], isFlushed: boolean) {
    this.hash = new ContentHash(types)
    this.writer = new GatheredWriter(handle, isFlushed)
  }

  async keep(chunk: Uint8Array): Promise<void> {
    this.hash.update(chunk)
    this.writer.skip(chunk.length)
  }

  add(chunk: Uint8Array): Promise<void> {
    this.hash.update(chunk)
    return this.writer.add(chunk)
  }

  drain(): Promise<void> {
    return this.writer.drain()
  }

  async checksums(): Promise<Checksums> {
    return this.hash.checksums()
  }

  close(): Promise<void> {
    return this.writer.close()
  }
}
