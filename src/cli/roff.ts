const SPECIAL: Record<string, string> = {
  '\\': '\\(rs',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '"': '\\(dq',
}

/**
 * One line of text for troff, in ASCII: nothing in it is an escape, a request or a typographic quote, and
 * what is copied from the page is what was written.
 */
export function roffText(line: string): string {
  const text = line.replace(/[\\\-'`^~"]|[^\x20-\x7e]/gu, (char) => SPECIAL[char] ?? toUnicode(char))
  // A quote at the beginning is an escape by now; a dot would be a request.
  return text.startsWith('.') ? `\\&${text}` : text
}

function toUnicode(char: string): string {
  const hex = char.codePointAt(0)?.toString(16).toUpperCase() ?? ''
  return /\s|\p{C}/u.test(char) ? ' ' : `\\[u${hex.padStart(4, '0')}]`
}

export function bold(text: string): string {
  return `\\fB${roffText(text)}\\fR`
}

export function italic(text: string): string {
  return `\\fI${roffText(text)}\\fR`
}

/** A usage line or the term of an option: literals bold, `<what the reader fills in>` italic. */
export function roffTerm(text: string): string {
  const parts = text.split(/(<[^>]+>|\[[^\]<]+\]|[\s,|]+|[[\]])/).filter((part) => part !== '')
  return parts.map(termPart).join('')
}

function termPart(part: string): string {
  const [, required, optional] = /^(?:<(.+)>|\[([^\]]+)\])$/.exec(part) ?? []
  if (required !== undefined) return italic(required)
  if (optional !== undefined) return `[${italic(optional)}]`
  return /^[\s,|[\]]+$/.test(part) ? part : bold(part)
}

/** A heading and what stands below it; nothing without lines. */
export function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${heading}`, ...lines]
}

/** A paragraph whose line ends are kept. */
export function verbatim(lines: readonly string[]): string[] {
  return ['.PP', '.nf', ...lines, '.fi']
}

export function definition(term: string, text: string): string[] {
  return ['.TP', term, roffText(text) || '\\&']
}

/** Lines as written for a terminal: indented ones keep their ends, the others are filled. */
export function paragraph(lines: readonly string[]): string[] {
  const isFilled = lines.every((line) => !line.startsWith(' '))
  return isFilled ? ['.PP', ...lines.map(roffText)] : verbatim(lines.map(roffText))
}
