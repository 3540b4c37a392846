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
