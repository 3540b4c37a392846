import { isoTime } from '../../platform/clock.ts'
import { BadRequestError } from '../../platform/errors.ts'

const DAY_MS = 86_400_000

/**
 * The end of the day that a client chose, `YYYY-MM-DD` with or without a time behind it: a share that ends
 * on a day can be used on that day. Throws `BadRequestError`.
 */
export function endOfDayMs(text: string): number {
  const [, day] = /^(\d{4}-\d{2}-\d{2})(?:[ T].*)?$/.exec(text) ?? []
  const startMs = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`)
  // February 30th is read as a day in March.
  if (Number.isNaN(startMs) || !isoTime(startMs).startsWith(day ?? '')) {
    throw new BadRequestError('expireDate is a day, written as YYYY-MM-DD.')
  }
  return startMs + DAY_MS - 1
}

/** The day a share ends, as clients read it. */
export function toDay(expiresAtMs: number): string {
  return `${isoTime(expiresAtMs).slice(0, 10)} 00:00:00`
}
