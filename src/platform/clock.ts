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
  // Not that of node:timers/promises, which makes an error of its own for each wait that is ended: most are.
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const end = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', end)
        resolve()
      }, ms).unref()
      signal?.addEventListener('abort', end, { once: true })
    }),
}

/** The API's form of a time: ISO 8601 in UTC. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
