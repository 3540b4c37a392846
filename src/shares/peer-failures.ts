import { PeerError, type PeerFailure } from '../ocm/peer-error.ts'
import {
  type AppError,
  BadGatewayError,
  ForbiddenError,
  hasErrorCode,
  NotFoundError,
  NotImplementedError,
  UnavailableError,
} from '../platform/errors.ts'

/** Nothing changes soon by trying again, and the owner of the share is there to be told. */
const DECIDED = new Set<PeerFailure>([
  'not-trusted',
  'refused',
  'signature-refused',
  'recipient-unknown',
  'unsupported',
  'ocm-disabled',
])

/** True for an answer to a share after which it is not sent again by itself. */
export function isShareDecided(error: unknown): boolean {
  return error instanceof PeerError && DECIDED.has(error.reason)
}

/**
 * True for an answer to a notice that a repeat would not change. Clocks, held keys, certificates and trust (401, or
 * our own policy) are put right by operators, while nobody would tell the other server a second time what it missed.
 */
export function isNoticeDecided(error: unknown): boolean {
  const isForbidden = error instanceof PeerError && error.reason === 'refused' && error.status !== 401
  return isForbidden || isUnknownThere(error)
}

const UNKNOWN_STATUS = [400, 404, 410]

/** True when the peer does not know the share of a notice, or takes no such notice: it needs not be told. */
export function isUnknownThere(error: unknown): boolean {
  if (!(error instanceof PeerError)) return false
  if (error.reason === 'refused') return UNKNOWN_STATUS.includes(error.status ?? 0)
  return error.reason === 'recipient-unknown' || error.reason === 'unsupported'
}

/** The connection was never made, so nothing was sent. */
const NOT_CONNECTED = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']

/** True when a message may have reached the peer although no usable answer came back. */
export function mayHaveArrived(error: unknown): boolean {
  if (!(error instanceof PeerError)) return true
  if (error.reason === 'bad-answer') {
    // A web page with 200 may be the warning of a server that has stored the share.
    return error.status === undefined || error.status >= 500 || error.status < 300
  }
  const cause = error.cause instanceof Error ? error.cause.cause : undefined
  return error.reason === 'unreachable' && !NOT_CONNECTED.some((code) => hasErrorCode(cause, code))
}

/** The error people see when another server could not be talked to; anything else passes unchanged. */
export function toPeerAppError(error: unknown): unknown {
  return error instanceof PeerError ? appErrorOf(error) : error
}

function appErrorOf(error: PeerError): AppError {
  const message = `${error.message} ${error.remedy}`
  const options = { code: codeOf(error.reason), cause: error }
  switch (error.reason) {
    case 'not-trusted':
      return new ForbiddenError(message, options)
    case 'recipient-unknown':
    case 'no-such-host':
      return new NotFoundError(message, options)
    case 'unsupported':
      return new NotImplementedError(message, options)
    case 'busy':
    case 'unreachable':
      return new UnavailableError(message, {
        ...options,
        ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
      })
    default:
      return new BadGatewayError(message, options)
  }
}

function codeOf(reason: PeerFailure): string {
  return `PEER_${reason.toUpperCase().replaceAll('-', '_')}`
}
