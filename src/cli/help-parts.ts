import type { Command } from 'commander'

/** What stands below the options in a command's help, by what it is about. */
export interface HelpParts {
  /** Paragraphs of lines. */
  notes: string[][]
  /** Command lines, without indentation. */
  examples: string[]
  exitCodes: [code: string, meaning: string][]
  environment: string[]
}

const HEADINGS = /^(Examples?|Exit codes?|Environment):\s*/

/** Takes the text below a command's help apart. */
export function readHelpParts(command: Command): HelpParts {
  const parts: HelpParts = { notes: [], examples: [], exitCodes: [], environment: [] }
  for (const lines of toParagraphs(textBelow(command))) {
    const [heading = '', kind] = HEADINGS.exec(lines[0] ?? '') ?? []
    const rest = [(lines[0] ?? '').slice(heading.length), ...lines.slice(1)].filter((line) => line !== '')
    if (kind === undefined) parts.notes.push(lines)
    else if (kind.startsWith('Example')) parts.examples.push(...rest.map((line) => line.trim()))
    else if (kind === 'Environment') parts.environment.push(...rest)
    else parts.exitCodes.push(...readExitCodes(rest.join(' ')))
  }
  return parts
}

/** A command is an event emitter, which its types do not tell. */
type HelpEmitter = Command & {
  emit(event: string, context: { error: boolean; command: Command; write(text: string): void }): boolean
}

/** What `addHelpText('after', …)` added, as commander would write it. */
function textBelow(command: Command): string {
  const written: string[] = []
  const write = (text: string) => void written.push(text)
  const emitter = command as HelpEmitter
  emitter.emit('afterHelp', { error: false, command, write })
  return written.join('')
}

/** A blank line ends a paragraph, and so does a line that begins with one of the headings. */
function toParagraphs(text: string): string[][] {
  const paragraphs: string[][] = [[]]
  for (const line of text.split('\n')) {
    const last = paragraphs.at(-1) ?? []
    if (line.trim() === '') paragraphs.push([])
    else if (HEADINGS.test(line) && last.length > 0) paragraphs.push([line])
    else last.push(line)
  }
  return paragraphs.filter((lines) => lines.length > 0)
}

function readExitCodes(text: string): [string, string][] {
  return [...text.matchAll(/(\d+) ([^,;.]+)/g)].map(([, code = '', meaning = '']) => [code, meaning.trim()])
}
