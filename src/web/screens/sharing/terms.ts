import type { Role } from './states.ts'

/** On what terms something is shared, as forms hold it; empty text is what nobody said. */
export interface Terms {
  role: Role
  note: string
  /** The last day, as `2026-01-31`. */
  until: string
  mayReshare: boolean
  /** Of a link: what its maker calls it, and its password. */
  label: string
  password: string
  /** The password that it has is to go. */
  dropPassword: boolean
}

export const NO_TERMS: Terms = {
  ...{ role: 'viewer', note: '', until: '', mayReshare: false },
  ...{ label: '', password: '', dropPassword: false },
}

/** The share is good all through the day that was chosen, where the reader is. */
export function endOfDay(date: string): string {
  return new Date(`${date}T23:59:59`).toISOString()
}

/** The day of a moment where the reader is, as `endOfDay` takes it. */
export function dayOf(time: string): string {
  const at = new Date(time)
  const numbers = [at.getFullYear(), at.getMonth() + 1, at.getDate()]
  return numbers.map((number) => String(number).padStart(2, '0')).join('-')
}
