/** Keys stand in an index; PostgreSQL refuses those of more than 2,700 bytes. */
const MAX_CHARACTERS = 400

/** Lengths of numbers: letters that no folded text contains, and that sort after signs and before letters. */
const LENGTHS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/**
 * A name as it is sorted and searched: without case, width and accents (`Ärger` is `arger`), and before each number
 * its length, so that `run 2` comes before `run 10` when keys are compared byte by byte. Kept with every file: another
 * form needs a migration that writes them all anew.
 */
export function toSortName(name: string): string {
  const key = fold(name).replaceAll(/\d+/g, (digits) => lengthMark(digits.length) + digits)
  return key.length <= MAX_CHARACTERS ? key : key.slice(0, MAX_CHARACTERS).toWellFormed()
}

/** What `toSortName` does to a part of a name: numbers without marks, those before which a mark stands as `gap`. */
export function toSortPattern(
  part: string,
  { gap, quote }: { gap: string; quote: (text: string) => string },
): string {
  return fold(part)
    .split(/(?<=\D)(?=\d)/)
    .map(quote)
    .join(gap)
}

/** Whether a name has such a part, whatever its case and accents. */
export function hasPart(name: string, part: string): boolean {
  return fold(name).includes(fold(part))
}

/** By bytes of UTF-8, as both databases do it; JavaScript's own order differs beyond the first plane. */
export function compareKeys(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function fold(text: string): string {
  const isPlain = /^[\x20-\x7e]*$/.test(text)
  if (isPlain) return text.toLowerCase()
  // Marks of Latin, Greek and Cyrillic letters only: elsewhere they are vowels.
  const bare = text.normalize('NFKD').replaceAll(/[\u0300-\u036f]/g, '')
  return bare.toUpperCase().toLowerCase()
}

function lengthMark(length: number): string {
  return LENGTHS[Math.min(length, LENGTHS.length) - 1] as string
}
