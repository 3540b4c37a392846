import { closeSync, fstatSync, open, read } from 'node:fs'
import { promisify } from 'node:util'
import type { DiskFacts } from '../catalogue/file-index.ts'
import { toFacts } from './disk-facts.ts'

const openDescriptor = promisify(open)
const readDescriptor = promisify(read)

/**
 * A file that is open for reading. What may wait for a disk is done beside the main thread; asking an open
 * file for its facts and closing it do not wait, so they are done at once: a journey to the thread pool
 * costs more than all the rest of a small read.
 */
export class OpenFile {
  readonly descriptor: number

  private constructor(descriptor: number) {
    this.descriptor = descriptor
  }

  /** Throws what `open(2)` says. The caller has to close it. */
  static async open(localPath: string, flags: number): Promise<OpenFile> {
    return new OpenFile(await openDescriptor(localPath, flags))
  }

  /** Undefined for what is not a file or folder. */
  facts(): DiskFacts | undefined {
    return toFacts(fstatSync(this.descriptor, { bigint: true }))
  }

  /** Fills the beginning of the buffer with bytes from a position on; returns how many, 0 at the end. */
  async read(buffer: Buffer, position: number): Promise<number> {
    return (await readDescriptor(this.descriptor, buffer, 0, buffer.length, position)).bytesRead
  }

  /** Not while a read runs: its number may be another file's by then. */
  close(): void {
    closeSync(this.descriptor)
  }
}
