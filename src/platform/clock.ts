import { setTimeout as delay } from 'node:timers/promises'

/** The only source of time in the node; tests inject one they can move by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason when it aborts first. */
  wait(ms: number, signal?: AbortSignal): Promise<void>
}

/** The clock of the machine. Waiting never keeps a stopping process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  wait: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? { ref: false } : { ref: false, signal })
  },
}

/** The API's form of a time: ISO 8601 in UTC. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
