import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { claimFiles, countReady, dropStaleFlags, findNextQueue, type QueueKey } from './claim-repo.ts'
import type { LinkLimits } from './links.ts'
import { countLimit, type ShareDemand, takeFair } from './scheduling/fair-shares.ts'
import type { Task } from './task-pool.ts'
import { type Lane, lanes, type TransferFile } from './types.ts'

/** More queues than can get something in one round; the others are looked at in the next. */
const MAX_QUEUES = 200
const DEFAULT_WEIGHT = 50

export interface DispatcherDeps {
  db: Db
  clock: Clock
  owner: string
  slots: number
  emergencySlots: number
  shareWeights: Readonly<Record<string, number>>
  leaseMs: number
  links: LinkLimits
}

/** A request that was taken, and the queue it was taken from. */
export interface Taken {
  file: TransferFile
  queue: QueueKey
}

interface Waiting {
  queue: QueueKey
  lane: Lane
  /** How many could start now. */
  count: number
}

/**
 * Decides what is taken from the queue: looks which shares have something ready on which links, divides
 * the free slots among them, and claims that much.
 */
export class Dispatcher {
  private readonly deps: DispatcherDeps
  /** Where the look at the queues of a lane goes on, when there were too many. */
  private readonly cursors = new Map<Lane, QueueKey>()
  private readonly waitingSince = new Map<string, number>()

  constructor(deps: DispatcherDeps) {
    this.deps = deps
  }

  /** Takes for this process what its free slots allow; `lanesNow` says which lanes are worth a look. */
  async take(running: readonly Task[], lanesNow: readonly Lane[]): Promise<Taken[]> {
    const waiting: Waiting[] = []
    const rooms = new LinkRooms(this.deps.links, running)
    for (const lane of lanesNow) waiting.push(...(await this.lookAt(lane, rooms)))
    if (waiting.length === 0) return []
    const { slots, emergencySlots } = this.deps
    const takes = takeFair({ slots, emergencySlots }, this.demands(waiting, running))
    const taken: Taken[] = []
    for (const { share, lane, count } of takes) {
      const queues = waiting.filter((one) => one.lane === lane && one.queue.share === share)
      for (const { queue, count: limit } of divide(queues, count))
        taken.push(...(await this.claim(queue, lane, limit)))
    }
    this.noteWaiting(waiting, taken)
    return taken
  }

  private async lookAt(lane: Lane, rooms: LinkRooms): Promise<Waiting[]> {
    const { db } = this.deps
    const limit = countLimit(this.deps)
    const found: Waiting[] = []
    const start = this.cursors.get(lane)
    let queue = await findNextQueue(db, lane, start)
    for (let n = 0; n < MAX_QUEUES && queue !== undefined; n++) {
      const ready = await countReady(db, lane, queue, limit)
      if (ready === 0) await dropStaleFlags(db, lane, queue)
      else found.push({ queue, lane, count: rooms.take(queue.link, ready) })
      queue = await findNextQueue(db, lane, queue)
    }
    if (queue === undefined) this.cursors.delete(lane)
    else this.cursors.set(lane, queue)
    return found
  }

  private demands(waiting: readonly Waiting[], running: readonly Task[]): ShareDemand[] {
    const demands = new Map<string, ShareDemand>()
    const demandOf = (name: string) => {
      const weight = this.deps.shareWeights[name] ?? DEFAULT_WEIGHT
      const known = demands.get(name) ?? { name, weight, ...noFiles(), waitedMs: this.waitedMs(name) }
      demands.set(name, known)
      return known
    }
    for (const { queue, lane, count } of waiting) demandOf(queue.share).queued[nameOf(lane)] += count
    for (const { queue, lane } of running) {
      if (queue !== undefined && lane !== undefined) demandOf(queue.share).running[nameOf(lane)]++
    }
    return [...demands.values()]
  }

  private waitedMs(share: string): number {
    const { clock } = this.deps
    return clock.nowMs() - (this.waitingSince.get(share) ?? clock.nowMs())
  }

  private noteWaiting(waiting: readonly Waiting[], taken: readonly Taken[]): void {
    const served = new Set(taken.map(({ queue }) => queue.share))
    const shares = new Set(waiting.map(({ queue }) => queue.share))
    for (const share of this.waitingSince.keys()) {
      if (served.has(share) || !shares.has(share)) this.waitingSince.delete(share)
    }
    for (const share of shares) {
      if (!served.has(share) && !this.waitingSince.has(share))
        this.waitingSince.set(share, this.deps.clock.nowMs())
    }
  }

  private async claim(queue: QueueKey, lane: Lane, limit: number): Promise<Taken[]> {
    const { db, owner, clock, leaseMs } = this.deps
    const nowMs = clock.nowMs()
    const files = await claimFiles(db, { ...queue, owner, lane, limit, nowMs, leaseUntilMs: nowMs + leaseMs })
    return files.map((file) => ({ file, queue }))
  }
}

/** What is left of the links during one look. */
class LinkRooms {
  private readonly rooms = new Map<string, number>()
  private readonly roomOf: (link: string) => number

  constructor(links: LinkLimits, running: readonly Task[]) {
    this.roomOf = (link) => links.roomOf(link, running.filter((task) => task.queue?.link === link).length)
  }

  /** Takes up to `wanted` of the room of a link. */
  take(link: string, wanted: number): number {
    const room = this.rooms.get(link) ?? this.roomOf(link)
    const taken = Math.max(0, Math.min(room, wanted))
    this.rooms.set(link, room - taken)
    return taken
  }
}

/** Divides `total` among queues in turns, none getting more than it has. */
function divide(queues: readonly Waiting[], total: number): Waiting[] {
  const shares = queues.map((waiting) => ({ ...waiting, count: 0 }))
  let left = total
  for (let isAny = true; isAny && left > 0; ) {
    isAny = false
    for (const [index, waiting] of queues.entries()) {
      const share = shares[index] as Waiting
      if (left === 0 || share.count >= waiting.count) continue
      share.count++
      left--
      isAny = true
    }
  }
  return shares.filter(({ count }) => count > 0)
}

function nameOf(lane: Lane): 'small' | 'large' {
  return lane === lanes.small ? 'small' : 'large'
}

function noFiles() {
  return { queued: { small: 0, large: 0 }, running: { small: 0, large: 0 } }
}
