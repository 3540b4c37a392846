import { BadRequestError } from '../platform/errors.ts'

/** Packs the place where a page ended. Opaque to clients. */
export function toCursor(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

/** Unpacks a cursor of this room; throws `BadRequestError` for one that it did not make. */
export function fromCursor(text: string): { first: string | number; second: string | number | undefined } {
  const [first, second, ...rest] = parse(text)
  if (rest.length > 0 || !isStorable(first) || !(second === undefined || isStorable(second))) {
    throw new BadRequestError('The cursor is not one of ours; leave it out to begin at the first page.')
  }
  return { first: first as string | number, second: second as string | number | undefined }
}

/** What a column could hold: PostgreSQL refuses larger numbers, and NUL in texts. */
function isStorable(value: unknown): boolean {
  return typeof value === 'string' ? !value.includes('\0') : Number.isSafeInteger(value)
}

function parse(text: string): unknown[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return Array.isArray(values) ? values : []
  } catch {
    return []
  }
}
