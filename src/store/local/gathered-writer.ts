import type { FileHandle } from 'node:fs/promises'
import { Flusher } from './flusher.ts'

/** Bytes gathered before one write to the disk. */
const WRITE_BYTES = 1024 * 1024

/** Writes to a file in large pieces while the next is gathered. To be closed in any case. */
export class GatheredWriter {
  private readonly handle: FileHandle
  private readonly flusher: Flusher
  private pieces: Uint8Array[] = []
  private gatheredBytes = 0
  private position = 0
  private writing: Promise<void> = Promise.resolve()
  private afterFirst: (() => Promise<void>) | undefined

  /**
   * `isFlushed`: the file will be flushed when it is complete. `afterFirst` runs once, when the first bytes
   * are in the file; what it throws ends the writing.
   */
  constructor(handle: FileHandle, isFlushed: boolean, afterFirst?: () => Promise<void>) {
    this.handle = handle
    this.afterFirst = afterFirst
    this.flusher = new Flusher(handle, isFlushed)
  }

  /** What stands in the file already is left alone. */
  skip(bytes: number): void {
    this.position += bytes
  }

  /** Takes a chunk, which must not change afterwards. Waits when writing is slower than what comes. */
  async add(chunk: Uint8Array): Promise<void> {
    this.pieces.push(chunk)
    this.gatheredBytes += chunk.length
    if (this.gatheredBytes < WRITE_BYTES) return
    await this.writing
    this.startWrite()
  }

  /** Resolves when everything taken is in the hands of the file system. */
  async drain(): Promise<void> {
    await this.writing
    if (this.gatheredBytes > 0) this.startWrite()
    await this.writing
    await this.flusher.idle()
  }

  /** Resolves when nobody uses the file any more, whatever became of it; what is gathered is not written. */
  async close(): Promise<void> {
    await Promise.allSettled([this.writing, this.flusher.idle()])
  }

  private startWrite(): void {
    const { pieces, gatheredBytes, position } = this
    this.pieces = []
    this.gatheredBytes = 0
    this.position += gatheredBytes
    this.writing = this.write(pieces, position)
    this.writing.catch(() => undefined) // looked at by the next await
    this.flusher.written(gatheredBytes)
  }

  private async write(pieces: Uint8Array[], position: number): Promise<void> {
    await writeAll(this.handle, pieces, position)
    const { afterFirst } = this
    this.afterFirst = undefined
    await afterFirst?.()
  }
}

/** Writes all pieces from a position on, however many bytes the system takes at once. */
async function writeAll(handle: FileHandle, pieces: Uint8Array[], position: number): Promise<void> {
  let rest = pieces
  for (let at = position; rest.length > 0; ) {
    const { bytesWritten } = await handle.writev(rest, at)
    rest = unwritten(rest, bytesWritten)
    at += bytesWritten
  }
}

function unwritten(pieces: Uint8Array[], writtenBytes: number): Uint8Array[] {
  let left = writtenBytes
  const next = pieces.findIndex((piece) => {
    if (piece.length > left) return true
    left -= piece.length
    return false
  })
  return next < 0 ? [] : [(pieces[next] as Uint8Array).subarray(left), ...pieces.slice(next + 1)]
}
