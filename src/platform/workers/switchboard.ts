import type { Clock } from '../clock.ts'
import { GateKeeper } from './gate-keeper.ts'
import type { FromWorker, Question, RelayedEvent } from './messages.ts'
import { Questions } from './questions.ts'
import type { WorkerProcess } from './worker-process.ts'

/** What workers say to each other, and what the primary asks of them. */
export class Switchboard {
  private readonly gates = new GateKeeper()
  private readonly questions: Questions
  /** Those that take requests, in the order in which they became ready. */
  private readonly members = new Set<WorkerProcess>()
  private leader: WorkerProcess | undefined
  /** The leader does the background work. */
  private isLed = false
  private isClosed = false

  constructor(clock: Clock) {
    this.questions = new Questions(clock)
  }

  /** How many take requests. */
  get size(): number {
    return this.members.size
  }

  /** True while one of them does the background work. */
  get hasLeader(): boolean {
    return this.isLed
  }

  /** Takes what a worker said, unless it is about the worker itself: ready, failed. */
  hear(process: WorkerProcess, message: FromWorker): void {
    if (message.kind === 'claim') this.gates.claim(message.key, process, message.waits)
    if (message.kind === 'release') this.gates.release(message.key, process)
    if (message.kind === 'answer') this.questions.answered(message.id, message.value)
    if (message.kind === 'event') this.tellOthers(process, message)
    if (message.kind === 'leading') this.isLed = true
  }

  /** The worker takes requests. */
  join(process: WorkerProcess): void {
    this.members.add(process)
    this.appoint()
  }

  /** The worker has ended: what it held is free, what it did is somebody else's from now on. */
  leave(process: WorkerProcess): void {
    const wasMember = this.members.delete(process)
    this.gates.forget(process)
    if (this.leader === process) {
      this.leader = undefined
      this.isLed = false
    }
    // What it had to tell may be lost with it.
    if (wasMember) this.tellOthers(process, { kind: 'event', name: 'gap', event: {} })
    this.appoint()
  }

  /** What each says; undefined for one that says nothing. */
  askAll(question: Question): Promise<unknown[]> {
    return this.questions.askAll([...this.members], question)
  }

  /** The node stops: nobody is given the background work any more. */
  close(): void {
    this.isClosed = true
  }

  private tellOthers(from: WorkerProcess, event: RelayedEvent): void {
    for (const member of this.members) if (member !== from) member.send(event)
  }

  private appoint(): void {
    if (this.leader !== undefined || this.isClosed) return
    const [first] = this.members
    this.leader = first
    first?.send({ kind: 'lead' })
  }
}
