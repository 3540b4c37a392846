import type { Clock } from '../platform/clock.ts'
import { createRateLimit, type RateLimit } from '../platform/rate-limit.ts'

/** Of one user: more than anybody types. */
const SEARCHES_PER_MINUTE = 100
/** … and too few to read the list of people by trying beginnings hour after hour. */
const SEARCHES_PER_HOUR = 1_000
const MINUTES_PER_HOUR = 60

/** How often one user may search for names; counted by this process for itself. */
export function createSearchLimit(clock: Clock): RateLimit {
  const minute = createRateLimit(SEARCHES_PER_MINUTE, clock)
  // On a clock that is sixty times slower, a limit for each minute is one for each hour.
  const slow: Clock = { ...clock, nowMs: () => clock.nowMs() / MINUTES_PER_HOUR }
  const hour = createRateLimit(SEARCHES_PER_HOUR, slow)
  return {
    take(key) {
      const seconds = minute.take(key)
      return seconds > 0 ? seconds : hour.take(key) * MINUTES_PER_HOUR
    },
  }
}
