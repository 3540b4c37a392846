import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Checksums, ChecksumType } from '../../store/types.ts'
import { ContentHash } from './content-hash.ts'

/** Bytes collected before they are written at once, while the next ones are being received. */
const WRITE_BYTES = 1024 * 1024

/** The local file a copy grows in, hashed while it grows. */
export class PartFile {
  private readonly handle: FileHandle
  private readonly types: readonly ChecksumType[]
  private hash: ContentHash
  private chunks: Uint8Array[] = []
  private chunkBytes = 0
  private writing: Promise<void> = Promise.resolve()
  private written = 0

  private constructor(handle: FileHandle, types: readonly ChecksumType[]) {
    this.handle = handle
    this.types = types
    this.hash = new ContentHash(types)
  }

  /** Opens or creates the file and keeps its first `keepBytes`, whose hash state is rebuilt by reading them. */
  static async open(path: string, keepBytes: number, types: readonly ChecksumType[]): Promise<PartFile> {
    const fresh = keepBytes === 0 ? constants.O_TRUNC : 0
    const flags = constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW | fresh
    const part = new PartFile(await open(path, flags, 0o600), types)
    try {
      if (keepBytes > 0) await part.keep(keepBytes)
      return part
    } catch (error) {
      await part.handle.close()
      throw error
    }
  }

  /** Bytes taken so far, written or about to be. */
  get sizeBytes(): number {
    return this.written + this.chunkBytes
  }

  private async keep(bytes: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(WRITE_BYTES)
    while (this.written < bytes) {
      const length = Math.min(WRITE_BYTES, bytes - this.written)
      const { bytesRead } = await this.handle.read(buffer, 0, length, this.written)
      if (bytesRead === 0) break
      this.hash.update(buffer.subarray(0, bytesRead))
      this.written += bytesRead
    }
    await this.handle.truncate(this.written)
  }

  /** Forgets everything: the source began again at its first byte. */
  async reset(): Promise<void> {
    await this.flush()
    await this.handle.truncate(0)
    this.written = 0
    this.hash = new ContentHash(this.types)
  }

  /** Takes a chunk, which must not change afterwards. Waits when writing is slower than receiving. */
  async append(chunk: Uint8Array): Promise<void> {
    this.hash.update(chunk)
    this.chunks.push(chunk)
    this.chunkBytes += chunk.length
    if (this.chunkBytes < WRITE_BYTES) return
    await this.writing
    this.startWrite()
  }

  private startWrite(): void {
    const { chunks, chunkBytes, written } = this
    this.chunks = []
    this.chunkBytes = 0
    this.written += chunkBytes
    this.writing = this.writeAll(chunks, chunkBytes, written)
    // Awaited by the next append or by flush; until then a failure must not count as unhandled.
    this.writing.catch(() => undefined)
  }

  private async writeAll(chunks: Uint8Array[], bytes: number, position: number): Promise<void> {
    const { bytesWritten } = await this.handle.writev(chunks, position)
    if (bytesWritten === bytes) return
    // A short write is rare (a full disk, a signal); the rest goes as one buffer and tells why.
    const rest = Buffer.concat(chunks).subarray(bytesWritten)
    await this.writeAll([rest], rest.length, position + bytesWritten)
  }

  /** Everything taken is handed to the file system. */
  async flush(): Promise<void> {
    await this.writing
    if (this.chunkBytes > 0) this.startWrite()
    await this.writing
  }

  /** Ends the hash; `flush` comes first. */
  checksums(): Checksums {
    return this.hash.checksums()
  }

  async close(): Promise<void> {
    try {
      await this.flush()
    } finally {
      await this.handle.close()
    }
  }
}
