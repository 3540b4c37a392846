import { availableParallelism } from 'node:os'
import { ThreadLine } from '../../platform/thread-line.ts'
import type { DiskFacts } from '../catalogue/file-index.ts'
import type { NewFile, WriteBatch, Written } from './write-thread.ts'

/** Up to here a file is written as a whole by the thread. */
export const AT_ONCE_BYTES = 64 * 1024

/** Files of one message: what has to lie in memory twice stays small. */
const MAX_BATCH = 64

/** A whole small file. */
export interface SmallFile {
  localPath: string
  chunks: readonly Uint8Array[]
  sizeBytes: number
  mtimeMs: number | undefined
  /** On the disk before it counts as written. */
  isFlushed: boolean
}

interface Waiting {
  file: SmallFile
  resolve(facts: DiskFacts | undefined): void
  reject(error: unknown): void
}

/**
 * Writes small files in a thread of their own. Opening, writing, flushing and closing one takes five journeys
 * to the thread pool, which cost the main thread more than the file; this is one message for all files that
 * come within one turn of the event loop.
 */
export class SmallWriter {
  private readonly line = new ThreadLine<WriteBatch, Written[]>({
    program: new URL('./write-thread.ts', import.meta.url),
    name: 'write',
    limits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  })
  private waiting: Waiting[] = []
  private readonly sending = new Set<Promise<void>>()

  /** Undefined on a machine with a single processor, where another thread would only take turns with this one. */
  static forThisMachine(): SmallWriter | undefined {
    return availableParallelism() > 1 ? new SmallWriter() : undefined
  }

  /**
   * Creates the file; its facts as it stands on the disk. Errors of the system as they are, such as `EEXIST`; a
   * `ThreadError` when the thread could not do it.
   */
  write(file: SmallFile): Promise<DiskFacts | undefined> {
    return new Promise((resolve, reject) => {
      if (this.waiting.length === 0) setImmediate(() => this.sendAll())
      this.waiting.push({ file, resolve, reject })
    })
  }

  /** Ends the thread when what it was given is written. */
  async close(): Promise<void> {
    this.sendAll()
    await Promise.all(this.sending)
    await this.line.close()
  }

  private sendAll(): void {
    const all = this.waiting
    this.waiting = []
    for (let start = 0; start < all.length; start += MAX_BATCH) {
      const sent = this.send(all.slice(start, start + MAX_BATCH)).finally(() => this.sending.delete(sent))
      this.sending.add(sent)
    }
  }

  private async send(batch: readonly Waiting[]): Promise<void> {
    try {
      const { files, memory } = pack(batch.map(({ file }) => file))
      const written = await this.line.ask({ files, memory }, [memory])
      for (const [index, { resolve, reject }] of batch.entries()) {
        const one = written[index]
        if (one !== undefined && 'facts' in one) resolve(one.facts)
        else reject(Object.assign(new Error(one?.error.message), { code: one?.error.code }))
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}

/** All bytes in memory of their own, which is given to the thread: a view would take its whole buffer along. */
function pack(small: readonly SmallFile[]): { files: NewFile[]; memory: ArrayBuffer } {
  const memory = new ArrayBuffer(small.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  const bytes = new Uint8Array(memory)
  let at = 0
  const files = small.map(({ localPath, chunks, mtimeMs, isFlushed }): NewFile => {
    const start = at
    for (const chunk of chunks) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    return { localPath, start, length: at - start, mtimeMs, isFlushed }
  })
  return { files, memory }
}
