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
/** What a file takes beside its bytes. */
const OVERHEAD_MS = 200
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
  leftBytes: number
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
  private movedAtMs = this.clock.now

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
      this.move()
      await this.endDue()
      if ((await wakeDueFiles(this.rig.db, this.clock.now)) > 0) this.dispatcher.forget()
      await this.links.evaluate()
      await this.start()
    }
  }

  /** The next step in which something can happen. */
  private nextStep(arrival: Arrival | undefined): number {
    const waiting = this.ledger.open > 0 ? this.clock.now + LOOK_MS : Infinity
    const rates = this.rates()
    const endOf = ({ leftBytes, queue }: Running) =>
      OVERHEAD_MS + (leftBytes * 1000) / (rates.get(queue.link) ?? 1)
    const times = [...this.running.map((one) => this.clock.now + endOf(one)), waiting]
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
        this.running.push({ ...one, leftBytes: one.file.sizeBytes })
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
    const due = this.running.filter(({ leftBytes }) => leftBytes <= 0)
    this.running = this.running.filter(({ leftBytes }) => leftBytes > 0)
    await Promise.all(due.map((one) => this.end(one)))
    for (const { file, queue } of due) {
      this.journal.forget(file)
      this.links.ended(queue.link)
    }
  }

  /** What came over since the step before, in which nothing began or ended. */
  private move(): void {
    const rates = this.rates()
    const elapsedMs = this.clock.now - this.movedAtMs
    this.movedAtMs = this.clock.now
    for (const one of this.running) {
      const bytes = Math.min(one.leftBytes, Math.ceil(((rates.get(one.queue.link) ?? 0) * elapsedMs) / 1000))
      one.leftBytes -= bytes
      this.links.moved(one.queue.link, bytes)
    }
  }

  /** Bytes per second of one file on each link that carries any. */
  private rates(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { queue } of this.running) counts.set(queue.link, (counts.get(queue.link) ?? 0) + 1)
    return new Map(
      links.flatMap((link) => {
        const running = counts.get(link.name)
        return running === undefined ? [] : [[link.name, rateOf(link, running)] as const]
      }),
    )
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
