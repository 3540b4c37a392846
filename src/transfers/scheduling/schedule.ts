import { Cron } from 'croner'
import { isoTime } from '../../platform/clock.ts'
import { BadRequestError, messageOf } from '../../platform/errors.ts'
import { assertTimeZone } from './time-zone.ts'

/** When a recurring job runs; made by `parseSchedule`. Text and zone are what to store. */
export interface Schedule {
  /** As it was written. */
  text: string
  timeZone: string
  /** Either so many ms after the last run, or by this cron pattern. */
  rule: { everyMs: number } | { cron: Cron }
}

const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const MAX_EVERY_MS = 366 * 86_400_000
const MAX_LENGTH = 200
const FORMS = 'Write five cron fields (0 2 * * Mon-Fri), "every 6h" or "daily 02:00".'

/**
 * Reads when a recurring job runs: five cron fields (minute, hour, day, month, weekday; also names, lists,
 * ranges, steps, `L`, `W` and `#`; a day and a weekday both given means either, as in cron), `every 6h`
 * (m, h, d, w) or `daily 02:00`.
 *
 * @param timeZone IANA name whose clocks count; `every` does not depend on it
 * @throws BadRequestError that says what is wrong, also of a date that never comes (30 February)
 */
export function parseSchedule(text: string, timeZone = 'UTC'): Schedule {
  assertTimeZone(timeZone)
  if (text.length > MAX_LENGTH) throw invalid(text, `it is longer than ${MAX_LENGTH} characters.`)
  const words = text.trim().toLowerCase().split(/\s+/)
  if (words[0] === 'every') return { text, timeZone, rule: { everyMs: everyMsOf(text, words) } }
  const pattern = words[0] === 'daily' ? dailyPattern(text, words) : text.trim()
  return { text, timeZone, rule: { cron: cronOf(text, pattern, timeZone) } }
}

function everyMsOf(text: string, [, span = '', ...more]: string[]): number {
  const match = /^(\d{1,6})([mhdw])$/.exec(span)
  const ms = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? 0)
  if (match === null || more.length > 0) {
    throw invalid(text, 'after "every" stands a number and m, h, d or w, as in every 6h.')
  }
  if (ms === 0) throw invalid(text, 'it must be one minute at least, as in every 1m.')
  if (ms > MAX_EVERY_MS) throw invalid(text, 'it must be a year at most.')
  return ms
}

function dailyPattern(text: string, [, time = '', ...more]: string[]): string {
  const match = /^(\d{1,2}):(\d{2})$/.exec(time)
  const [hour, minute] = [Number(match?.[1]), Number(match?.[2])]
  if (match === null || more.length > 0 || hour > 23 || minute > 59) {
    throw invalid(text, 'after "daily" stands a time of day from 00:00 to 23:59, as in daily 02:00.')
  }
  return `${minute} ${hour} * * *`
}

function cronOf(text: string, pattern: string, timeZone: string): Cron {
  const fields = pattern.split(/\s+/).length
  if (fields !== 5) throw invalid(text, `it has ${fields} ${fields === 1 ? 'word' : 'fields'}. ${FORMS}`)
  // The library puts the present time in its place, and every restart would make another schedule of it.
  if (pattern.includes('?')) throw invalid(text, 'write * for any value, not ?.')
  const cron = readCron(text, pattern, timeZone)
  if (cron.nextRun(isoTime(0)) === null) throw invalid(text, 'there is no such date in any year.')
  return cron
}

function readCron(text: string, pattern: string, timeZone: string): Cron {
  try {
    return new Cron(pattern, { mode: '5-part', timezone: timeZone, paused: true })
  } catch (cause) {
    const reason = messageOf(cause)
      .replace(/^CronPattern: /, '')
      .replace(/\.?$/, '.')
    throw invalid(text, reason, cause)
  }
}

function invalid(text: string, reason: string, cause?: unknown): BadRequestError {
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text
  const fields = [{ field: 'schedule', message: 'cannot be read' }]
  return new BadRequestError(`"${shown}" is no schedule: ${reason}`, { cause, fields })
}

/**
 * The first run after `afterMs`, in ms; undefined when there is none any more.
 *
 * For `every`, `afterMs` is when the last run was due, or the moment of the order: so runs do not drift. A
 * node that was down passes now instead, as it should run once and not catch up. By the clock: a run in the
 * hour that is skipped in spring comes right after it, one in the hour that is repeated in autumn comes once.
 */
export function nextRunMs({ rule }: Schedule, afterMs: number): number | undefined {
  if ('everyMs' in rule) return afterMs + rule.everyMs
  return rule.cron.nextRun(isoTime(afterMs))?.getTime()
}
