const MAX_LENGTH = 120

/** What a program calls itself (`User-Agent`), as the name of its password: printable and short. */
export function clientLabel(userAgent: string): string {
  const text = userAgent
    .toWellFormed()
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
  return text === '' ? 'a program' : text.slice(0, MAX_LENGTH).trim()
}
