import {
  type AppError,
  BadGatewayError,
  BadRequestError,
  ConflictError,
  ForbiddenError,
  InsufficientStorageError,
  LockedError,
  MethodNotAllowedError,
  NotFoundError,
  PayloadTooLargeError,
  PreconditionFailedError,
  UnavailableError,
} from '../platform/errors.ts'
import { OutboundError } from '../platform/outbound-error.ts'
import { formatPath } from '../store/paths.ts'
import type { StorePath } from '../store/types.ts'

/** What was asked of the other server. */
export interface RemoteCall {
  method: string
  path: StorePath
  host: string
}

/** Code of errors that say the other server cannot be reached; the rest of the drive works on. */
export const REMOTE_UNREACHABLE = 'REMOTE_UNREACHABLE'
/** Code of errors that say the share is no longer there for us. */
export const SHARE_GONE = 'SHARE_GONE'

const READING = new Set(['PROPFIND', 'GET'])

/** The error for an answer that is no success. */
export function errorOfStatus(status: number, call: RemoteCall, retryAfter?: string): AppError {
  const { host, path, method } = call
  const where = formatPath(path)
  const isRootRead = path.length === 0 && READING.has(method)
  // The secret of a share opens all of it or nothing, so a 401 anywhere means that it opens nothing now.
  if (status === 401 || (isRootRead && (status === 403 || status === 404))) return shareGone(host)
  switch (status) {
    case 400:
      return new BadRequestError(`${host} refused ${method} of ${where} as malformed.`)
    case 403:
      return new ForbiddenError(`${host} does not allow ${method} of ${where}; the share may be read-only.`)
    case 404:
      return new NotFoundError(`There is no ${where} in the share from ${host}.`)
    case 405:
      return new MethodNotAllowedError(`${method} is not possible on ${where} at ${host}.`)
    case 409:
      return new ConflictError(`The folder that should hold ${where} does not exist at ${host}.`)
    case 412:
      return new PreconditionFailedError(`${where} at ${host} is not in the state the request expects.`)
    case 413:
      return new PayloadTooLargeError(`${host} does not take a file as large as ${where}.`)
    case 423:
      return new LockedError(`${where} is locked at ${host}; try again later.`)
    case 429:
    case 503:
      return unavailable(`${host} is busy; try again later.`, retryAfter)
    case 507:
      return new InsufficientStorageError(`There is no room left at ${host}.`)
    default:
      return badAnswer(host, `answered ${method} of ${where} with status ${status}`)
  }
}

/** The error for a share whose address does not open any more. */
export function shareGone(host: string): NotFoundError {
  return new NotFoundError(
    `The share is no longer available at ${host}: it was withdrawn or deleted there. Remove it from your drive.`,
    { code: SHARE_GONE },
  )
}

/** The error for a request that got no answer. Anything else that was thrown passes unchanged. */
export function errorOfOutbound(error: unknown, host: string): unknown {
  if (!(error instanceof OutboundError) || error.reason === 'aborted') return error
  const message = `The share is at ${host}, which is out of reach now. ${error.message}`
  const options = { code: REMOTE_UNREACHABLE, cause: error }
  const isLasting = ['certificate', 'no-tls', 'address-refused', 'bad-url', 'too-large'].includes(
    error.reason,
  )
  return isLasting ? new BadGatewayError(message, options) : new UnavailableError(message, options)
}

/** The error for an answer that makes no sense. */
export function badAnswer(host: string, what: string): BadGatewayError {
  return new BadGatewayError(`${host} ${what}.`, { code: 'REMOTE_BAD_ANSWER' })
}

function unavailable(message: string, retryAfter: string | undefined): UnavailableError {
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined
  return new UnavailableError(message, {
    code: REMOTE_UNREACHABLE,
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  })
}
