import cluster from 'node:cluster'
import { EventBus } from '../events.ts'
import type { Gates } from '../gates.ts'
import type { Failure, FromWorker, Question, ToWorker } from './messages.ts'
import { SharedGates } from './shared-gates.ts'

/** What a worker does when its primary says so. */
export interface WorkerDuties {
  /** The background work is ours; resolves when it runs. */
  lead(): Promise<void>
  stop(): void
  answer(question: Question): Promise<unknown>
  /** The background work could not be begun. */
  fail(error: unknown): void
}

/** A worker's connection to its primary, and through it to the other workers. */
export class WorkerLink {
  readonly gates: Gates
  readonly events: EventBus
  private readonly shared: SharedGates
  private readonly ordered = Promise.withResolvers<unknown>()
  /** What came before there was somebody to do it. */
  private early: ToWorker[] = []
  private duties: WorkerDuties | undefined

  constructor() {
    this.shared = new SharedGates((message) => this.send(message))
    this.gates = this.shared
    this.events = new EventBus((name, event) => this.send({ kind: 'event', name, event } as FromWorker))
    // Without this, a worker whose primary died would end in the middle of its requests.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true
    process.on('message', (message: ToWorker) => this.hear(message))
    process.on('disconnect', () => {
      this.shared.openAll()
      this.take({ kind: 'stop' })
    })
  }

  /** What the primary wants this process to be. */
  get order(): Promise<unknown> {
    return this.ordered.promise
  }

  send(message: FromWorker): void {
    // Without a primary there is nobody to tell; `disconnect` ends this process.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
  }

  /** From now on the worker can do what it is told. */
  begin(duties: WorkerDuties): void {
    this.duties = duties
    for (const message of this.early.splice(0)) this.take(message)
  }

  private hear(message: ToWorker): void {
    if (message.kind === 'granted') this.shared.granted(message.key, message.isWanted)
    else if (message.kind === 'wanted') this.shared.wanted(message.key)
    else if (message.kind === 'refused') this.shared.refused(message.key)
    else if (message.kind === 'event') this.events.hear(message.name, message.event as never)
    else if (message.kind === 'order') this.ordered.resolve(message.order)
    else this.take(message)
  }

  private take(message: ToWorker): void {
    const { duties } = this
    if (duties === undefined) this.early.push(message)
    else if (message.kind === 'stop') duties.stop()
    else if (message.kind === 'lead') void this.lead(duties)
    else if (message.kind === 'ask') void this.answer(duties, message)
  }

  private async lead(duties: WorkerDuties): Promise<void> {
    try {
      await duties.lead()
      this.send({ kind: 'leading' })
    } catch (error) {
      duties.fail(error)
    }
  }

  private async answer(duties: WorkerDuties, { id, question }: { id: number; question: Question }) {
    const value = await duties.answer(question).catch(() => undefined)
    this.send({ kind: 'answer', id, value })
  }
}

/** As it can be sent to another process. */
export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message } = error
  return 'code' in error ? { name, message, code: String(error.code) } : { name, message }
}
