import { type LaneCounts, SMALL_FILES_PER_SLOT } from '../slots.ts'
import { type Lane, lanes } from '../types.ts'
import { compareShares, divideSlots } from './divide-slots.ts'

/** One transfer share: who waits and who runs under its name. */
export interface ShareDemand {
  name: string
  /** 1 to 100; twice the weight is twice the slots. */
  weight: number
  /**
   * Files that could start at once: not those that a link, a host or a pause holds back. May be counted up
   * to `countLimit(slots, emergencySlots)` and no further; the answer is the same.
   */
  queued: LaneCounts
  running: LaneCounts
  /**
   * How long it has had something to start and started nothing. With fewer slots than shares the greatest
   * weight × waiting goes first, which in the long run starts files by weight and forgets nobody. Without
   * it (0) the heaviest always goes first.
   */
  waitedMs?: number
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

interface Holder {
  share: ShareDemand
  /** What it may hold before the others have theirs, in eighths of a slot. */
  entitledUnits: number
  /** What it holds, running and taken, in eighths of a slot. */
  units: number
  large: number
  waiting: LaneCounts
  taken: LaneCounts
}

interface Room {
  units: number
  large: number
}

/** A file of the large lane holds a slot, one of the small lane an eighth: all in eighths, whole numbers. */
const UNITS: Record<Lane, number> = { [lanes.small]: 1, [lanes.large]: SMALL_FILES_PER_SLOT }

/** How far the files a share has queued need to be counted, per lane: more cannot start at once. */
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
 * Pure and deterministic. Never takes more than slots + emergencySlots can hold, even when more is running
 * already (the operator lowered the limit): then it takes nothing.
 */
export function takeFair(budget: SlotBudget, shares: readonly ShareDemand[]): Take[] {
  const entitled = entitledSlots(budget.slots, shares)
  const holders = [...shares]
    .sort(compareShares)
    .map((share) => newHolder(share, (entitled.get(share.name) ?? 0) * SMALL_FILES_PER_SLOT))
  const room = roomIn(budget, shares)
  fill(holders, room, entitledLane)
  fill(holders, room, anyLane)
  room.units += budget.emergencySlots * SMALL_FILES_PER_SLOT
  room.large += budget.emergencySlots
  takeEmergency(holders, room)
  return holders.flatMap(takesOf)
}

function newHolder(share: ShareDemand, entitledUnits: number): Holder {
  const { running, queued } = share
  return {
    share,
    entitledUnits,
    units: running.small + running.large * SMALL_FILES_PER_SLOT,
    large: running.large,
    waiting: { ...queued },
    taken: { small: 0, large: 0 },
  }
}

/** What the lanes leave free; below zero when emergency slots are in use. */
function roomIn({ slots, smallReserve }: SlotBudget, shares: readonly ShareDemand[]): Room {
  const small = shares.reduce((total, share) => total + share.running.small, 0)
  const large = shares.reduce((total, share) => total + share.running.large, 0)
  const reserve = Math.min(slots, smallReserve ?? (slots > 1 ? 1 : 0))
  return { units: (slots - large) * SMALL_FILES_PER_SLOT - small, large: slots - reserve - large }
}

type LaneChoice = (holder: Holder, room: Room) => Lane | undefined

function fill(holders: readonly Holder[], room: Room, choose: LaneChoice): void {
  for (;;) {
    const able = holders.flatMap((holder) => {
      const lane = choose(holder, room)
      return lane === undefined ? [] : [{ holder, lane }]
    })
    const next = able.reduce<(typeof able)[number] | undefined>(
      (best, one) => (best === undefined || isBefore(one.holder, best.holder) ? one : best),
      undefined,
    )
    if (next === undefined) return
    take(next.holder, next.lane, room)
  }
}

/** Who holds less for its weight; of those who hold nothing, who has waited longer for its weight. */
function isBefore(a: Holder, b: Holder): boolean {
  // Cross-multiplied: whole numbers compare exactly.
  const load = a.units * b.share.weight - b.units * a.share.weight
  return load === 0 ? urgency(a) > urgency(b) : load < 0
}

function urgency({ share }: Holder): number {
  return share.weight * (share.waitedMs ?? 0)
}

function fits(holder: Holder, lane: Lane, room: Room): boolean {
  if (lane === lanes.small) return holder.waiting.small > 0 && room.units >= UNITS[lane]
  return holder.waiting.large > 0 && room.large >= 1 && room.units >= UNITS[lane]
}

function entitledLane(holder: Holder, room: Room): Lane | undefined {
  const left = holder.entitledUnits - holder.units
  const hasSmall = holder.units > holder.large * SMALL_FILES_PER_SLOT || holder.waiting.small > 0
  const forSmall = hasSmall && holder.entitledUnits > SMALL_FILES_PER_SLOT ? 1 : 0
  const mayLarge = (holder.large + 1 + forSmall) * SMALL_FILES_PER_SLOT <= holder.entitledUnits
  if (mayLarge && left >= UNITS[lanes.large] && fits(holder, lanes.large, room)) return lanes.large
  return left >= 1 && fits(holder, lanes.small, room) ? lanes.small : undefined
}

function anyLane(holder: Holder, room: Room): Lane | undefined {
  if (fits(holder, lanes.large, room)) return lanes.large
  return fits(holder, lanes.small, room) ? lanes.small : undefined
}

function takeEmergency(holders: readonly Holder[], room: Room): void {
  const starving = holders.filter((holder) => holder.units === 0).sort((a, b) => urgency(b) - urgency(a))
  for (const holder of starving) {
    if (holder.waiting.small === 0 && fits(holder, lanes.large, room)) take(holder, lanes.large, room)
    for (let n = 0; n < SMALL_FILES_PER_SLOT && fits(holder, lanes.small, room); n++) {
      take(holder, lanes.small, room)
    }
  }
}

function take(holder: Holder, lane: Lane, room: Room): void {
  const name = lane === lanes.small ? 'small' : 'large'
  holder.waiting[name]--
  holder.taken[name]++
  holder.units += UNITS[lane]
  room.units -= UNITS[lane]
  if (lane === lanes.small) return
  holder.large++
  room.large--
}

function takesOf({ share, taken }: Holder): Take[] {
  const counts = [
    { share: share.name, lane: lanes.large, count: taken.large },
    { share: share.name, lane: lanes.small, count: taken.small },
  ]
  return counts.filter(({ count }) => count > 0)
}
