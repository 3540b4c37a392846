import { describe, expect, it } from 'vitest'
import { nextRunMs, parseSchedule } from '../../../src/transfers/scheduling/schedule.ts'

const SATURDAY = '2026-11-21T12:00:00.000Z'

/** The next runs, each after the one before. */
function runs(text: string, count = 1, after = SATURDAY, zone?: string): string[] {
  const schedule = parseSchedule(text, zone)
  const all: string[] = []
  let atMs: number | undefined = Date.parse(after)
  for (let n = 0; n < count; n++) {
    atMs = nextRunMs(schedule, atMs)
    if (atMs === undefined) break
    all.push(new Date(atMs).toISOString())
  }
  return all
}

describe('a schedule', () => {
  it.each([
    ['*/15 * * * *', '2026-11-21T12:15:00.000Z'],
    ['0 2 * * Mon-Fri', '2026-11-23T02:00:00.000Z'],
    ['0 2 1 * *', '2026-12-01T02:00:00.000Z'],
    ['0 0 L * *', '2026-11-30T00:00:00.000Z'],
    ['0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
    ['30 3 1 * Sun', '2026-11-22T03:30:00.000Z'],
    ['daily 02:00', '2026-11-22T02:00:00.000Z'],
    ['Daily 23:59', '2026-11-21T23:59:00.000Z'],
    ['every 6h', '2026-11-21T18:00:00.000Z'],
    ['every 90m', '2026-11-21T13:30:00.000Z'],
    ['every 2w', '2026-12-05T12:00:00.000Z'],
  ])('reads %s', (text, next) => {
    expect(runs(text)).toEqual([next])
  })

  it('comes after the time given, not at it', () => {
    expect(runs('0 12 * * *', 2)).toEqual(['2026-11-22T12:00:00.000Z', '2026-11-23T12:00:00.000Z'])
    expect(runs('every 6h', 3).at(-1)).toBe('2026-11-22T06:00:00.000Z')
  })

  it('goes by the clocks of its time zone', () => {
    expect(runs('daily 02:00', 1, SATURDAY, 'America/New_York')).toEqual(['2026-11-22T07:00:00.000Z'])
    const inSummer = runs('daily 08:00', 2, '2026-03-28T00:00:00Z', 'Europe/Amsterdam')
    expect(inSummer).toEqual(['2026-03-28T07:00:00.000Z', '2026-03-29T06:00:00.000Z'])
  })

  it('runs once on the days when clocks are put forward and back', () => {
    expect(runs('daily 02:30', 3, '2026-03-28T00:00:00Z', 'Europe/Amsterdam')).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ])
    expect(runs('daily 02:30', 3, '2026-10-24T00:00:00Z', 'Europe/Amsterdam')).toEqual([
      '2026-10-24T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ])
  })

  it.each([
    ['', '"" is no schedule: it has 1 word. Write five cron fields'],
    ['whenever', '"whenever" is no schedule: it has 1 word. Write five cron fields'],
    ['@daily', 'it has 1 word'],
    ['0 2 * *', '"0 2 * *" is no schedule: it has 4 fields. Write five cron fields (0 2 * * Mon-Fri)'],
    ['0 0 2 * * *', 'it has 6 fields'],
    ['61 * * * *', '"61 * * * *" is no schedule: Invalid value for minute: 61.'],
    ['0 0 * * 8', 'Invalid value for dayOfWeek: 8.'],
    ['*/0 * * * *', 'illegal stepping: 0.'],
    ['0 5-3 * * *', "From value is larger than to value: '5-3'."],
    ['? * * * *', 'write * for any value, not ?.'],
    ['0 0 30 2 *', '"0 0 30 2 *" is no schedule: there is no such date in any year.'],
    ['every', 'after "every" stands a number and m, h, d or w, as in every 6h.'],
    ['every 6 h', 'after "every" stands a number'],
    ['every 30s', 'after "every" stands a number'],
    ['every 0m', 'it must be one minute at least, as in every 1m.'],
    ['every 400d', 'it must be a year at most.'],
    ['daily', 'after "daily" stands a time of day from 00:00 to 23:59, as in daily 02:00.'],
    ['daily 24:00', 'after "daily" stands a time of day'],
    ['daily 2am', 'after "daily" stands a time of day'],
  ])('refuses "%s" and says why', (text, message) => {
    expect(() => parseSchedule(text)).toThrow(message)
  })

  it('refuses a time zone that does not exist, and an endless text', () => {
    expect(() => parseSchedule('daily 02:00', 'Mars')).toThrow('There is no time zone "Mars"')
    expect(() => parseSchedule('x'.repeat(100_000))).toThrow(/^.{1,300}$/)
    expect(() => parseSchedule(`${'1,'.repeat(5000)}1 * * * *`)).toThrow('it is longer than 200 characters.')
  })
})
