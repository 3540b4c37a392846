import { Writable } from 'node:stream'
import type { Failure } from './exit.ts'
import { formatTable, printable, printableLines, toJsonLine } from './format.ts'

/** Where text goes; `process.stdout` is one. */
export interface Sink {
  write(text: string | Uint8Array): unknown
  isTTY?: boolean
  columns?: number
}

export interface OutputOptions {
  stdout: Sink
  stderr: Sink
  json: boolean
  color: boolean
}

export interface TableSpec<T> {
  headings: readonly string[]
  row: (item: T) => readonly string[]
  alignRight?: readonly number[]
  /** Said instead of a table without rows. */
  empty: string
}

type Style = 'bold' | 'red' | 'green' | 'yellow' | 'dim'
const STYLES: Record<Style, number> = { bold: 1, red: 31, green: 32, yellow: 33, dim: 2 }

/** All that the command says: results on stdout, everything else on stderr; JSON when asked for. */
export class Output {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly json: boolean
  private readonly color: boolean

  constructor(options: OutputOptions) {
    this.stdout = options.stdout
    this.stderr = options.stderr
    this.json = options.json
    this.color = options.color
  }

  /** One object: as JSON, or as the text that `describe` makes of it. */
  result(value: unknown, describe: () => string): void {
    this.stdout.write(this.json ? toJsonLine(value) : `${printableLines(describe())}\n`)
  }

  /** A list: one JSON object a line, or a table. */
  list<T>(items: readonly T[], spec: TableSpec<T>): void {
    if (this.json) {
      for (const item of items) this.stdout.write(toJsonLine(item))
    } else if (items.length === 0) {
      this.note(spec.empty)
    } else {
      this.stdout.write(formatTable([spec.headings, ...items.map(spec.row)], spec.alignRight))
    }
  }

  /** A remark for people; silent with `--json`. */
  note(text: string): void {
    if (!this.json) this.stderr.write(`${printable(text)}\n`)
  }

  fail(failure: Failure): void {
    const text = printableLines(failure.message)
    this.stderr.write(
      this.json ? toJsonLine({ error: failure }) : `${this.style('red', 'causeway:')} ${text}\n`,
    )
  }

  style(style: Style, text: string): string {
    return this.color ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text
  }
}

/** A stream that writes to a sink and waits where the sink asks for it. */
export function toWritable(sink: Sink): Writable {
  const { stdout } = process
  if ((sink as unknown) === stdout) return stdout
  return new Writable({
    write(chunk, _encoding, done) {
      sink.write(chunk)
      done()
    },
  })
}
