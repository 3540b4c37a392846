import { hasErrorCode, messageOf } from './errors.ts'

export type OutboundFailure =
  | 'bad-url'
  | 'no-such-host'
  | 'address-refused'
  | 'unreachable'
  | 'certificate'
  | 'no-tls' // plain http, or something else, where TLS was spoken
  | 'timeout'
  | 'aborted'
  | 'too-large'

/** Why a request to another server did not get an answer. The message names host, cause and remedy. */
export class OutboundError extends Error {
  override name = 'OutboundError'
  readonly reason: OutboundFailure

  constructor(reason: OutboundFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
  }

  static badUrl(message: string): OutboundError {
    return new OutboundError('bad-url', message)
  }

  static noSuchHost(host: string, cause?: unknown): OutboundError {
    return new OutboundError('no-such-host', `There is no host named ${host}; check the spelling.`, cause)
  }

  static addressRefused(host: string, address: string): OutboundError {
    return new OutboundError(
      'address-refused',
      `${host} is at ${address}, a private address; add its network to network.allow to permit it.`,
    )
  }

  static tooLarge(host: string, maxBytes: number): OutboundError {
    return new OutboundError('too-large', `${host} answered with more than ${maxBytes} bytes.`)
  }
}

/** What OpenSSL says of bytes that are no TLS record. */
const NOT_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL|SSL_HTTP_REQUEST/

/** Turns whatever the HTTP client threw into an `OutboundError`. */
export function refusalOf(host: string, error: unknown): OutboundError {
  if (error instanceof OutboundError) return error
  if (error instanceof Error && error.cause instanceof OutboundError) return error.cause
  if (hasErrorCode(error, 'ENOTFOUND') || hasErrorCode(error, 'EAI_AGAIN'))
    return OutboundError.noSuchHost(host, error)
  if (error instanceof Error && error.name === 'AbortError') {
    return new OutboundError('aborted', `The request to ${host} was given up.`, error)
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  // An `AbortSignal.timeout` that ran out is no code but a name.
  if (/TIMEOUT|ETIMEDOUT/.test(code) || (error instanceof Error && error.name === 'TimeoutError')) {
    return new OutboundError('timeout', `${host} did not answer in time.`, error)
  }
  if (NOT_TLS.test(code)) {
    const remedy = 'it answers plain http or something else; check port and scheme.'
    return new OutboundError('no-tls', `${host} does not speak TLS: ${remedy}`, error)
  }
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return new OutboundError('certificate', `${host} has a certificate that is not trusted (${code}).`, error)
  }
  return new OutboundError('unreachable', `${host} cannot be reached: ${code || messageOf(error)}.`, error)
}
