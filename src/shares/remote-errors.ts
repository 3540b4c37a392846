import {
  type AppError,
  BadGatewayError,
  ForbiddenError,
  NotFoundError,
  UnavailableError,
} from '../platform/errors.ts'
import { OutboundError } from '../platform/outbound-error.ts'
import { formatPath } from '../store/paths.ts'
import {
  type DavCall,
  type DavErrors,
  errorOfStatus as errorOfAnyStatus,
  REMOTE_UNREACHABLE,
} from '../store/webdav-client/dav-errors.ts'

export { REMOTE_UNREACHABLE }

/** Code of errors that say the share is no longer there for us. */
export const SHARE_GONE = 'SHARE_GONE'

const READING = new Set(['PROPFIND', 'GET'])

/** Failures of the server of a share, as its recipient is told of them. */
export const shareErrors: DavErrors = { ofStatus: errorOfStatus, ofOutbound: errorOfOutbound }

function errorOfStatus(status: number, call: DavCall, retryAfter?: string): AppError {
  const { host, path, method } = call
  const where = formatPath(path)
  const isRootRead = path.length === 0 && READING.has(method)
  // The secret of a share opens all of it or nothing, so a 401 anywhere means that it opens nothing now.
  if (status === 401 || (isRootRead && (status === 403 || status === 404))) return shareGone(host)
  if (status === 403)
    return new ForbiddenError(`${host} does not allow ${method} of ${where}; the share may be read-only.`)
  if (status === 404) return new NotFoundError(`There is no ${where} in the share from ${host}.`)
  return errorOfAnyStatus(status, call, retryAfter)
}

/** The error for a share whose address does not open any more. */
export function shareGone(host: string): NotFoundError {
  return new NotFoundError(
    `The share is no longer available at ${host}: it was withdrawn or deleted there. Remove it from your drive.`,
    { code: SHARE_GONE },
  )
}

function errorOfOutbound(error: unknown, host: string): unknown {
  if (!(error instanceof OutboundError) || error.reason === 'aborted') return error
  const message = `The share is at ${host}, which is out of reach now. ${error.message}`
  const options = { code: REMOTE_UNREACHABLE, cause: error }
  const isLasting = ['certificate', 'no-tls', 'address-refused', 'bad-url', 'too-large'].includes(
    error.reason,
  )
  return isLasting ? new BadGatewayError(message, options) : new UnavailableError(message, options)
}
