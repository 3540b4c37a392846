import type { FileHandle } from 'node:fs/promises'
import type { HashThreads } from '../../store/hashing/hash-threads.ts'
import { Flusher } from '../../store/local/flusher.ts'
import { SHARED_FROM_BYTES, SharedRing } from '../../store/local/shared-ring.ts'
import type { Checksums, ChecksumType } from '../../store/types.ts'
import { ContentHash } from './content-hash.ts'

/** Bytes collected before they are written at once, while the next ones are being received. */
const WRITE_BYTES = 1024 * 1024

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
  private readonly handle: FileHandle
  private readonly hash: ContentHash
  private readonly flusher: Flusher
  private chunks: Uint8Array[] = []
  private chunkBytes = 0
  private writing: Promise<void> = Promise.resolve()
  private position = 0

  constructor(handle: FileHandle, types: readonly ChecksumType[], isFlushed: boolean) {
    this.handle = handle
    this.hash = new ContentHash(types)
    this.flusher = new Flusher(handle, isFlushed)
  }

  async keep(chunk: Uint8Array): Promise<void> {
    this.hash.update(chunk)
    this.position += chunk.length
  }

  async add(chunk: Uint8Array): Promise<void> {
    this.hash.update(chunk)
    this.chunks.push(chunk)
    this.chunkBytes += chunk.length
    if (this.chunkBytes < WRITE_BYTES) return
    await this.writing
    this.startWrite()
  }

  async drain(): Promise<void> {
    await this.writing
    if (this.chunkBytes > 0) this.startWrite()
    await this.writing
    await this.flusher.idle()
  }

  async checksums(): Promise<Checksums> {
    return this.hash.checksums()
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.writing, this.flusher.idle()])
  }

  private startWrite(): void {
    const { chunks, chunkBytes, position } = this
    this.chunks = []
    this.chunkBytes = 0
    this.position += chunkBytes
    this.writing = this.writeAll(chunks, chunkBytes, position)
    this.flusher.written(chunkBytes)
    // Awaited by the next `add` or by `drain`; until then a failure must not count as unhandled.
    this.writing.catch(() => undefined)
  }

  private async writeAll(chunks: Uint8Array[], bytes: number, position: number): Promise<void> {
    const { bytesWritten } = await this.handle.writev(chunks, position)
    if (bytesWritten === bytes) return
    // A short write is rare (a full disk, a signal); the rest goes as one buffer and tells why.
    const rest = Buffer.concat(chunks).subarray(bytesWritten)
    await this.writeAll([rest], rest.length, position + bytesWritten)
  }
}
