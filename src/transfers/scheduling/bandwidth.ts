import { BadRequestError } from '../../platform/errors.ts'
import { MINUTES_PER_DAY, MINUTES_PER_WEEK, weekClock, weekdays } from './time-zone.ts'

/** From this minute of the week on (0 is Sunday 00:00, local time) this limit holds. */
export interface BandwidthEntry {
  weekMinute: number
  /** Undefined is no limit. */
  bytesPerSecond: number | undefined
}

/** Sorted by minute, each minute once; empty means that there is never a limit. */
export type BandwidthTable = readonly BandwidthEntry[]

const MINUTE_MS = 60_000
const MAX_ENTRIES = 7 * 48
/** Clocks are put forward and back at multiples of this. */
const ZONE_STEP_MINUTES = 15

const UNITS: Record<string, number> = {
  B: 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
  P: 1024 ** 5,
}

/**
 * Reads a limit in bytes per second as rclone writes it: `10M`, `1.5G`, `512K`, `100B` (K is 1024), also
 * `10MiB` and `10Mi`; `off` is no limit. A bare number is refused: rclone takes it for KiB, others for bytes.
 *
 * @returns bytes per second, undefined for `off`
 * @throws BadRequestError that says what is wrong with it
 */
export function parseRate(text: string): number | undefined {
  if (/^off$/i.test(text)) return undefined
  const match = /^(\d+(?:\.\d+)?)(?:([BKMGTP])(?:i?B?)?)?$/i.exec(text)
  if (match === null) throw invalid(`"${text}" is no rate. Write it as 10M (MiB per second), 512K or off.`)
  const [, number, unit] = match
  if (unit === undefined) {
    throw invalid(
      `"${text}" has no unit. Write ${text}K for KiB per second, ${text}M for MiB, ${text}B for bytes.`,
    )
  }
  const bytes = Math.round(Number(number) * (UNITS[unit.toUpperCase()] ?? 1))
  if (bytes < 1)
    throw invalid(`"${text}" would let nothing through. Pause the transfers, or write off for no limit.`)
  if (!Number.isSafeInteger(bytes))
    throw invalid(`"${text}" is more than can be counted. Write off for no limit.`)
  return bytes
}

/**
 * Reads a limit by time of day in rclone's form: `10M` always, or entries `[weekday-]HH:MM,rate` with
 * spaces between, each holding until the next: `08:00,10M 18:00,off`, `Mon-08:00,10M Fri-18:00,off`. An
 * entry without a weekday is for every day. Beyond rclone: a range of days, `Mon-Fri-08:00,10M`.
 *
 * @throws BadRequestError that names the entry and what is wrong with it
 */
export function parseBandwidth(text: string): BandwidthTable {
  const words = text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '')
  if (words.length === 0) throw invalid('The bandwidth limit is empty. Write off for no limit.')
  if (words.length > MAX_ENTRIES) throw invalid(`A bandwidth limit has at most ${MAX_ENTRIES} entries.`)
  const [only] = words
  if (words.length === 1 && only !== undefined && !only.includes(',')) {
    return [{ weekMinute: 0, bytesPerSecond: parseRate(only) }]
  }
  const entries = words.flatMap(parseEntry).sort((a, b) => a.weekMinute - b.weekMinute)
  for (const [index, entry] of entries.entries()) {
    if (entry.weekMinute !== entries[index - 1]?.weekMinute) continue
    throw invalid(`The bandwidth limit has two entries for ${nameOf(entry.weekMinute)}. Remove one.`)
  }
  return entries
}

function parseEntry(word: string): BandwidthEntry[] {
  const [when = '', rate, ...more] = word.split(',')
  if (rate === undefined || rate === '' || more.length > 0) {
    throw invalid(`"${word}" is no entry. Write time and rate with a comma, as 08:00,10M.`)
  }
  const match = /^(?:([a-z]+)-)?(?:([a-z]+)-)?(\d{1,2}):(\d{2})$/i.exec(when)
  if (match === null) throw invalid(`"${when}" in "${word}" is no time. Write it as 08:00 or Mon-08:00.`)
  const [, first, last, hour, minute] = match
  if (Number(hour) > 23 || Number(minute) > 59) {
    throw invalid(`"${hour}:${minute}" in "${word}" is no time of day. It goes from 00:00 to 23:59.`)
  }
  const dayMinute = Number(hour) * 60 + Number(minute)
  const bytesPerSecond = parseRate(rate)
  return daysOf(word, first, last).map((day) => ({
    weekMinute: day * MINUTES_PER_DAY + dayMinute,
    bytesPerSecond,
  }))
}

/** The days from the first to the last, over the weekend if need be (`Sat-Mon`). */
function daysOf(word: string, first: string | undefined, last: string | undefined): number[] {
  if (first === undefined) return weekdays.map((_, day) => day)
  const from = dayOf(word, first)
  const to = last === undefined ? from : dayOf(word, last)
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, n) => (from + n) % 7)
}

/** `Mon` or `Monday`, in any case. */
function dayOf(word: string, name: string): number {
  const long = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
  const wanted = name.toLowerCase()
  const day = long.findIndex((full) => full === wanted || full.slice(0, 3) === wanted)
  if (day === -1) throw invalid(`"${name}" in "${word}" is no weekday. They are ${weekdays.join(', ')}.`)
  return day
}

function nameOf(weekMinute: number): string {
  const minute = weekMinute % MINUTES_PER_DAY
  const two = (value: number) => String(value).padStart(2, '0')
  return `${weekdays[Math.floor(weekMinute / MINUTES_PER_DAY)]} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}

function invalid(message: string): BadRequestError {
  return new BadRequestError(message, { fields: [{ field: 'bandwidth', message: 'cannot be read' }] })
}

/** The entry that began last, counted around the week. */
function entryAt(table: BandwidthTable, weekMinute: number): BandwidthEntry | undefined {
  return table.findLast((entry) => entry.weekMinute <= weekMinute) ?? table.at(-1)
}

/**
 * The limit that holds now by the clocks of that time zone, in bytes per second; undefined is none.
 *
 * @throws BadRequestError for an unknown time zone
 */
export function limitAt(table: BandwidthTable, nowMs: number, timeZone: string): number | undefined {
  return entryAt(table, weekClock(timeZone)(nowMs))?.bytesPerSecond
}

/**
 * When the limit changes next, in ms; undefined when it never does. Follows the clocks: an hour that is
 * skipped in spring skips the entries in it to its end, one that is repeated in autumn repeats them.
 */
export function nextChangeMs(table: BandwidthTable, nowMs: number, timeZone: string): number | undefined {
  const weekMinuteAt = weekClock(timeZone)
  const limitOf = (ms: number) => entryAt(table, weekMinuteAt(ms))?.bytesPerSecond
  const present = limitOf(nowMs)
  if (table.every((entry) => entry.bytesPerSecond === present)) return undefined
  const startMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS
  // A day more than a week, for clocks that are put back in between.
  for (let minute = 0; minute < MINUTES_PER_WEEK + MINUTES_PER_DAY; ) {
    const step = stepTo(table, weekMinuteAt(startMs + minute * MINUTE_MS), minute, startMs)
    minute += step
    if (limitOf(startMs + minute * MINUTE_MS) !== present) return startMs + minute * MINUTE_MS
  }
  return undefined
}

/** To the next entry, or to the next moment at which clocks could be changed, whichever comes first. */
function stepTo(table: BandwidthTable, weekMinute: number, minute: number, startMs: number): number {
  const next = table.find((entry) => entry.weekMinute > weekMinute)?.weekMinute
  const wrapped = next ?? (table[0]?.weekMinute ?? 0) + MINUTES_PER_WEEK
  const utcMinute = startMs / MINUTE_MS + minute
  return Math.min(wrapped - weekMinute, ZONE_STEP_MINUTES - (utcMinute % ZONE_STEP_MINUTES))
}
