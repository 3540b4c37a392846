/** Text of others as both databases keep it: PostgreSQL takes neither a NUL nor half a character. */
export function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}

/** At most so many UTF-16 units of a text, without half a character at the end. */
export function cutText(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '')
}
