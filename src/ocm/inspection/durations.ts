const UNITS: [name: string, ms: number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

/** `3 minutes`: the largest unit that fits, rounded down. */
export function agoText(ms: number): string {
  const [name, unitMs] = UNITS.find(([, size]) => ms >= size) ?? ['second', 1_000]
  return counted(Math.max(0, Math.floor(ms / unitMs)), name)
}

/** `1 day`, `14 days` */
export function days(count: number): string {
  return counted(count, 'day')
}

function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
