import { en } from './en.ts'

export type MessageKey = keyof typeof en

type Values = Record<string, string | number>

const plurals = new Intl.PluralRules('en')
const numbers = new Intl.NumberFormat('en')

/**
 * The text of the catalogue for this key, with `{name}` replaced by values. A text in two forms is chosen
 * by the value `n`.
 */
export function t(key: MessageKey, values: Values = {}): string {
  const message: string | { one: string; other: string } = en[key]
  const text = typeof message === 'string' ? message : message[formOf(values.n)]
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => show(values[name]) ?? whole)
}

function formOf(n: string | number | undefined): 'one' | 'other' {
  return plurals.select(Number(n)) === 'one' ? 'one' : 'other'
}

function show(value: string | number | undefined): string | undefined {
  return typeof value === 'number' ? numbers.format(value) : value
}
