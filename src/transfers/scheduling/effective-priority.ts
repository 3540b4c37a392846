/** A waiting request gains one point of priority in this time (ARC: `aging`). */
export const MS_PER_PRIORITY_POINT = 300_000

export interface RankFacts {
  submittedAtMs: number
  /** 1 to 100. */
  priority: number
}

/**
 * The place in the queue as one stored number: `ORDER BY rank_ms, id` is the order by
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
 * nobody after.
 */
export function queueRank({ submittedAtMs, priority }: RankFacts): number {
  return submittedAtMs - priority * MS_PER_PRIORITY_POINT
}
