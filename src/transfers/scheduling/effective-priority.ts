/** A waiting request gains one point of priority in this time (ARC: `aging`). */
export const MS_PER_PRIORITY_POINT = 300_000
/** File n of a job counts as submitted so much later than file n-1: 10,000 files weigh as one point. */
export const MS_PER_FILE = 30

/**
 * The priority of a request: that of its job scaled by that of its transfer share, both 1 to 100, as ARC
 * computes it on receipt: floor(share × job / 100), within 1 and 100.
 */
export function sharedPriority(jobPriority: number, sharePriority: number): number {
  return Math.min(100, Math.max(1, Math.floor((sharePriority * jobPriority) / 100)))
}

export interface RankFacts {
  submittedAtMs: number
  /** From `sharedPriority`. */
  priority: number
  /** Which file of its job it is, from 0: later files let other jobs in between. */
  ordinal?: number
}

/**
 * The place of a request in the queue as one stored number: `ORDER BY queue_rank, id` is the order by
 * effective priority, at any time, and never needs an update as time goes by.
 *
 * Why one number is enough. Ageing is +1 point per X = 300,000 ms of waiting, so at time t
 *
 *     effective(t) = priority + (t - submitted) / X
 *                  = (t - (submitted - priority × X)) / X
 *                  = (t - rank) / X            with rank = submitted - priority × X
 *
 * All requests have the same t and the same X, so for two of them, whenever one looks,
 *
 *     effective_a(t) > effective_b(t)   if and only if   rank_a < rank_b:
 *
 * t cancels out. A request with a lower priority overtakes one that came later exactly when it has waited
 * X longer per point. All terms are whole numbers far below 2^53, so the comparison is exact in JavaScript
 * and in a bigint column.
 *
 * ARC raises the priority in whole steps, and only up to the highest of the queue; here it grows evenly
 * and without end, which differs by less than one point while ARC's is below that highest, and starves
 * nobody after. The ordinal moves `submitted` of one file by a constant and changes nothing of the above.
 */
export function queueRank({ submittedAtMs, priority, ordinal = 0 }: RankFacts): number {
  return submittedAtMs + ordinal * MS_PER_FILE - priority * MS_PER_PRIORITY_POINT
}

/**
 * What to add to the ranks of all files of a job when its priority changes: one statement,
 * `queue_rank = queue_rank + ?`. The time they have waited still counts.
 */
export function rankShift(oldPriority: number, newPriority: number): number {
  return (oldPriority - newPriority) * MS_PER_PRIORITY_POINT
}

/** The effective priority now, for people to see; not bounded by 100. */
export function effectivePriority(rank: number, nowMs: number): number {
  return (nowMs - rank) / MS_PER_PRIORITY_POINT
}
