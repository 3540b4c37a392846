import type { Clock } from '../clock.ts'
import type { Question, ToWorker } from './messages.ts'

const PATIENCE_MS = 5_000

interface Asked {
  send(message: ToWorker): void
}

/** Asks workers and waits for what they say. */
export class Questions {
  private readonly clock: Clock
  private readonly waiting = new Map<number, (value: unknown) => void>()
  private lastId = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** One answer for each, in order; undefined for those that say nothing in time. */
  askAll(workers: readonly Asked[], question: Question): Promise<unknown[]> {
    return Promise.all(workers.map((worker) => this.ask(worker, question)))
  }

  answered(id: number, value: unknown): void {
    this.waiting.get(id)?.(value)
  }

  private async ask(worker: Asked, question: Question): Promise<unknown> {
    const id = ++this.lastId
    const patience = new AbortController()
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.waiting.set(id, resolve)
    worker.send({ kind: 'ask', id, question })
    const late = this.clock.wait(PATIENCE_MS, patience.signal).catch(() => undefined)
    try {
      return await Promise.race([promise, late])
    } finally {
      patience.abort()
      this.waiting.delete(id)
    }
  }
}
