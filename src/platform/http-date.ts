/** A time as HTTP writes it (RFC 9110 5.6.7): `Sat, 21 Nov 2026 03:57:01 GMT`. Whole seconds. */
export function toHttpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString()
}

/** A time as RFC 3339 writes it, in whole seconds and UTC: `2026-11-21T03:57:01Z`. */
export function toIsoSeconds(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

/** Milliseconds of a time with its zone as RFC 3339 writes it; undefined for any other text. */
export function parseIsoTime(text: string): number | undefined {
  const timeMs = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(timeMs) ? undefined : timeMs
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const FIX_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/

/**
 * Milliseconds of an HTTP date in the form everybody has sent for twenty years; undefined for any
 * other text, which a recipient then ignores (RFC 9110 13.1.3).
 */
export function parseHttpDate(text: string): number | undefined {
  const match = FIX_DATE.exec(text.trim())
  if (match === null) return undefined
  const [, day, month, year, hour, minute, second] = match
  const monthIndex = MONTHS.indexOf(month ?? '')
  if (monthIndex < 0) return undefined
  return Date.UTC(Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second))
}
