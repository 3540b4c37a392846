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
} from '../../platform/errors.ts'
import { formatPath } from '../paths.ts'
import type { StorePath } from '../types.ts'

/** What was asked of the other server. */
export interface DavCall {
  method: string
  path: StorePath
  host: string
}

/** How failures of the other server are told, by those who know what it is to their user. */
export interface DavErrors {
  /** The error for an answer that is no success. */
  ofStatus(status: number, call: DavCall, retryAfter?: string): AppError
  /** The error for a request that got no answer. Anything else that was thrown passes unchanged. */
  ofOutbound(error: unknown, host: string): unknown
}

/** Code of errors that say the other server cannot be reached. */
export const REMOTE_UNREACHABLE = 'REMOTE_UNREACHABLE'

/** The error for an answer that is no success, in words that fit any server (RFC 4918 11, RFC 9110 15). */
export function errorOfStatus(status: number, call: DavCall, retryAfter?: string): AppError {
  const { host, path, method } = call
  const where = formatPath(path)
  switch (status) {
    case 400:
      return new BadRequestError(`${host} refused ${method} of ${where} as malformed.`)
    case 403:
      return new ForbiddenError(`${host} does not allow ${method} of ${where}; it may be read-only.`)
    case 404:
      return new NotFoundError(`There is no ${where} at ${host}.`)
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
