import type { Clock } from '../../src/platform/clock.ts'
import { createLogger } from '../../src/platform/log.ts'
import { backoffMs } from '../../src/transfers/backoff.ts'
import { Dispatcher, type Taken } from '../../src/transfers/dispatcher.ts'
import { postpone } from '../../src/transfers/file-moves.ts'
import { Journal } from '../../src/transfers/journal.ts'
import { LinkControl } from '../../src/transfers/links/link-control.ts'
import { wakeDueFiles } from '../../src/transfers/queue-repo.ts'
import type { Task } from '../../src/transfers/task-pool.ts'
import { lanes } from '../../src/transfers/types.ts'
import { Ledger } from './ledger.ts'
import { enqueueJob, openRig, type Rig } from './rig.ts'
import { type Arrival, arrivals, links, newRandom, rateOf, SHARES, weightOf } from './world.ts'

const SLOTS = 40
const FAILURES = 0.01
/** Time goes on in steps of this; what happens in one is dealt with together. */
const STEP_MS = 5000
/** So often the queues are looked at when nothing happens: back-offs end, bytes move, and links are evaluated. */
const LOOK_MS = 60_000
const OWNER = 'simulation/1'

class VirtualClock implements Clock {
  now = 1_800_000_000_000
  nowMs(): number {
    return this.now
  }
  async wait(): Promise<void> {
    throw new Error('Nobody waits in a simulation.')
  }
}

interface Running extends Taken {
  startedAtMs: number
  endsAtMs: number
  movedBytes: number
}

/** A year of the scheduler: its real queue, fair shares, links and breakers, with time and bytes made up. */
export class Simulation {
  readonly ledger = new Ledger(weightOf)
  private readonly clock = new VirtualClock()
  private readonly startMs = this.clock.now
  private readonly random: () => number
  private readonly rig: Rig
  private readonly links: LinkControl
  private readonly dispatcher: Dispatcher
  private readonly journal: Journal
  private running: Running[] = []

  constructor(rig: Rig, seed: number) {
    const shared = { db: rig.db, clock: this.clock, owner: OWNER, leaseMs: 1e12 }
    this.rig = rig
    this.random = newRandom(seed)
    const log = createLogger('silent')
    this.links = new LinkControl({ ...shared, log, limits: { max: 30 }, bandwidth: '', timeZone: 'UTC' })
    this.journal = new Journal({ ...shared, gatherMs: 0, onJobs: () => undefined })
    this.dispatcher = new Dispatcher({
      ...shared,
      slots: SLOTS,
      emergencySlots: 2,
      shareWeights: Object.fromEntries(
        Array.from({ length: SHARES }, (_, n) => [`user:${n}`, weightOf(`user:${n}`)]),
      ),
      rooms: {
        ofLink: (link, running) => this.links.roomOf(link, running),
        ofHost: (host) => this.links.breakers.roomOf(host),
      },
      onQueued: (queued) => this.links.noteQueued(queued),
    })
  }

  /** Until `requests` files have ended. */
  async run(requests: number): Promise<void> {
    await this.links.reload()
    const plan = arrivals(requests, this.random)
    let next = plan.next()
    while (!next.done || this.running.length > 0 || this.ledger.open > 0) {
      this.clock.now = this.nextStep(next.done ? undefined : next.value)
      for (; !next.done && this.startMs + next.value.atMs <= this.clock.now; next = plan.next())
        await this.arrive(next.value)
      for (const one of this.running) this.move(one)
      await this.endDue()
      if ((await wakeDueFiles(this.rig.db, this.clock.now)) > 0) this.dispatcher.forget()
      await this.links.evaluate()
      await this.start()
    }
  }

  /** The next step in which something can happen. */
  private nextStep(arrival: Arrival | undefined): number {
    const waiting = this.ledger.open > 0 ? this.clock.now + LOOK_MS : Infinity
    const times = [...this.running.map(({ endsAtMs }) => endsAtMs), waiting]
    if (arrival !== undefined) times.push(this.startMs + arrival.atMs)
    const nextMs = times.reduce((a, b) => Math.min(a, b), Infinity)
    return Math.max(this.clock.now, Math.ceil(nextMs / STEP_MS) * STEP_MS)
  }

  private async arrive(arrival: Arrival): Promise<void> {
    await enqueueJob(this.rig.db, { ...arrival, atMs: this.clock.now })
    this.ledger.arrived(arrival, this.clock.now)
    this.dispatcher.forget()
  }

  private async start(): Promise<void> {
    for (let taken = await this.take(); taken.length > 0; taken = await this.take()) {
      for (const one of taken) {
        this.journal.adopt(one.file)
        this.links.started(one.queue.link)
        const link = links.find(({ name }) => name === one.queue.link)
        if (link === undefined) throw new Error(`There is no link ${one.queue.link}.`)
        const onLink = this.running.filter(({ queue }) => queue.link === link.name).length + 1
        const ms = 200 + (one.file.sizeBytes * 1000) / rateOf(link, onLink)
        const startedAtMs = this.clock.now
        this.running.push({ ...one, startedAtMs, endsAtMs: startedAtMs + ms, movedBytes: 0 })
        this.ledger.started(one, this.clock.now)
      }
    }
    this.ledger.look(this.clock.now, {
      inUse: this.slotsInUse(),
      slots: SLOTS,
      limitOf: (link) => this.links.decisionOf(link),
    })
  }

  private take(): Promise<Taken[]> {
    const tasks = this.running.map(
      ({ file, queue }) => ({ jobId: file.jobId, lane: file.lane, file, queue }) as Task,
    )
    return this.dispatcher.take(tasks, [lanes.large, lanes.small])
  }

  private slotsInUse(): number {
    const small = this.running.filter(({ file }) => file.lane === lanes.small).length
    return this.running.length - small + small / 8
  }

  private async endDue(): Promise<void> {
    const due = this.running.filter(({ endsAtMs }) => endsAtMs <= this.clock.now)
    this.running = this.running.filter(({ endsAtMs }) => endsAtMs > this.clock.now)
    await Promise.all(due.map((one) => this.end(one)))
    for (const { file, queue } of due) {
      this.journal.forget(file)
      this.links.ended(queue.link)
    }
  }

  /** What has come over by now; a file moves steadily from its start to its end. */
  private move(one: Running): void {
    const { file, queue, startedAtMs, endsAtMs } = one
    const part = Math.min(1, (this.clock.now - startedAtMs) / (endsAtMs - startedAtMs))
    const bytes = Math.floor(file.sizeBytes * part)
    this.links.moved(queue.link, bytes - one.movedBytes)
    one.movedBytes = bytes
  }

  private async end(one: Running): Promise<void> {
    const { file, queue } = one
    if (this.random() < FAILURES && file.attempts < 10) {
      file.state = 'NEW'
      const waitMs = backoffMs({ attempts: file.attempts, baseSeconds: 10, random: this.random() })
      postpone(file, this.clock.now + waitMs)
      this.ledger.failed(one)
    } else {
      Object.assign(file, { state: 'DONE', queue: 'none', leaseOwner: null, bytesDone: file.sizeBytes })
      this.links.succeeded(queue.link, file.sizeBytes)
      this.ledger.ended(one)
    }
    if (!(await this.journal.commit(file))) throw new Error('A lease was lost.')
  }
}

/** Runs a simulated year and says what came of it. */
export async function simulate(requests: number, seed: number) {
  const rig = await openRig()
  try {
    const simulation = new Simulation(rig, seed)
    await simulation.run(requests)
    return simulation.ledger.report()
  } finally {
    await rig.close()
  }
}
