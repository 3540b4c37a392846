import { type LaneCounts, SMALL_FILES_PER_SLOT } from '../slots.ts'
import { type Lane, lanes } from '../types.ts'

/** Files of one share that wait for the same links and hosts. */
export interface WaitingQueue {
  name: string
  /** The limits that each of its files takes one of, besides a slot. */
  limits: readonly string[]
  /** How many wait; counted down as they are taken. */
  left: LaneCounts
  taken: LaneCounts
}

/** A share while slots are filled. */
export interface Holder {
  name: string
  weight: number
  waitedMs: number
  /** What it may hold before the others have theirs, in eighths of a slot. */
  entitledUnits: number
  /** What it holds, running and taken, in eighths of a slot. */
  units: number
  large: number
  /** The first is preferred. */
  queues: readonly WaitingQueue[]
}

/** What is free. */
export interface Room {
  units: number
  large: number
  /** Files that each limit still lets start; a limit that is not named has room. */
  limits: Map<string, number>
}

interface Pick {
  holder: Holder
  queue: WaitingQueue
  lane: Lane
}

type Choice = (holder: Holder, room: Room) => Pick | undefined

/** A file of the large lane holds a slot, one of the small lane an eighth: all in eighths, whole numbers. */
const UNITS: Record<Lane, number> = { [lanes.small]: 1, [lanes.large]: SMALL_FILES_PER_SLOT }

/** Each share up to what it is entitled to; of its slots one is for its small files, if it has any and two slots. */
export function fillEntitled(holders: readonly Holder[], room: Room): void {
  fill(holders, room, (holder) => {
    const hasSmall =
      holder.units > holder.large * SMALL_FILES_PER_SLOT ||
      holder.queues.some((queue) => queue.left.small > 0)
    const forSmall = hasSmall && holder.entitledUnits > SMALL_FILES_PER_SLOT ? 1 : 0
    const mayLarge = (holder.large + 1 + forSmall) * SMALL_FILES_PER_SLOT <= holder.entitledUnits
    const left = holder.entitledUnits - holder.units
    const large = mayLarge && left >= UNITS[lanes.large] ? pickOf(holder, lanes.large, room) : undefined
    return large ?? (left >= UNITS[lanes.small] ? pickOf(holder, lanes.small, room) : undefined)
  })
}

/** What is left goes to whoever can use it. */
export function fillRest(holders: readonly Holder[], room: Room): void {
  fill(holders, room, (holder) => pickOf(holder, lanes.large, room) ?? pickOf(holder, lanes.small, room))
}

/** One slot each for shares that hold nothing, the most urgent first; small files before a large one. */
export function fillEmergency(holders: readonly Holder[], room: Room): void {
  const starving = holders.filter((holder) => holder.units === 0).sort((a, b) => urgency(b) - urgency(a))
  for (const holder of starving) {
    for (let n = 0; n < SMALL_FILES_PER_SLOT; n++) {
      const small = pickOf(holder, lanes.small, room)
      if (small !== undefined) take(small, room)
    }
    const large = holder.units === 0 ? pickOf(holder, lanes.large, room) : undefined
    if (large !== undefined) take(large, room)
  }
}

function fill(holders: readonly Holder[], room: Room, choose: Choice): void {
  const able = new Set(holders)
  for (;;) {
    let next: Pick | undefined
    for (const holder of able) {
      if (next !== undefined && !isBefore(holder, next.holder)) continue
      const pick = choose(holder, room)
      // Room only shrinks: what does not fit now will not fit later.
      if (pick === undefined) able.delete(holder)
      else next = pick
    }
    if (next === undefined) return
    take(next, room)
  }
}

/** Who holds less for its weight; of those who hold nothing, who has waited longer for its weight. */
function isBefore(a: Holder, b: Holder): boolean {
  // Cross-multiplied: whole numbers compare exactly.
  const load = a.units * b.weight - b.units * a.weight
  return load === 0 ? urgency(a) > urgency(b) : load < 0
}

function urgency({ weight, waitedMs }: Holder): number {
  return weight * waitedMs
}

/** The next file of a lane that fits: of the queue that least was taken from now, the first among equals. */
function pickOf(holder: Holder, lane: Lane, room: Room): Pick | undefined {
  if (room.units < UNITS[lane] || (lane === lanes.large && room.large < 1)) return undefined
  let best: WaitingQueue | undefined
  for (const queue of holder.queues) {
    const isFree = queue.limits.every((limit) => (room.limits.get(limit) ?? 1) >= 1)
    if (queue.left[nameOf(lane)] === 0 || !isFree) continue
    if (best === undefined || total(queue.taken) < total(best.taken)) best = queue
  }
  return best === undefined ? undefined : { holder, queue: best, lane }
}

function take({ holder, queue, lane }: Pick, room: Room): void {
  queue.left[nameOf(lane)]--
  queue.taken[nameOf(lane)]++
  for (const limit of queue.limits) {
    const free = room.limits.get(limit)
    if (free !== undefined) room.limits.set(limit, free - 1)
  }
  holder.units += UNITS[lane]
  room.units -= UNITS[lane]
  if (lane === lanes.small) return
  holder.large++
  room.large--
}

function nameOf(lane: Lane): keyof LaneCounts {
  return lane === lanes.small ? 'small' : 'large'
}

function total({ small, large }: LaneCounts): number {
  return small + large
}
