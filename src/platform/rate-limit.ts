import type { Clock } from '../platform/clock.ts'
import { BoundedCache } from './bounded-cache.ts'

const MINUTE_MS = 60_000
/** Strangers choose the keys; the oldest are forgotten, which gives them a full bucket again. */
const MAX_KEYS = 20_000

export interface RateLimit {
  /** Counts one; 0 when it is within the limit, otherwise the seconds after which a repeat makes sense. */
  take(key: string): number
}

interface Bucket {
  tokens: number
  atMs: number
}

/** A token bucket per key, in the memory of this process: `most` in a period at once, then evenly. 0: no limit. */
export function createRateLimit(most: number, clock: Clock, periodMs = MINUTE_MS): RateLimit {
  const buckets = new BoundedCache<Bucket>(MAX_KEYS)
  if (most === 0) return { take: () => 0 }
  return {
    take(key) {
      const atMs = clock.nowMs()
      const before = buckets.find(key) ?? { tokens: most, atMs }
      const gained = (Math.max(0, atMs - before.atMs) * most) / periodMs
      const tokens = Math.min(most, before.tokens + gained)
      const isWithin = tokens >= 1
      buckets.set(key, { tokens: isWithin ? tokens - 1 : tokens, atMs })
      return isWithin ? 0 : Math.ceil(((1 - tokens) * periodMs) / most / 1000)
    },
  }
}
