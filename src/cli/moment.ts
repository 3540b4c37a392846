import { isoTime } from '../platform/clock.ts'
import { usageError } from './exit.ts'

/** A date alone means its last second, in local time; ISO 8601 in UTC comes out. */
export function parseMoment(text: string): string {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const timeMs = Date.parse(isDate ? `${text}T23:59:59` : text)
  if (Number.isNaN(timeMs))
    throw usageError(`"${text}" is not a date; write 2027-01-31 or 2027-01-31T12:00Z.`)
  return isoTime(timeMs)
}

/** A moment, or how long from now: `+2h`. */
export function momentOrSpan(nowMs: () => number): (text: string) => string {
  return (text) => {
    const [, count, unit = ''] = /^\+(\d{1,6})([mhd])$/.exec(text) ?? []
    if (count === undefined) return parseMoment(text)
    const units: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
    return isoTime(nowMs() + Number(count) * (units[unit] ?? 0))
  }
}
