const UNITS = ['B', 'KiB', 'MiB', 'GiB']

/** `1 GiB`, `4 KiB`: sizes that are round in powers of 1024. */
export function formatBytes(sizeBytes: number): string {
  let unit = 0
  let value = sizeBytes
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${Number(value.toFixed(1))} ${UNITS[unit]}`
}

/** A figure with three digits that matter. */
export function formatFigure(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  if (value >= 100) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper
}
