import type { Clock } from '../platform/clock.ts'
import { createRateLimit, type RateLimit } from '../platform/rate-limit.ts'

/** Of one user: more than anybody types. */
const SEARCHES_PER_MINUTE = 100
/** … and too few to read the list of people by trying beginnings hour after hour. */
const SEARCHES_PER_HOUR = 1_000
const HOUR_MS = 3_600_000

/** How often one user may search for names; counted by this process for itself. */
export function createSearchLimit(clock: Clock): RateLimit {
  const minute = createRateLimit(SEARCHES_PER_MINUTE, clock)
  const hour = createRateLimit(SEARCHES_PER_HOUR, clock, HOUR_MS)
  return { take: (key) => minute.take(key) || hour.take(key) }
}
