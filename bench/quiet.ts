import os from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

const SAMPLE_MS = 250
const LONGEST_WAIT_MS = 20_000
/** Cores that others may be using when a measurement begins. */
const TOLERATED_CORES = 0.15

/**
 * Waits until nobody else keeps the processors busy, for at most 20 s; false when they stayed busy. Between
 * two measurements all servers are idle, so what is seen then is the work of others.
 */
export async function waitForQuiet(): Promise<boolean> {
  const deadline = performance.now() + LONGEST_WAIT_MS
  do {
    if ((await busyCores()) < TOLERATED_CORES) return true
  } while (performance.now() < deadline)
  return false
}

async function busyCores(): Promise<number> {
  const [before, startedAt] = [busyMs(), performance.now()]
  await delay(SAMPLE_MS)
  return (busyMs() - before) / (performance.now() - startedAt)
}

function busyMs(): number {
  return os.cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
}
