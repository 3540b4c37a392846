const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const
const one = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const dates = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** Bytes in decimal units as people read them: `1.4 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${one.format(value)} ${UNITS[unit]}`
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

/** `40 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s} s`
  if (s < 3600) return pair(Math.floor(s / 60), 'min', s % 60, 's')
  if (s < 86_400) return pair(Math.floor(s / 3600), 'h', Math.floor((s % 3600) / 60), 'min')
  return pair(Math.floor(s / 86_400), 'd', Math.floor((s % 86_400) / 3600), 'h')
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** A moment as date and time of day, for titles and details. */
export function formatMoment(isoTime: string): string {
  return dates.format(new Date(isoTime))
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** `3 hours ago`, `in 2 days`, `just now`. */
export function formatAgo(isoTime: string, nowMs: number = now()): string {
  const seconds = (new Date(isoTime).getTime() - nowMs) / 1000
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit)
  }
  return 'just now'
}

/** The browser's clock; the page has no other. */
export function now(): number {
  return Date.now()
}

// Controls, and marks that turn the direction of text round: they make one name look like another.
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu

/** A file name as it can be shown: what is invisible in it becomes visible as `⟨202E⟩`. */
export function visibleName(name: string): string {
  const shown = name.replaceAll(
    INVISIBLE,
    (char) => `⟨${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )
  return shown.trim() === '' ? `⟨${[...name].map(() => 'space').join(' ')}⟩` : shown
}

const days = new Intl.DateTimeFormat('en', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
})

/** The day of a moment, with words of their own for today and yesterday. */
export function formatDay(isoTime: string, today: string, yesterday: string, nowMs: number = now()): string {
  const at = new Date(isoTime)
  const daysAgo = Math.round((midnight(new Date(nowMs)) - midnight(at)) / 86_400_000)
  if (daysAgo === 0) return today
  return daysAgo === 1 ? yesterday : days.format(at)
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}
