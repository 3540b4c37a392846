import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Checksums, ChecksumType } from '../types.ts'
import type { HashReply, HashRequest } from './hash-thread.ts'

/** Checksums of one content, computed by another thread. */
export interface RemoteHash {
  /** Bytes of the shared memory; they may be changed again when this resolves. */
  update(start: number, length: number): Promise<void>
  checksums(): Promise<Checksums>
  /** Nobody wants them any more. */
  drop(): void
}

interface Waiting {
  resolve(reply: HashReply): void
  reject(error: unknown): void
}

/** One thread, started with the first content; when it ends, what it had in hand fails and the next one starts another. */
class HashThread {
  private worker: Worker | undefined
  private readonly waiting = new Map<number, Waiting[]>()
  private lastId = 0

  get load(): number {
    return this.waiting.size
  }

  begin(memory: SharedArrayBuffer, types: readonly ChecksumType[]): RemoteHash {
    const id = ++this.lastId
    this.waiting.set(id, [])
    const worker = this.start()
    this.post(worker, { id, kind: 'begin', types, memory })
    return {
      update: async (start, length) => void (await this.ask(id, { id, kind: 'update', start, length })),
      checksums: async () => {
        const { checksums } = await this.ask(id, { id, kind: 'end' })
        this.waiting.delete(id)
        return checksums ?? {}
      },
      drop: () => {
        if (this.waiting.delete(id) && this.worker === worker) this.post(worker, { id, kind: 'drop' })
        this.rest()
      },
    }
  }

  private ask(id: number, request: HashRequest): Promise<HashReply> {
    return new Promise((resolve, reject) => {
      const { worker } = this
      const queue = this.waiting.get(id)
      if (queue === undefined || worker === undefined) return reject(new Error('The hashing thread ended.'))
      queue.push({ resolve, reject })
      this.post(worker, request)
    })
  }

  private post(worker: Worker, request: HashRequest): void {
    worker.ref()
    worker.postMessage(request)
  }

  private start(): Worker {
    if (this.worker !== undefined) return this.worker
    const worker = new Worker(new URL('./hash-thread.ts', import.meta.url), {
      name: 'hash',
      // It holds nothing but sums: a heap of a few MiB is enough.
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
    })
    this.worker = worker
    worker.on('message', (reply: HashReply) => {
      this.waiting.get(reply.id)?.shift()?.resolve(reply)
      this.rest()
    })
    worker.on('error', (error) => this.end(worker, error))
    worker.on('exit', () => this.end(worker, new Error('The hashing thread ended.')))
    return worker
  }

  /** An idle thread does not keep the process alive. */
  private rest(): void {
    if ([...this.waiting.values()].every((queue) => queue.length === 0)) this.worker?.unref()
  }

  async close(): Promise<void> {
    await this.worker?.terminate()
  }

  private end(worker: Worker, error: Error): void {
    if (this.worker !== worker) return
    this.worker = undefined
    for (const { reject } of [...this.waiting.values()].flat()) reject(error)
    this.waiting.clear()
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
