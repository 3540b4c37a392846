/** Kinds of failure, with ARC's names. */
export type ErrorType =
  | 'INTERNAL_LOGIC_ERROR'
  | 'INTERNAL_PROCESS_ERROR'
  | 'TEMPORARY_REMOTE_ERROR'
  | 'PERMANENT_REMOTE_ERROR'
  | 'LOCAL_FILE_ERROR'
  | 'TRANSFER_SPEED_ERROR'

/** Where it happened. */
export type ErrorLocation = 'ERROR_SOURCE' | 'ERROR_DESTINATION' | 'ERROR_TRANSFER' | 'ERROR_UNKNOWN'

/** A failure as the scheduler judges it. */
export interface Fault {
  /** Upper-case machine code: SOURCE_CHANGED, HTTP_503, NO_SPACE. */
  code: string
  type: ErrorType
  location: ErrorLocation
  /** Cause and remedy in words; never a secret. */
  message: string
  /** Worth another attempt. */
  temporary: boolean
  /** A temporary fault that comes this often in a row becomes permanent. */
  maxRepeats?: number
  /** The earliest repeat that makes sense. */
  retryAfterSeconds?: number
  /** The bytes that stand in the part file must not be used. */
  dropBytes?: boolean
}

/** Thrown inside the room where the judgement is already known. */
export class TransferError extends Error {
  override name = 'TransferError'
  readonly fault: Fault

  constructor(fault: Fault, cause?: unknown) {
    super(fault.message, cause === undefined ? undefined : { cause })
    this.fault = fault
  }
}

/** The source is not what was queried when the job was expanded; nothing of it is kept. */
export function sourceChanged(what: string): TransferError {
  return new TransferError({
    code: 'SOURCE_CHANGED',
    type: 'PERMANENT_REMOTE_ERROR',
    location: 'ERROR_SOURCE',
    message: `The source changed during the transfer (${what}). Retry the job to copy its present content.`,
    temporary: false,
    dropBytes: true,
  })
}

/** The connection ended before the whole file was there; the bytes that came are kept. */
export function shortBody(got: number, expected: number): TransferError {
  return new TransferError({
    code: 'SHORT_BODY',
    type: 'TEMPORARY_REMOTE_ERROR',
    location: 'ERROR_SOURCE',
    message: `The source ended after ${got} of ${expected} bytes.`,
    temporary: true,
  })
}

/** The server sends another length than it lists, and says the file is unchanged. */
export function wrongLength(host: string, said: string, expected: number): TransferError {
  return new TransferError({
    code: 'LENGTH_MISMATCH',
    type: 'TEMPORARY_REMOTE_ERROR',
    location: 'ERROR_SOURCE',
    message: `${host} lists ${expected} bytes and sends ${said}.`,
    temporary: true,
    maxRepeats: 3,
    dropBytes: true,
  })
}

/** What came is not what the source says it has. */
export function checksumMismatch(type: string, got: string, expected: string): TransferError {
  return new TransferError({
    code: 'CHECKSUM_MISMATCH',
    type: 'TRANSFER_SPEED_ERROR',
    location: 'ERROR_TRANSFER',
    message: `The copy has ${type} ${got}, the source says ${expected}. The copy was thrown away.`,
    temporary: true,
    maxRepeats: 3,
    dropBytes: true,
  })
}

/** The other server answered with a status that is no success. `location` is decided by who asked. */
export class HttpStatusError extends Error {
  override name = 'HttpStatusError'
  readonly status: number
  readonly retryAfterSeconds: number | undefined

  constructor(host: string, method: string, status: number, retryAfterSeconds?: number) {
    super(`${host} answered ${method} with status ${status}.`)
    this.status = status
    this.retryAfterSeconds = retryAfterSeconds
  }
}
