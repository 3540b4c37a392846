import { queueRank } from './scheduling/effective-priority.ts'

/**
 * The place of a job among those of its share; the lower goes first. `servedAtMs` is when it last got
 * a slot, or when it was ordered. Among equals the one served longest ago goes first, so they take
 * turns; waiting counts like priority, one point for each five minutes as in ARC.
 */
export function rankOf(servedAtMs: number, priority: number): number {
  return queueRank({ submittedAtMs: servedAtMs, priority })
}

/** Before every rank: for what must be tidied up at once. */
export const FIRST_RANK = 0
