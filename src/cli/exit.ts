import { AppError, messageOf } from '../platform/errors.ts'

/** How the command ends; scripts rely on these. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  doneWithErrors: 3,
  timedOut: 124,
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export interface CliErrorOptions {
  code?: string
  /** HTTP status, when a server said no. */
  status?: number
  exitCode?: ExitCode
  /** How long the server wants to be left alone. */
  retryAfterMs?: number
  cause?: unknown
}

/** An error made for the person at the terminal: the message names cause and remedy. */
export class CliError extends Error {
  override name = 'CliError'
  readonly code: string
  readonly status: number | undefined
  readonly exitCode: ExitCode
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: CliErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code ?? 'FAILED'
    this.status = options.status
    this.exitCode = options.exitCode ?? exitCodes.failed
    this.retryAfterMs = options.retryAfterMs
  }
}

/** The command line makes no sense: exit code 2. */
export function usageError(message: string): CliError {
  return new CliError(message, { code: 'USAGE', exitCode: exitCodes.usage })
}

/** What is shown of any failure; with `--json` this is the object `error`. */
export interface Failure {
  code: string
  message: string
  status?: number
}

/** Turns whatever was thrown into what is shown, and the exit code. */
export function toFailure(error: unknown): { failure: Failure; exitCode: ExitCode } {
  if (error instanceof CliError) {
    const failure: Failure = { code: error.code, message: error.message }
    if (error.status !== undefined) failure.status = error.status
    return { failure, exitCode: error.exitCode }
  }
  if (error instanceof AppError) {
    const details = error.fields.map((field) => `${field.field}: ${field.message}`)
    const message = [error.message, ...details].join('\n  ')
    return { failure: { code: error.code, message, status: error.status }, exitCode: exitCodes.failed }
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return { failure: { code: 'INTERRUPTED', message: 'Interrupted.' }, exitCode: exitCodes.interrupted }
  }
  return { failure: { code: 'FAILED', message: messageOf(error) }, exitCode: exitCodes.failed }
}
