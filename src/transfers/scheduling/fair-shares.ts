import { type LaneCounts, SMALL_FILES_PER_SLOT } from '../slots.ts'
import { type Lane, lanes } from '../types.ts'
import { compareShares, divideSlots } from './divide-slots.ts'
import { fillEmergency, fillEntitled, fillRest, type Holder, type Room } from './fill-slots.ts'

/** A transfer share, apart from what waits in it. */
export interface ShareFacts {
  name: string
  /** 1 to 100; twice the weight is twice the slots. */
  weight: number
  running: LaneCounts
  /**
   * How long it has had something to start and started nothing. With fewer slots than shares the greatest
   * weight × waiting goes first, which in the long run starts files by weight and forgets nobody. Without
   * it (0) the heaviest always goes first.
   */
  waitedMs?: number
}

/** One transfer share: who waits and who runs under its name. */
export interface ShareDemand extends ShareFacts {
  /**
   * Files that could start at once: not those that a back-off or a pause holds back. May be counted up to
   * `countLimit(slots, emergencySlots)` and no further; the answer is the same.
   */
  queued: LaneCounts
}

/** A part of what waits in a share: the files of one link, for example. */
export interface QueueDemand {
  name: string
  queued: LaneCounts
  /** Names of limits (link, hosts) that each of its files takes one of; see `takeFairQueues`. */
  limits: readonly string[]
}

/** A share whose files wait in several queues; the first is preferred where it makes a difference. */
export interface SharedQueues extends ShareFacts {
  queues: readonly QueueDemand[]
}

export interface SlotBudget {
  slots: number
  /** Slots beyond, one each for shares that have nothing running when all slots are used. */
  emergencySlots: number
  /** Slots that large files leave to small ones; one, when there is more than one slot. */
  smallReserve?: number
}

/** So many files of this share and lane should be started now. */
export interface Take {
  share: string
  lane: Lane
  count: number
}

export interface QueueTake extends Take {
  queue: string
}

/** How far the files that wait need to be counted, per queue and lane: more cannot start at once. */
export function countLimit({ slots, emergencySlots }: SlotBudget): number {
  return (slots + emergencySlots) * SMALL_FILES_PER_SLOT
}

/** How many slots each share is entitled to by its weight and demand; for the operator's view, and below. */
export function entitledSlots(slots: number, shares: readonly ShareDemand[]): Map<string, number> {
  const demands = shares.map(({ name, weight, queued, running }) => ({
    name,
    weight,
    demandSlots:
      queued.large + running.large + Math.ceil((queued.small + running.small) / SMALL_FILES_PER_SLOT),
  }))
  return divideSlots(slots, demands)
}

/**
 * Says which files to start now, so that slots are shared as ARC shares them.
 *
 * 1. Each share fills the slots it is entitled to (`entitledSlots`), the one that holds least for its
 *    weight first, file by file; of its slots one is for its small files, if it has any and more than one.
 * 2. What is left, because an entitled share has nothing that fits, goes to whoever has: no slot is idle
 *    while a file could use it. Nothing that runs is stopped for it: a share that is above its part gets
 *    nothing more until it is below.
 * 3. A share that has nothing running all the same, because the slots (or those for its lane) are used,
 *    gets an emergency slot if one is free: one large file or eight small ones. Small ones first, because
 *    they give the slot back soonest.
 *
 * The files of a share wait in queues with limits of their own: per link (what the optimizer decided), per
 * host (0 while its breaker is open, 1 for its trial), per user. A queue that its limits keep from starting
 * counts as no demand, so that the slots go to others; the files of a share are taken from its queues in turns.
 *
 * Pure and deterministic. Never takes more than slots + emergencySlots can hold; when more is running
 * already (the operator lowered the limit), it takes nothing.
 *
 * @param limits by name, how many more files may start; a name that is missing is no limit. Each file takes
 *   one of each limit of its queue
 */
export function takeFairQueues(
  budget: SlotBudget,
  shares: readonly SharedQueues[],
  limits: ReadonlyMap<string, number>,
): QueueTake[] {
  const demands = shares.map((share) => ({ ...share, queued: startable(share.queues, limits) }))
  const entitled = entitledSlots(budget.slots, demands)
  const holders = [...shares]
    .sort(compareShares)
    .map((share) => newHolder(share, entitled.get(share.name) ?? 0))
  const room = roomIn(budget, shares, limits)
  fillEntitled(holders, room)
  fillRest(holders, room)
  room.units += budget.emergencySlots * SMALL_FILES_PER_SLOT
  room.large += budget.emergencySlots
  fillEmergency(holders, room)
  return holders.flatMap(takesOf)
}

/** What the limits would let start if the share were alone. */
function startable(queues: readonly QueueDemand[], limits: ReadonlyMap<string, number>): LaneCounts {
  const sum = { small: 0, large: 0 }
  for (const { queued, limits: names } of queues) {
    const most = Math.max(0, Math.min(...names.map((name) => limits.get(name) ?? Infinity)))
    sum.small += Math.min(queued.small, most)
    sum.large += Math.min(queued.large, most)
  }
  return sum
}

function newHolder({ name, weight, running, waitedMs = 0, queues }: SharedQueues, entitled: number): Holder {
  return {
    name,
    weight,
    waitedMs,
    entitledUnits: entitled * SMALL_FILES_PER_SLOT,
    units: running.small + running.large * SMALL_FILES_PER_SLOT,
    large: running.large,
    queues: queues.map((queue) => ({
      name: queue.name,
      limits: queue.limits,
      left: { ...queue.queued },
      taken: { small: 0, large: 0 },
    })),
  }
}

/** What the lanes leave free; below zero when emergency slots are in use. */
function roomIn(
  { slots, smallReserve }: SlotBudget,
  shares: readonly ShareFacts[],
  limits: ReadonlyMap<string, number>,
): Room {
  const small = shares.reduce((total, share) => total + share.running.small, 0)
  const large = shares.reduce((total, share) => total + share.running.large, 0)
  const reserve = Math.min(slots, smallReserve ?? (slots > 1 ? 1 : 0))
  return {
    units: (slots - large) * SMALL_FILES_PER_SLOT - small,
    large: slots - reserve - large,
    limits: new Map(limits),
  }
}

function takesOf({ name: share, queues }: Holder): QueueTake[] {
  return queues.flatMap(({ name: queue, taken }) =>
    [
      { share, queue, lane: lanes.large, count: taken.large },
      { share, queue, lane: lanes.small, count: taken.small },
    ].filter(({ count }) => count > 0),
  )
}
