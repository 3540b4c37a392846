/** Who lived so long ended for a reason of its own. */
const STEADY_MS = 60_000
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 30_000

/** How long to wait before a worker is started again: not at all after a long life, else doubled each time. */
export function restartWaitMs({ livedMs, shortLives }: { livedMs: number; shortLives: number }): number {
  if (livedMs >= STEADY_MS) return 0
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** shortLives)
}
