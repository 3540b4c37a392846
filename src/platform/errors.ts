/** One wrong field of an input: where it stands and what is wrong with it. */
export interface FieldError {
  field: string
  message: string
}

export interface AppErrorOptions {
  /** Upper-case machine code; the default of the class when left out. */
  code?: string
  cause?: unknown
  fields?: FieldError[]
  /** Seconds after which a repeat makes sense (HTTP `Retry-After`). */
  retryAfterSeconds?: number
}

/**
 * An error whose message may be shown to the caller. It names the cause and the remedy and never
 * contains a secret. Each protocol maps it to its own wire form (problem+json, OCM JSON, DAV XML).
 */
export class AppError extends Error {
  override name = 'AppError'
  readonly status: number
  readonly code: string
  readonly fields: FieldError[]
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, code: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.status = status
    this.code = options.code ?? code
    this.fields = options.fields ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** 400: the request is malformed or its values make no sense. */
export class BadRequestError extends AppError {
  override name = 'BadRequestError'
  constructor(message: string, options?: AppErrorOptions) {
    super(400, 'BAD_REQUEST', message, options)
  }
}

/** 401: nobody, or nobody we know, is asking. */
export class UnauthenticatedError extends AppError {
  override name = 'UnauthenticatedError'
  constructor(message: string, options?: AppErrorOptions) {
    super(401, 'UNAUTHENTICATED', message, options)
  }
}

/** 403: we know who asks, and they may not. */
export class ForbiddenError extends AppError {
  override name = 'ForbiddenError'
  constructor(message: string, options?: AppErrorOptions) {
    super(403, 'FORBIDDEN', message, options)
  }
}

/** 404: there is nothing by that name that the caller may see. */
export class NotFoundError extends AppError {
  override name = 'NotFoundError'
  constructor(message: string, options?: AppErrorOptions) {
    super(404, 'NOT_FOUND', message, options)
  }
}

/** 405: the resource exists, but not for this method (RFC 9110 15.5.6). */
export class MethodNotAllowedError extends AppError {
  override name = 'MethodNotAllowedError'
  constructor(message: string, options?: AppErrorOptions) {
    super(405, 'METHOD_NOT_ALLOWED', message, options)
  }
}

/** 409: the present state does not allow it; for WebDAV above all a missing parent collection. */
export class ConflictError extends AppError {
  override name = 'ConflictError'
  constructor(message: string, options?: AppErrorOptions) {
    super(409, 'CONFLICT', message, options)
  }
}

/** 412: a condition the caller set does not hold (RFC 9110 13). */
export class PreconditionFailedError extends AppError {
  override name = 'PreconditionFailedError'
  constructor(message: string, options?: AppErrorOptions) {
    super(412, 'PRECONDITION_FAILED', message, options)
  }
}

/** 413: the body is larger than we take here. */
export class PayloadTooLargeError extends AppError {
  override name = 'PayloadTooLargeError'
  constructor(message: string, options?: AppErrorOptions) {
    super(413, 'PAYLOAD_TOO_LARGE', message, options)
  }
}

/** 416: no byte of the asked range exists (RFC 9110 15.5.17). */
export class RangeNotSatisfiableError extends AppError {
  override name = 'RangeNotSatisfiableError'
  readonly sizeBytes: number
  constructor(sizeBytes: number) {
    super(416, 'RANGE_NOT_SATISFIABLE', `The file has ${sizeBytes} bytes; the range asked for lies outside.`)
    this.sizeBytes = sizeBytes
  }
}

/** 423: somebody else holds a lock (RFC 4918 11.3). */
export class LockedError extends AppError {
  override name = 'LockedError'
  constructor(message: string, options?: AppErrorOptions) {
    super(423, 'LOCKED', message, options)
  }
}

/** 429: too often; `retryAfterSeconds` says when a repeat makes sense (RFC 6585 4). */
export class TooManyRequestsError extends AppError {
  override name = 'TooManyRequestsError'
  constructor(message: string, options?: AppErrorOptions) {
    super(429, 'TOO_MANY_REQUESTS', message, options)
  }
}

/** 501: understood, and not something this node does. */
export class NotImplementedError extends AppError {
  override name = 'NotImplementedError'
  constructor(message: string, options?: AppErrorOptions) {
    super(501, 'NOT_IMPLEMENTED', message, options)
  }
}

/** 502: another server gave no usable answer. */
export class BadGatewayError extends AppError {
  override name = 'BadGatewayError'
  constructor(message: string, options?: AppErrorOptions) {
    super(502, 'BAD_GATEWAY', message, options)
  }
}

/** 503: not now; `retryAfterSeconds` says when. */
export class UnavailableError extends AppError {
  override name = 'UnavailableError'
  constructor(message: string, options?: AppErrorOptions) {
    super(503, 'UNAVAILABLE', message, options)
  }
}

/** 507: no room left, by quota or on the disk (RFC 4918 11.5). */
export class InsufficientStorageError extends AppError {
  override name = 'InsufficientStorageError'
  constructor(message: string, options?: AppErrorOptions) {
    super(507, 'INSUFFICIENT_STORAGE', message, options)
  }
}

/** True for an error of Node's own with this `code`, such as `ENOENT`. */
export function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** A text for logs and job reports from whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
