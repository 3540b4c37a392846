import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { claimFiles, type QueueKey } from './claim-repo.ts'
import { hostsOf } from './links/link-hosts.ts'
import { dropStaleFlags, listReadyQueues } from './ready-queues-repo.ts'
import {
  countLimit,
  type QueueDemand,
  type QueueTake,
  type SharedQueues,
  takeFairQueues,
} from './scheduling/fair-shares.ts'
import { weightOf } from './share-policy.ts'
import type { LaneCounts } from './slots.ts'
import type { Task } from './task-pool.ts'
import { type Lane, lanes, type TransferFile } from './types.ts'

/** More queues than can get something in one round; the others are looked at in the next. */
const MAX_QUEUES = 200
/** What was seen of the queues holds so long, unless somebody says that there is more. */
const LOOK_HOLDS_MS = 200

/** How much may start on links and towards hosts. */
export interface Rooms {
  ofLink(link: string, running: number): number
  ofHost(host: string): number
}

/** What waits in a queue, counted no further than can start at once. */
interface Look {
  queue: QueueKey
  queued: LaneCounts
}

export interface DispatcherDeps {
  db: Db
  clock: Clock
  owner: string
  slots: number
  emergencySlots: number
  shareWeights: Readonly<Record<string, number>>
  leaseMs: number
  rooms: Rooms
  /** Told at each look how many files wait for each link, as far as they were counted. */
  onQueued(queued: ReadonlyMap<string, number>): void
}

/** A request that was taken, and the queue it was taken from. */
export interface Taken {
  file: TransferFile
  queue: QueueKey
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
  private seen: { looks: Look[]; atMs: number; lanes: number } | undefined

  constructor(deps: DispatcherDeps) {
    this.deps = deps
  }

  /** Takes for this process what its free slots allow; `lanesNow` says which lanes are worth a look. */
  async take(running: readonly Task[], lanesNow: readonly Lane[]): Promise<Taken[]> {
    const isSeen = this.isSeen(lanesNow)
    const taken = await this.takeOnce(running, lanesNow)
    if (taken.length > 0 || !isSeen) return taken
    // Only what was seen a moment ago says that there is nothing: look again.
    this.forget()
    return this.takeOnce(running, lanesNow)
  }

  private async takeOnce(running: readonly Task[], lanesNow: readonly Lane[]): Promise<Taken[]> {
    const looks = await this.look(lanesNow)
    const taken: Taken[] = []
    for (const { share, queue: link, lane, count } of this.plan(looks, running))
      taken.push(...(await this.claim({ share, link }, lane, count)))
    this.noteTaken(looks, taken)
    return taken
  }

  /** There may be more in the queues than was seen. */
  forget(): void {
    this.seen = undefined
  }

  private plan(looks: readonly Look[], running: readonly Task[]): QueueTake[] {
    if (looks.length === 0) return []
    const links = new Set(looks.map(({ queue }) => queue.link))
    return takeFairQueues(this.deps, this.sharesOf(looks, running), this.limits(links, running))
  }

  private isSeen(lanesNow: readonly Lane[]): boolean {
    if (this.seen === undefined || this.seen.lanes !== lanesNow.length) return false
    const sinceMs = this.deps.clock.nowMs() - this.seen.atMs
    return sinceMs >= 0 && sinceMs < LOOK_HOLDS_MS
  }

  private async look(lanesNow: readonly Lane[]): Promise<Look[]> {
    if (this.seen !== undefined && this.isSeen(lanesNow)) return this.seen.looks
    const waiting = new Map<string, Look>()
    const seen = { looks: [] as Look[], atMs: this.deps.clock.nowMs(), lanes: lanesNow.length }
    // Said before the look: what is told meanwhile makes it old.
    this.seen = seen
    for (const lane of lanesNow) await this.lookAt(lane, waiting)
    seen.looks.push(...waiting.values())
    this.deps.onQueued(byLink(seen.looks))
    return seen.looks
  }

  private async lookAt(lane: Lane, waiting: Map<string, Look>): Promise<void> {
    const { db } = this.deps
    const look = { after: this.cursors.get(lane), limit: MAX_QUEUES, countLimit: countLimit(this.deps) }
    const queues = await listReadyQueues(db, lane, look)
    for (const { share, link, count } of queues) {
      const queue = { share, link }
      if (count === 0) await dropStaleFlags(db, lane, queue)
      const key = JSON.stringify([share, link])
      const known = waiting.get(key) ?? { queue, queued: { small: 0, large: 0 } }
      known.queued[nameOf(lane)] = count
      waiting.set(key, known)
    }
    const last = queues.at(-1)
    if (last === undefined || queues.length < MAX_QUEUES) this.cursors.delete(lane)
    else this.cursors.set(lane, { share: last.share, link: last.link })
  }

  /** The shares that wait or run, each with its queues by link. */
  private sharesOf(looks: readonly Look[], running: readonly Task[]): SharedQueues[] {
    const shares = new Map<string, SharedQueues & { queues: QueueDemand[]; running: LaneCounts }>()
    const shareOf = (name: string) => {
      const weight = weightOf(this.deps.shareWeights, name)
      const none = { small: 0, large: 0 }
      const known = shares.get(name) ?? {
        name,
        weight,
        running: none,
        queues: [],
        waitedMs: this.waitedMs(name),
      }
      shares.set(name, known)
      return known
    }
    for (const { queue, queued } of looks)
      shareOf(queue.share).queues.push({ name: queue.link, queued, limits: limitNames(queue.link) })
    for (const { queue, lane } of running) {
      if (queue !== undefined && lane !== undefined) shareOf(queue.share).running[nameOf(lane)]++
    }
    return [...shares.values()]
  }

  private limits(links: ReadonlySet<string>, running: readonly Task[]): Map<string, number> {
    const { rooms } = this.deps
    const found = new Map<string, number>()
    for (const link of links) {
      found.set(
        `link:${link}`,
        rooms.ofLink(link, running.filter((task) => task.queue?.link === link).length),
      )
      for (const host of hostsOf(link)) found.set(`host:${host}`, rooms.ofHost(host))
    }
    return found
  }

  private waitedMs(share: string): number {
    const nowMs = this.deps.clock.nowMs()
    return nowMs - (this.waitingSince.get(share) ?? nowMs)
  }

  /** What was taken is not there any more; who got nothing waits from now on. */
  private noteTaken(looks: readonly Look[], taken: readonly Taken[]): void {
    for (const { queue, file } of taken) {
      const look = looks.find((one) => one.queue.share === queue.share && one.queue.link === queue.link)
      if (look !== undefined) look.queued[nameOf(file.lane)] = Math.max(0, look.queued[nameOf(file.lane)] - 1)
    }
    const shares = new Set(
      looks.filter(({ queued }) => queued.small + queued.large > 0).map(({ queue }) => queue.share),
    )
    const served = new Set(taken.map(({ queue }) => queue.share))
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

function limitNames(link: string): string[] {
  return [`link:${link}`, ...hostsOf(link).map((host) => `host:${host}`)]
}

function byLink(looks: readonly Look[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const { queue, queued } of looks)
    found.set(queue.link, (found.get(queue.link) ?? 0) + queued.small + queued.large)
  return found
}

function nameOf(lane: Lane): 'small' | 'large' {
  return lane === lanes.small ? 'small' : 'large'
}
