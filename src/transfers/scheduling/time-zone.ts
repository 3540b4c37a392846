import { BadRequestError } from '../../platform/errors.ts'

export const MINUTES_PER_DAY = 24 * 60
export const MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
/** As in `Date`: the week begins with Sunday. */
export const weekdays: readonly string[] = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** @throws BadRequestError for a name that is no IANA time zone, such as `Amsterdam` */
export function assertTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone })
  } catch (cause) {
    const message = `There is no time zone "${timeZone}". Write it as Europe/Amsterdam or UTC.`
    throw new BadRequestError(message, { cause, fields: [{ field: 'timeZone', message: 'is unknown' }] })
  }
}

/** Tells the minute of the week (0 is Sunday 00:00) that the clocks of a time zone show. */
export function weekClock(timeZone: string): (nowMs: number) => number {
  assertTimeZone(timeZone)
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  })
  return (nowMs) => {
    const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]))
    const day = weekdays.indexOf(parts.get('weekday') ?? '')
    return day * MINUTES_PER_DAY + Number(parts.get('hour')) * 60 + Number(parts.get('minute'))
  }
}
