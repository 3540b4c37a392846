import { type Logger as PinoLogger, pino } from 'pino'

/** Structured log: fixed lower-case phrase as message, data in fields, never a secret. */
export type Logger = PinoLogger

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Fields that would carry a credential; written as `[redacted]` wherever they stand. */
const SECRET_FIELDS = ['password', 'secret', 'token', 'sharedSecret', 'authorization', 'cookie']

/** The root logger of a node: JSON lines on `destination` (file descriptor, 2 = stderr by default). */
export function createLogger(level: LogLevel, destination = 2): Logger {
  const redact = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  return pino(
    {
      level,
      base: null,
      timestamp: timeField(),
      redact: { paths: redact, censor: '[redacted]' },
    },
    inTurns(pino.destination({ dest: destination, sync: true })),
  )
}

/** The time of a line as a JSON member; busy nodes write several lines in a millisecond. */
function timeField(): () => string {
  let writtenMs = 0
  let text = ''
  return () => {
    const nowMs = Date.now()
    if (nowMs !== writtenMs) text = `,"time":"${new Date(nowMs).toISOString()}"`
    writtenMs = nowMs
    return text
  }
}

interface Lines {
  write(text: string): unknown
}

/** What is to be written when the process ends. */
const unwritten = new Set<() => void>()

process.on('exit', () => {
  for (const flush of unwritten) flush()
})

/** Writes the lines of one turn of the event loop together: a call of the system for each would cost more. */
function inTurns(out: Lines): Lines {
  let lines = ''
  const flush = () => {
    unwritten.delete(flush)
    const text = lines
    lines = ''
    out.write(text)
  }
  return {
    write(line) {
      if (lines === '') {
        unwritten.add(flush)
        setImmediate(flush)
      }
      lines += line
    },
  }
}
