import { AppError, messageOf } from '../platform/errors.ts'
import { OutboundError, type OutboundFailure } from '../platform/outbound-error.ts'
import { type ErrorLocation, type Fault, HttpStatusError, TransferError } from './transfer-error.ts'

export interface FailureContext {
  /** Which end the failing step was talking to. */
  location: ErrorLocation
  /** Something came over before: then the other end works in principle, and what it says is temporary. */
  bytesMoved: boolean
}

/** Quota and disk full: people need time to make room. */
const NO_SPACE_RETRY_SECONDS = 900
const RETRIED_STATUSES = new Set([408, 423, 425, 429, 500, 502, 503, 504, 509])
const DNS_TRIES = 3
/** The first 401 may be an expired credential; the next attempt asks for a fresh one. */
const CREDENTIAL_TRIES = 2
const DESTINATION_CHANGED_TRIES = 3

const LOCAL_TEMPORARY = new Set(['EAGAIN', 'EBUSY', 'EMFILE', 'ENFILE', 'EIO', 'EINTR', 'ETXTBSY'])
const LOCAL_PERMANENT = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ENAMETOOLONG',
  'ELOOP',
])
const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

const OUTBOUND_PERMANENT: readonly OutboundFailure[] = [
  'bad-url',
  'address-refused',
  'certificate',
  'too-large',
]

/** Judges whatever a step threw: worth another attempt or not, whose fault, in words for the user. */
export function classify(error: unknown, context: FailureContext): Fault {
  if (error instanceof TransferError) return error.fault
  if (error instanceof OutboundError) return outboundFault(error)
  if (error instanceof HttpStatusError) return statusFault(error, `HTTP_${error.status}`, context)
  if (error instanceof AppError) return statusFault(error, error.code, context)
  return systemFault(error, context)
}

function outboundFault(error: OutboundError): Fault {
  const temporary = !OUTBOUND_PERMANENT.includes(error.reason)
  const fault = remoteFault(error.reason.toUpperCase().replaceAll('-', '_'), error.message, temporary)
  return error.reason === 'no-such-host' ? { ...fault, maxRepeats: DNS_TRIES } : fault
}

function remoteFault(code: string, message: string, temporary: boolean): Fault {
  const type = temporary ? 'TEMPORARY_REMOTE_ERROR' : 'PERMANENT_REMOTE_ERROR'
  return { code, type, location: 'ERROR_SOURCE', message, temporary }
}

interface StatusError extends Error {
  status: number
  retryAfterSeconds: number | undefined
}

function statusFault(error: StatusError, code: string, context: FailureContext): Fault {
  const { status } = error
  const rule = statusRule(status, context)
  const fault: Fault = { ...remoteFault(code, error.message, rule.temporary), location: context.location }
  if (rule.maxRepeats !== undefined) fault.maxRepeats = rule.maxRepeats
  const seconds = error.retryAfterSeconds ?? rule.retryAfterSeconds
  if (seconds !== undefined) fault.retryAfterSeconds = seconds
  return fault
}

interface Rule {
  temporary: boolean
  maxRepeats?: number
  retryAfterSeconds?: number
}

function statusRule(status: number, context: FailureContext): Rule {
  if (status === 507) return { temporary: true, retryAfterSeconds: NO_SPACE_RETRY_SECONDS }
  if (RETRIED_STATUSES.has(status)) return { temporary: true }
  if (status > 505 && status <= 599) return { temporary: true }
  if (status === 401) return { temporary: true, maxRepeats: CREDENTIAL_TRIES }
  // Somebody changed the destination between the check and publication: look again, by policy.
  if (status === 412 && context.location === 'ERROR_DESTINATION') {
    return { temporary: true, maxRepeats: DESTINATION_CHANGED_TRIES }
  }
  return { temporary: context.bytesMoved && context.location === 'ERROR_SOURCE' }
}

function systemFault(error: unknown, context: FailureContext): Fault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = messageOf(error)
  if (NO_SPACE.has(code)) {
    const text = 'The disk of the destination is full. Make room; the transfer goes on by itself.'
    return { ...localFault('NO_SPACE', text, true), retryAfterSeconds: NO_SPACE_RETRY_SECONDS }
  }
  if (LOCAL_PERMANENT.has(code)) return localFault(code, message, false)
  if (LOCAL_TEMPORARY.has(code)) return localFault(code, message, true)
  // Connections that break in the middle of a body arrive here, as errors of sockets or of the HTTP parser.
  if (
    /^(UND_ERR|HPE_|ECONN|EPIPE|ETIMEDOUT|ERR_STREAM)/.test(code) ||
    /terminated|aborted|socket/i.test(message)
  ) {
    return remoteFault('CONNECTION_LOST', `The connection to the source broke: ${message}`, true)
  }
  return {
    code: 'INTERNAL',
    type: 'INTERNAL_PROCESS_ERROR',
    location: context.location,
    message,
    temporary: true,
  }
}

function localFault(code: string, message: string, temporary: boolean): Fault {
  return { code, type: 'LOCAL_FILE_ERROR', location: 'ERROR_DESTINATION', message, temporary }
}
