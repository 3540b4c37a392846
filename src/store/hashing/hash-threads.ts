import { availableParallelism } from 'node:os'
import { ThreadError, ThreadLine } from '../../platform/thread-line.ts'
import type { Checksums, ChecksumType } from '../types.ts'
import type { HashRequest } from './hash-thread.ts'

/** Checksums of one content, computed by another thread. */
export interface RemoteHash {
  /** Bytes of the shared memory; they may be changed again when this resolves. */
  update(start: number, length: number): Promise<void>
  checksums(): Promise<Checksums>
  /** Nobody wants them any more. */
  drop(): void
}

/** One thread, started with the first content; when it ends, what it had in hand fails and the next one starts another. */
class HashThread {
  private readonly line = new ThreadLine<HashRequest, Checksums>({
    program: new URL('./hash-thread.ts', import.meta.url),
    name: 'hash',
    // It holds nothing but sums: a heap of a few MiB is enough.
    limits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
  })
  private readonly contents = new Set<number>()
  private lastId = 0

  get load(): number {
    return this.contents.size
  }

  begin(memory: SharedArrayBuffer, types: readonly ChecksumType[]): RemoteHash {
    const id = ++this.lastId
    this.contents.add(id)
    this.line.tell({ id, kind: 'begin', types, memory })
    const { life } = this.line
    const ask = (request: HashRequest) => {
      if (this.line.isOf(life)) return this.line.ask(request)
      return Promise.reject(new ThreadError('hash'))
    }
    return {
      update: async (start, length) => void (await ask({ id, kind: 'update', start, length })),
      checksums: () => ask({ id, kind: 'end' }),
      drop: () => {
        this.contents.delete(id)
        if (this.line.isOf(life)) this.line.tell({ id, kind: 'drop' })
      },
    }
  }

  close(): Promise<void> {
    return this.line.close()
  }
}

const MAX_THREADS = 4

/** The threads of a node that compute checksums; none is started before it is needed. */
export class HashThreads {
  private readonly threads: HashThread[] = []
  private readonly most: number

  constructor(most = Math.min(MAX_THREADS, availableParallelism() - 1)) {
    this.most = most
  }

  /**
   * Begins the checksums of a content whose bytes will lie in `memory`; undefined on a machine with a single
   * processor, where another thread would only take turns with this one.
   */
  begin(memory: SharedArrayBuffer, types: readonly ChecksumType[]): RemoteHash | undefined {
    const isBusy = this.threads.every(({ load }) => load > 0)
    if (isBusy && this.threads.length < this.most) this.threads.push(new HashThread())
    const [first, ...others] = this.threads
    if (first === undefined) return undefined
    return others.reduce((least, next) => (next.load < least.load ? next : least), first).begin(memory, types)
  }

  /** Ends the threads; what they have in hand fails. */
  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()))
  }
}
