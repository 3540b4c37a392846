import { type MessagePort, type Transferable, Worker, type WorkerOptions } from 'node:worker_threads'

interface Question<Q> {
  /** Missing: no answer is wanted. */
  n?: number
  question: Q
}

interface Reply<A> {
  n: number
  answer?: A
  error?: { message: string; code?: string }
}

interface Waiter<A> {
  resolve(answer: A): void
  reject(error: unknown): void
}

/** The thread could not be started, or ended before it answered: nobody knows how far it came. */
export class ThreadError extends Error {
  override name = 'ThreadError'
  constructor(thread: string, cause?: unknown) {
    super(`The thread ${thread} ended.`, cause === undefined ? undefined : { cause })
  }
}

export interface ThreadLineOptions {
  /** The program of the thread, which calls `answerLine`. */
  program: URL
  /** What its failures are called. */
  name: string
  limits: NonNullable<WorkerOptions['resourceLimits']>
}

/**
 * Questions to another thread and its answers. It is started with the first question; when it ends, what is
 * waited for fails with a `ThreadError`, and the next question starts another. An idle one does not keep the
 * process alive.
 */
export class ThreadLine<Q, A> {
  private readonly options: ThreadLineOptions
  private readonly waiting = new Map<number, Waiter<A>>()
  private worker: Worker | undefined
  private last = 0
  private lives = 0

  constructor(options: ThreadLineOptions) {
    this.options = options
  }

  /** Another number for each thread that is started: what was told to one is unknown to the next. */
  get life(): number {
    return this.lives
  }

  /** True while that thread runs. */
  isOf(life: number): boolean {
    return this.worker !== undefined && this.lives === life
  }

  ask(question: Q, transfer: readonly Transferable[] = []): Promise<A> {
    return new Promise((resolve, reject) => {
      const n = ++this.last
      this.waiting.set(n, { resolve, reject })
      try {
        this.post({ n, question }, transfer)
      } catch (error) {
        this.waiting.delete(n)
        reject(new ThreadError(this.options.name, error))
      }
    })
  }

  /** Wants no answer. */
  tell(question: Q): void {
    this.post({ question }, [])
    this.rest()
  }

  /** Ends the thread; what is waited for fails. */
  async close(): Promise<void> {
    await this.worker?.terminate()
  }

  private post(message: Question<Q>, transfer: readonly Transferable[]): void {
    const worker = this.worker ?? this.start()
    worker.ref()
    worker.postMessage(message, transfer)
  }

  private start(): Worker {
    const { program, name, limits } = this.options
    const worker = new Worker(program, { name, resourceLimits: limits })
    this.worker = worker
    this.lives++
    worker.on('message', (reply: Reply<A>) => this.take(reply))
    worker.on('error', (error) => this.end(worker, error))
    worker.on('exit', () => this.end(worker))
    return worker
  }

  private take({ n, answer, error }: Reply<A>): void {
    const waiter = this.waiting.get(n)
    this.waiting.delete(n)
    this.rest()
    if (error === undefined) waiter?.resolve(answer as A)
    else waiter?.reject(Object.assign(new Error(error.message), error.code && { code: error.code }))
  }

  private rest(): void {
    if (this.waiting.size === 0) this.worker?.unref()
  }

  private end(worker: Worker, cause?: unknown): void {
    if (this.worker !== worker) return
    this.worker = undefined
    const error = new ThreadError(this.options.name, cause)
    for (const { reject } of this.waiting.values()) reject(error)
    this.waiting.clear()
  }
}

/** The other end of a `ThreadLine`: answers every question; a failure keeps its message and code. */
export function answerLine<Q, A>(port: MessagePort, work: (question: Q) => A | Promise<A>): void {
  port.on('message', async ({ n, question }: Question<Q>) => {
    try {
      const answer = await work(question)
      if (n !== undefined) port.postMessage({ n, answer } satisfies Reply<A>)
    } catch (error) {
      if (n !== undefined) port.postMessage({ n, error: toWire(error) } satisfies Reply<A>)
    }
  })
}

function toWire(error: unknown): { message: string; code?: string } {
  const { message, code } = error as NodeJS.ErrnoException
  return { message: String(message), ...(typeof code === 'string' && { code }) }
}
