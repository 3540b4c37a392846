import type { Clock } from '../clock.ts'
import type { Logger } from '../log.ts'
import type { Failure, FromWorker, Question } from './messages.ts'
import { restartWaitMs } from './restart-wait.ts'
import { Switchboard } from './switchboard.ts'
import type { WorkerProcess } from './worker-process.ts'

/** So many workers in a row that end before they are ready: the cause will not go away by itself. */
const MAX_FAILED_STARTS = 5

export interface SupervisorOptions {
  count: number
  clock: Clock
  log: Logger
  /** Starts worker `number` (from 1). */
  launch(number: number): WorkerProcess
  /** How long a stop waits before it ends workers without asking. */
  patienceMs: number
}

/** Keeps a number of workers running, lets one of them do the background work, and stops all of them. */
export class Supervisor {
  private readonly options: SupervisorOptions
  private readonly switchboard: Switchboard
  private readonly running = new Set<WorkerProcess>()
  private readonly started = Promise.withResolvers<string>()
  private readonly ended = Promise.withResolvers<void>()
  private readonly stopping = new AbortController()
  private url: string | undefined
  private isStarted = false
  private failedStarts = 0
  /** What a worker said last before it gave up. */
  private reason: Failure | undefined
  /** Why the node ends, when nobody stopped it. */
  private fatal: Failure | undefined

  constructor(options: SupervisorOptions) {
    this.options = options
    this.switchboard = new Switchboard(options.clock)
    this.ended.promise.catch(() => undefined) // whoever is interested takes `stopped`
  }

  /** Resolves with their address when all are ready and one does the background work; rejects with what keeps them from it. */
  async start(): Promise<string> {
    const numbers = Array.from({ length: this.options.count }, (_, index) => index + 1)
    void Promise.all(numbers.map((number) => this.keep(number))).then(() => this.settle())
    const url = await this.started.promise
    this.isStarted = true
    return url
  }

  /** Resolves when all have stopped; rejects when they could not be kept running. */
  get stopped(): Promise<void> {
    return this.ended.promise
  }

  /** True while every worker takes requests and one does the background work. */
  get isComplete(): boolean {
    return this.switchboard.size === this.options.count && this.switchboard.hasLeader
  }

  /** What each worker that takes requests says; undefined for one that says nothing. */
  askAll(question: Question): Promise<unknown[]> {
    return this.switchboard.askAll(question)
  }

  /** Lets all end what they do; resolves when they have, and never rejects. */
  async stop(): Promise<void> {
    if (!this.stopping.signal.aborted) {
      this.stopping.abort()
      this.switchboard.close()
      for (const process of this.running) process.send({ kind: 'stop' })
    }
    const patience = new AbortController()
    const { clock, patienceMs } = this.options
    void clock.wait(patienceMs, patience.signal).then(
      () => this.killAll(),
      () => undefined,
    )
    await this.ended.promise.catch(() => undefined)
    patience.abort()
  }

  private killAll(): void {
    this.options.log.warn('workers that do not end are killed')
    for (const process of this.running) process.kill()
  }

  /** Runs one worker after the other in this place until the node stops. */
  private async keep(number: number): Promise<void> {
    const { clock, log } = this.options
    const { signal } = this.stopping
    let shortLives = 0
    while (!signal.aborted) {
      const startedAtMs = clock.nowMs()
      const how = await this.live(number)
      if (signal.aborted) return
      if (this.failedStarts >= MAX_FAILED_STARTS) return this.giveUp(tooOften(how, this.reason))
      const waitMs = restartWaitMs({ livedMs: clock.nowMs() - startedAtMs, shortLives })
      shortLives = waitMs === 0 ? 0 : shortLives + 1
      log.error({ worker: number, how, waitMs }, 'worker ended, another one is started')
      await clock.wait(waitMs, signal).catch(() => undefined)
    }
  }

  /** The life of one worker; how it ended. */
  private async live(number: number): Promise<string> {
    const process = this.options.launch(number)
    this.running.add(process)
    let wasReady = false
    process.onMessage((message) => {
      wasReady ||= message.kind === 'ready'
      this.hear(process, message)
    })
    const how = await process.ended
    if (!wasReady) this.failedStarts++
    this.running.delete(process)
    this.switchboard.leave(process)
    return how
  }

  private hear(process: WorkerProcess, message: FromWorker): void {
    this.switchboard.hear(process, message)
    if (message.kind === 'ready') {
      this.failedStarts = 0
      this.url = message.url
      this.switchboard.join(process)
    }
    if (message.kind === 'failed') this.failed(message.failure)
    if (this.url !== undefined && this.isComplete) this.started.resolve(this.url)
  }

  private failed(failure: Failure): void {
    this.reason = failure
    this.options.log.error({ reason: failure.message }, 'worker failed')
    // At the start of the node the first failure is told at once, as by a node of one process.
    if (!this.isStarted) this.giveUp(failure)
  }

  private giveUp(fatal: Failure): void {
    if (this.stopping.signal.aborted) return
    this.fatal = fatal
    void this.stop()
  }

  private settle(): void {
    if (this.fatal === undefined) {
      this.started.reject(new Error('The node was stopped before it was ready.'))
      this.ended.resolve()
      return
    }
    const error = Object.assign(new Error(this.fatal.message), this.fatal)
    this.started.reject(error)
    this.ended.reject(error)
  }
}

function tooOften(how: string, reason: Failure | undefined): Failure {
  const why = reason === undefined ? `the last one with ${how}` : reason.message
  return { name: 'Error', message: `Workers end again and again before they are ready: ${why}` }
}
