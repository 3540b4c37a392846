import type { Readable } from 'node:stream'
import { usageError } from './exit.ts'
import type { Sink } from './output.ts'

export interface Terminal {
  stdin: Readable & { isTTY?: boolean; setRawMode?: (on: boolean) => unknown }
  stderr: Sink
}

const MAX_SECRET_BYTES = 4096

/** Asks for a line; the question goes to stderr, so that stdout stays a result. */
export async function ask(terminal: Terminal, question: string): Promise<string> {
  requireTerminal(terminal, question)
  terminal.stderr.write(question)
  return (await readLine(terminal.stdin)).trim()
}

/** Asks for a secret; nothing of it is shown. Enter ends it, Backspace and Ctrl-U correct it. */
export async function askSecret(terminal: Terminal, question: string): Promise<string> {
  requireTerminal(terminal, question)
  const { stdin, stderr } = terminal
  stderr.write(question)
  stdin.setRawMode?.(true)
  try {
    return await readLine(stdin)
  } finally {
    stdin.setRawMode?.(false)
    stderr.write('\n')
  }
}

/** One line, key by key: a terminal in raw mode leaves editing to us, one in cooked mode has done it. */
function readLine(stdin: Terminal['stdin']): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = ''
    const finish = (end: () => void) => {
      stdin.off('data', onData).off('end', onEnd)
      stdin.pause()
      end()
    }
    const onEnd = () => finish(() => resolve(line))
    const onData = (chunk: Buffer | string) => {
      for (const key of String(chunk)) {
        if (key === '\r' || key === '\n') return finish(() => resolve(line))
        if (key === '\u0003' || key === '\u0004')
          return finish(() => reject(new DOMException('Interrupted.', 'AbortError')))
        line = edit(line, key)
      }
    }
    stdin.on('data', onData).on('end', onEnd).resume()
  })
}

function edit(line: string, key: string): string {
  if (key === '\u007f' || key === '\b') return [...line].slice(0, -1).join('')
  return key === '\u0015' ? '' : line + key
}

/** The secret that was piped in: all of standard input without one line end. */
export async function readSecret(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk))
    sizeBytes += chunk.length
    if (sizeBytes > MAX_SECRET_BYTES) throw usageError('Standard input is too long to be a password.')
  }
  const secret = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
  if (secret === '') throw usageError('Standard input is empty; pipe the password into the command.')
  if (/[\r\n]/.test(secret))
    throw usageError('Standard input has more than one line; it must hold the password only.')
  return secret
}

function requireTerminal(terminal: Terminal, question: string): void {
  if (terminal.stdin.isTTY) return
  throw usageError(
    `There is no terminal to ask "${question.replace(/:\s*$/, '')}"; use --user and --password-stdin.`,
  )
}
