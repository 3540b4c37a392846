import { BoundedCache } from '../../platform/bounded-cache.ts'
import type { Clock } from '../../platform/clock.ts'
import { TooManyRequestsError } from '../../platform/errors.ts'
import { networkOf } from '../../platform/network-of.ts'

const MINUTE_MS = 60_000
const MAX_KEYS = 20_000

export interface AttemptLimits {
  /** Of one client address, whatever it tries. */
  perAddress: number
  /** At one link, from wherever. */
  perLink: number
  /** In which they come back. */
  minutes: number
}

/** Counts attempts in the memory of this process. */
export interface Attempts {
  /**
   * Takes one; throws `TooManyRequestsError`. The function that is answered gives it back, for an attempt
   * that turned out to be right: taken first, so that many at once do not slip through.
   */
  take(address: string, linkId: string | undefined): () => void
}

interface Bucket {
  left: number
  atMs: number
}

export function createAttempts(limits: AttemptLimits, clock: Clock): Attempts {
  const buckets = new BoundedCache<Bucket>(MAX_KEYS)
  const take = (key: string, most: number): number => {
    const atMs = clock.nowMs()
    const perMs = most / (limits.minutes * MINUTE_MS)
    const before = buckets.find(key) ?? { left: most, atMs }
    const left = Math.min(most, before.left + Math.max(0, atMs - before.atMs) * perMs)
    buckets.set(key, { left: left >= 1 ? left - 1 : left, atMs })
    return left >= 1 ? 0 : Math.ceil((1 - left) / perMs / 1000)
  }
  const giveBack = (key: string, most: number) => {
    const bucket = buckets.find(key)
    if (bucket !== undefined) bucket.left = Math.min(most, bucket.left + 1)
  }
  return {
    take(address, linkId) {
      const keys = [
        { key: `address ${networkOf(address)}`, most: limits.perAddress },
        ...(linkId === undefined ? [] : [{ key: `link ${linkId}`, most: limits.perLink }]),
      ]
      for (const { key, most } of keys) {
        const seconds = take(key, most)
        if (seconds > 0) throw tooMany(seconds)
      }
      return () => {
        for (const { key, most } of keys) giveBack(key, most)
      }
    },
  }
}

function tooMany(retryAfterSeconds: number): TooManyRequestsError {
  return new TooManyRequestsError(`Too many attempts; try again in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
  })
}
