import { setTimeout as delay } from 'node:timers/promises'
import { CliError } from './exit.ts'

export interface RetryOptions {
  /** Repeats after the first attempt. */
  retries: number
  signal: AbortSignal
  onRetry?: (error: CliError, waitMs: number) => void
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 30_000
/** Busy, overloaded, or something behind the server is away; 423 is a lock that somebody gives back. */
const TEMPORARY = new Set([408, 423, 425, 429, 500, 502, 503, 504])

/** True when the same request may succeed later. */
export function isTemporary(error: unknown): error is CliError {
  if (!(error instanceof CliError)) return false
  if (error.status !== undefined) return TEMPORARY.has(error.status)
  return error.code === 'UNREACHABLE' || error.code === 'TRUNCATED'
}

/** Does `work` again while it fails for a time only: after 250 ms, then twice as long, or as the server asks. */
export async function withRetries<T>(options: RetryOptions, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= options.retries || options.signal.aborted || !isTemporary(error)) throw error
      const waitMs = Math.min(LONGEST_WAIT_MS, error.retryAfterMs ?? FIRST_WAIT_MS * 2 ** attempt)
      options.onRetry?.(error, waitMs)
      await delay(waitMs, undefined, { signal: options.signal })
    }
  }
}
