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
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: redact, censor: '[redacted]' },
    },
    pino.destination({ dest: destination, sync: true }),
  )
}
