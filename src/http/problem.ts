import { BASIC_CHALLENGE } from '../platform/challenge.ts'
import { AppError } from '../platform/errors.ts'

/** An error in the form of our API (RFC 9457). */
export interface Problem {
  status: number
  headers: Record<string, string>
  body: {
    type: string
    title: string
    status: number
    code: string
    detail: string
    requestId: string
    errors?: { field: string; message: string }[]
  }
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Too slow',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Unsupported media type',
  423: 'Locked',
  429: 'Too often',
  501: 'Not implemented',
  502: 'Another server failed',
  503: 'Not now',
  507: 'No room left',
}

/** Maps whatever was thrown; an error that is not ours tells nothing but its request id. */
export function toProblem(error: unknown, requestId: string): Problem {
  const known = error instanceof AppError ? error : fromHttpError(error)
  const status = known?.status ?? 500
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' }
  if (status === 401) headers['WWW-Authenticate'] = BASIC_CHALLENGE
  if (known?.retryAfterSeconds !== undefined) headers['Retry-After'] = String(known.retryAfterSeconds)
  return {
    status,
    headers,
    body: {
      type: 'about:blank',
      title: TITLES[status] ?? (status < 500 ? 'Request refused' : 'Internal error'),
      status,
      code: known?.code ?? 'INTERNAL_ERROR',
      detail: known?.message ?? 'Something went wrong here; the operator finds the cause by the request id.',
      requestId,
      ...(known !== undefined && known.fields.length > 0 ? { errors: known.fields } : {}),
    },
  }
}

/** Errors of koa and its router carry a status and say whether their text may be shown. */
function fromHttpError(error: unknown): AppError | undefined {
  if (!(error instanceof Error) || !('status' in error) || !('expose' in error)) return undefined
  if (typeof error.status !== 'number' || error.expose !== true) return undefined
  return new AppError(error.status, 'REQUEST_REFUSED', error.message)
}
