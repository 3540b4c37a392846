import { BadRequestError } from '../platform/errors.ts'

/** Text that is no Unicode, or holds a NUL: PostgreSQL stores neither, and nobody means it. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** Throws `BadRequestError` when some text in the input, at whatever depth, cannot be stored. */
export function checkStorable(input: unknown, where: string): void {
  const left: unknown[] = [input]
  // By hand instead of by recursion: a stranger decides how deep the input is.
  for (let next = left.pop(); left.length > 0 || next !== undefined; next = left.pop()) {
    if (typeof next === 'string' && !isStorable(next)) {
      throw new BadRequestError(`The ${where} holds a NUL or half a character; leave it out.`, {
        code: 'INVALID_INPUT',
        fields: [{ field: where, message: 'holds a character that cannot be stored' }],
      })
    }
    if (typeof next === 'object' && next !== null) left.push(...Object.values(next))
  }
}
