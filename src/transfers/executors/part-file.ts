import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Checksums } from '../../store/types.ts'
import { openSink, type PartSink, type SinkOptions } from './part-sink.ts'

/** Bytes of the kept beginning that are read at a time. */
const READ_BYTES = 512 * 1024

/** The local file a copy grows in, hashed while it grows. */
export class PartFile {
  private readonly handle: FileHandle
  private readonly options: SinkOptions
  private sink: PartSink
  private taken = 0

  private constructor(handle: FileHandle, options: SinkOptions) {
    this.handle = handle
    this.options = options
    this.sink = openSink(handle, options)
  }

  /** Opens or creates the file and keeps its first `keepBytes`, whose hash state is rebuilt by reading them. */
  static async open(path: string, keepBytes: number, options: SinkOptions): Promise<PartFile> {
    const fresh = keepBytes === 0 ? constants.O_TRUNC : 0
    const flags = constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW | fresh
    const part = new PartFile(await open(path, flags, 0o600), options)
    try {
      if (keepBytes > 0) await part.keep(keepBytes)
      return part
    } catch (error) {
      await part.close()
      throw error
    }
  }

  /** Bytes taken so far, written or about to be. */
  get sizeBytes(): number {
    return this.taken
  }

  private async keep(bytes: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    while (this.taken < bytes) {
      const length = Math.min(READ_BYTES, bytes - this.taken)
      const { bytesRead } = await this.handle.read(buffer, 0, length, this.taken)
      if (bytesRead === 0) break
      await this.sink.keep(buffer.subarray(0, bytesRead))
      this.taken += bytesRead
    }
    await this.handle.truncate(this.taken)
  }

  /** Forgets everything: the source began again at its first byte. */
  async reset(): Promise<void> {
    await this.flush()
    await this.sink.close()
    await this.handle.truncate(0)
    this.taken = 0
    this.sink = openSink(this.handle, this.options)
  }

  /** Takes a chunk, which must not change afterwards. Waits when writing is slower than receiving. */
  async append(chunk: Uint8Array): Promise<void> {
    this.taken += chunk.length
    await this.sink.add(chunk)
  }

  /** Everything taken is handed to the file system. */
  flush(): Promise<void> {
    return this.sink.drain()
  }

  /** Ends the hash; `flush` comes first. */
  checksums(): Promise<Checksums> {
    return this.sink.checksums()
  }

  async close(): Promise<void> {
    try {
      await this.sink.drain()
    } finally {
      await this.sink.close()
      await this.handle.close()
    }
  }
}
