import { readFile, writeFile } from 'node:fs/promises'

// Lines of their own: a document may speak of the marks elsewhere.
const FROM = '\n<!-- results -->\n'
const TO = '\n<!-- /results -->'

/** A table; the first column is text, the others are figures unless `isText`. */
export function table(head: readonly string[], lines: readonly string[][], isText = false): string[] {
  const rule = head.map((_, column) => (column === 0 || isText ? '---' : '---:'))
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`)
}

/** Puts a report between the marks of a document; throws when it has none, so that no other file is lost. */
export async function writeBetweenMarks(file: string, report: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  const [start, end] = [text.indexOf(FROM), text.indexOf(TO)]
  if (start < 0 || end < start) throw new Error(`${file} has no lines ${FROM.trim()} and ${TO.trim()}`)
  await writeFile(file, `${text.slice(0, start + FROM.length)}${report.trimEnd()}${text.slice(end)}`)
}
