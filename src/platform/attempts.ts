import { BoundedCache } from './bounded-cache.ts'
import type { Clock } from './clock.ts'

const MINUTE_MS = 60_000
/** Strangers choose the keys; the oldest are forgotten, which gives them all their attempts again. */
const MAX_KEYS = 20_000

/** Attempts left per key, in the memory of this process: some at once, which come back evenly. */
export interface Attempts {
  /** Takes one; 0 when there was one left, otherwise the seconds after which a repeat makes sense. */
  take(key: string): number
  /** For an attempt that turned out to be right: taken first, so that many at once do not slip through. */
  giveBack(key: string): void
  /** All of them are there again. */
  reset(key: string): void
}

interface Bucket {
  left: number
  atMs: number
}

/** `most` at once; all of them come back within `minutes`. */
export function createAttempts({ most, minutes }: { most: number; minutes: number }, clock: Clock): Attempts {
  const buckets = new BoundedCache<Bucket>(MAX_KEYS)
  const perMs = most / (minutes * MINUTE_MS)
  return {
    take(key) {
      const atMs = clock.nowMs()
      const before = buckets.find(key) ?? { left: most, atMs }
      const left = Math.min(most, before.left + Math.max(0, atMs - before.atMs) * perMs)
      buckets.set(key, { left: left >= 1 ? left - 1 : left, atMs })
      return left >= 1 ? 0 : Math.ceil((1 - left) / perMs / 1000)
    },
    giveBack(key) {
      const bucket = buckets.find(key)
      if (bucket !== undefined) bucket.left = Math.min(most, bucket.left + 1)
    },
    reset: (key) => buckets.delete(key),
  }
}
