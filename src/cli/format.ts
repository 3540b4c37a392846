const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** A size in binary units with three significant digits: `1.46 GiB`. */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes
  let unit = 0
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  if (unit === 0) return `${Math.round(value)} B`
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
  return `${value.toFixed(digits)} ${UNITS[unit]}`
}

/** A speed: `45.0 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

/** A time span for people: `4 s`, `2 min 05 s`, `3 h 07 min`, `2 d 04 h`. */
export function formatSeconds(seconds: number): string {
  const total = Math.max(0, Math.ceil(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  if (total < 60) return `${total} s`
  if (total < 3600) return `${Math.floor(total / 60)} min ${two(total % 60)} s`
  if (total < 86_400) return `${Math.floor(total / 3600)} h ${two(Math.floor((total % 3600) / 60))} min`
  return `${Math.floor(total / 86_400)} d ${two(Math.floor((total % 86_400) / 3600))} h`
}

// The Swedish form of a date is the ISO one, in local time.
const dateFormat = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short' })

/** A moment in local time, `2026-11-21 14:03`; empty for what is no date. */
export function formatTime(time: number | string | undefined): string {
  const timeMs = typeof time === 'string' ? Date.parse(time) : time
  return timeMs === undefined || Number.isNaN(timeMs) ? '' : dateFormat.format(timeMs)
}

const STEERING = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** Names come from strangers: whatever could steer the terminal is shown as a question mark. */
export function printable(text: string): string {
  return text.replace(STEERING, '?')
}

/** The same for several lines, which stay lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/** One line of JSON. What steers a terminal is escaped, which means the same to every reader of JSON. */
export function toJsonLine(value: unknown): string {
  const toEscape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(value).replace(STEERING, toEscape)}\n`
}

/** Rows as aligned columns, two blanks between, no blanks at line ends. The first row may be headings. */
export function formatTable(
  rows: readonly (readonly string[])[],
  alignRight: readonly number[] = [],
): string {
  const clean = rows.map((row) => row.map(printable))
  const widths: number[] = []
  for (const row of clean) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, [...cell].length)
    })
  }
  const pad = (cell: string, column: number) => {
    const gap = ' '.repeat((widths[column] ?? 0) - [...cell].length)
    return alignRight.includes(column) ? gap + cell : cell + gap
  }
  return clean.map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('')
}
