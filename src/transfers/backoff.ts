import { parseHttpDate } from '../platform/http-date.ts'

const MAX_BACKOFF_SECONDS = 900
/** A server may ask for patience, but not for ever. */
const MAX_RETRY_AFTER_SECONDS = 24 * 3600

export interface BackoffInput {
  /** Attempts that have failed, from 1. */
  attempts: number
  baseSeconds: number
  /** What the server asked for. */
  retryAfterSeconds?: number | undefined
  /** In [0, 1); spreads the repeats of many files. */
  random: number
}

/** How long to wait before the next attempt: base × n², ±20 %, and never less than `Retry-After`. */
export function backoffMs(input: BackoffInput): number {
  const plain = Math.min(input.baseSeconds * input.attempts ** 2, MAX_BACKOFF_SECONDS)
  const spread = plain * (0.8 + 0.4 * input.random)
  const asked = Math.min(input.retryAfterSeconds ?? 0, MAX_RETRY_AFTER_SECONDS)
  return Math.round(Math.max(spread, asked) * 1000)
}

/** Reads `Retry-After` (RFC 9110 10.2.3): seconds, or an HTTP date. Undefined when unreadable. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text.trim())) return Number(text)
  const atMs = parseHttpDate(text)
  return atMs === undefined ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000))
}
