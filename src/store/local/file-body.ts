import { addAbortSignal, Readable, type Writable } from 'node:stream'
import { UnavailableError } from '../../platform/errors.ts'
import type { OpenFile } from './open-file.ts'

const CHUNK_BYTES = 1024 * 1024
/** Half of a chunk for each of the two buffers that take turns: as much memory as one chunk of a stream. */
const TURN_BYTES = 512 * 1024

/**
 * Bytes of an open file as a stream that closes it. `sendTo` is the quick way for a socket: two buffers
 * take turns, one is filled while the other is sent, so nothing is allocated on the way.
 */
export class FileBody extends Readable {
  /** Where the file lay when it was opened and found to be the one of the index; for a proxy that sends it. */
  localPath: string | undefined
  private readonly file: OpenFile
  private position: number
  private readonly end: number
  private running: Promise<unknown> = Promise.resolve()

  /** Takes over the file; both positions are inclusive. */
  constructor(file: OpenFile, { start, end }: { start: number; end: number }, signal?: AbortSignal) {
    super({ highWaterMark: CHUNK_BYTES })
    this.file = file
    this.position = start
    this.end = end
    // Who asked may be gone before anybody reads: an error that nobody hears would end the process.
    this.on('error', () => undefined)
    if (signal !== undefined) addAbortSignal(signal, this)
  }

  /** Writes all bytes to `out`, which stays open, as fast as it takes them; then the file is closed. */
  async sendTo(out: Writable): Promise<void> {
    const leave = () => this.destroy(new Error('the reader went away'))
    out.once('close', leave)
    try {
      await this.pump(out)
    } finally {
      out.off('close', leave)
      this.destroy()
    }
  }

  private async pump(out: Writable): Promise<void> {
    const size = Math.min(TURN_BYTES, this.left())
    const buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)] as const
    let sending: Promise<void> = Promise.resolve()
    for (let turn = 0; this.left() > 0; turn++) {
      const filled = await this.fill(buffers[turn % 2 === 0 ? 0 : 1].subarray(0, this.left()))
      await sending
      if (this.destroyed) throw this.errored ?? new Error('the reading was ended')
      sending = write(out, filled)
      sending.catch(() => undefined) // looked at by the next await
    }
    await sending
  }

  override _read(): void {
    if (this.left() <= 0) {
      this.push(null)
      return
    }
    this.fill(Buffer.allocUnsafe(Math.min(CHUNK_BYTES, this.left()))).then(
      (filled) => !this.destroyed && this.push(filled),
      (error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const close = () => {
      this.file.close()
      callback(error)
    }
    this.running.then(close, close)
  }

  private left(): number {
    return this.end - this.position + 1
  }

  private async fill(buffer: Buffer): Promise<Buffer> {
    const reading = this.file.read(buffer, this.position)
    this.running = reading
    const sizeBytes = await reading
    if (sizeBytes === 0) throw new UnavailableError('The file was cut short on the disk while it was read.')
    this.position += sizeBytes
    return buffer.subarray(0, sizeBytes)
  }
}

/** Resolves when the system has taken the bytes, so that their buffer may be used again. */
function write(out: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    out.write(bytes, (error) => (error == null ? resolve() : reject(error)))
  })
}
