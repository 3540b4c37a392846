import type { Clock } from '../platform/clock.ts'
import { type DtrState, hasReached } from './dtr-states.ts'
import { freeSlots } from './slots.ts'
import { countLanes, type Task } from './task-pool.ts'
import { lanes } from './types.ts'

/** Before the bytes of a file move, while they do, after. */
export type Stage = 'pre' | 'delivery' | 'post'

/** Files at a time whose pre- or post-processing is slow; 0: these hold slots of delivery to their end. */
export interface StageSlotLimits {
  preProcess: number
  postProcess: number
}

/** Where a running request stands. */
export interface Stand {
  stage: Stage
  sinceMs: number
  /** It left its slot of delivery to others. */
  isOut: boolean
  /** It waits for a slot of delivery; lets it go on. */
  admit?: (() => void) | undefined
}

/** What is quicker than this keeps its slot: handing it over would cost more. */
const SLOW_MS = 1000

export interface StageSlotsDeps {
  clock: Clock
  limits: StageSlotLimits
  /** Of delivery. */
  slots: number
  tasks(): readonly Task[]
  /** How many more files may start on a link, of which so many move. */
  roomOf(link: string, moving: number): number
  /** Somebody waits for a slot: `settle` is wanted soon. */
  onWait(): void
}

/** The stage in which a state of a request is worked on. */
export function stageOf(state: DtrState): Stage {
  if (state === 'TRANSFER') return 'delivery'
  return hasReached(state, 'TRANSFERRED') ? 'post' : 'pre'
}

/**
 * A request is taken for a slot of delivery. When a server is slow to say what it has, or to store and
 * verify, the request leaves that slot to others, as in ARC pre- and post-processor have slots of their
 * own; it needs one again before its bytes move.
 */
export class StageSlots {
  private readonly deps: StageSlotsDeps

  constructor(deps: StageSlotsDeps) {
    this.deps = deps
  }

  /** Resolves when the request may go on in that stage; rejects with the reason of its end. */
  async enter(task: Task, stage: Stage): Promise<void> {
    const { stand } = task
    if (stand.stage === stage) return
    stand.stage = stage
    stand.sinceMs = this.deps.clock.nowMs()
    if (stage === 'delivery' && stand.isOut) await this.untilAdmitted(task)
  }

  /** Lets the slow ones out of the slots of delivery, and those back in that are ready for them. */
  settle(): void {
    for (const task of this.deps.tasks()) if (this.mayLeave(task)) task.stand.isOut = true
    for (const task of this.waiting()) {
      if (!this.hasRoom(task)) continue
      task.stand.isOut = false
      task.stand.admit?.()
    }
  }

  /** Those that hold slots of delivery. */
  delivering(): Task[] {
    return this.deps.tasks().filter(({ stand }) => !stand.isOut)
  }

  /** How many have left them, by what they do; `delivery`: ready, and waiting for a slot. */
  outside(): Record<Stage, number> {
    const found = { pre: 0, delivery: 0, post: 0 }
    for (const { stand } of this.deps.tasks()) if (stand.isOut) found[stand.stage]++
    return found
  }

  private async untilAdmitted(task: Task): Promise<void> {
    const { signal } = task.abort
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = () => reject(signal.reason)
    signal.throwIfAborted()
    signal.addEventListener('abort', onAbort, { once: true })
    task.stand.admit = resolve
    this.deps.onWait()
    try {
      await promise
    } finally {
      task.stand.admit = undefined
      signal.removeEventListener('abort', onAbort)
    }
  }

  private mayLeave({ stand, queue }: Task): boolean {
    const { clock } = this.deps
    if (stand.isOut || stand.stage === 'delivery' || clock.nowMs() - stand.sinceMs < SLOW_MS) return false
    const pool = this.poolOf(stand.stage)
    // No share takes more than what it leaves to the others, so that one slow server never fills the pool.
    const own = pool.tasks.filter((other) => other.queue?.share === queue?.share).length
    return own < pool.limit - pool.tasks.length
  }

  /** Prepared files that wait for a slot stay in the pool of preparation: there are never more of them. */
  private poolOf(stage: Stage): { tasks: Task[]; limit: number } {
    const { limits } = this.deps
    const out = this.deps.tasks().filter(({ stand }) => stand.isOut)
    if (stage === 'post')
      return { tasks: out.filter(({ stand }) => stand.stage === 'post'), limit: limits.postProcess }
    return { tasks: out.filter(({ stand }) => stand.stage !== 'post'), limit: limits.preProcess }
  }

  /** The share that moves least comes first, in it who waits longest. */
  private waiting(): Task[] {
    const held = new Map<string | undefined, number>()
    for (const { queue } of this.delivering()) held.set(queue?.share, (held.get(queue?.share) ?? 0) + 1)
    const heldBy = ({ queue }: Task) => held.get(queue?.share) ?? 0
    return this.deps
      .tasks()
      .filter(({ stand }) => stand.admit !== undefined)
      .sort((a, b) => heldBy(a) - heldBy(b) || a.stand.sinceMs - b.stand.sinceMs)
  }

  private hasRoom({ lane, queue }: Task): boolean {
    const moving = this.delivering()
    const free = freeSlots(this.deps.slots, countLanes(moving))
    if ((lane === lanes.small ? free.small : free.large) < 1) return false
    if (queue === undefined) return true
    const onLink = moving.filter((task) => task.queue?.link === queue.link).length
    return this.deps.roomOf(queue.link, onLink) > 0
  }
}
